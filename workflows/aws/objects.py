"""Objects in an S3 bucket, written once and never over one another."""

import base64
import hashlib

from workflows.aws.calls import Calls
from workflows.errors import AwsRefused

#: S3's words for "there is one already": of the condition, and while another write of the same key is under way.
_THERE = ("PreconditionFailed", "ConditionalRequestConflict")


class Objects:
    """One bucket. `kms_key` names the key that encrypts; without one S3's own does."""

    def __init__(self, region: str, bucket: str, kms_key: str = "", endpoint: str | None = None) -> None:
        self._calls = Calls(region, endpoint)
        self._bucket = bucket
        self._key = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {
            "ServerSideEncryption": "AES256"}  # fmt: skip

    def ensure(self, key: str, body: bytes, kind: str) -> bool:
        """The object of that key; whether this call wrote it. S3 refuses to write over one that is there, so a second
        try does no harm, and no permission to read is needed. Raises what Calls raises."""
        checksum = base64.b64encode(hashlib.sha256(body).digest()).decode()
        try:
            self._calls(
                "s3",
                "put_object",
                Bucket=self._bucket,
                Key=key,
                Body=body,
                ContentType=kind,
                ChecksumSHA256=checksum,
                IfNoneMatch="*",
                **self._key,
            )
        except AwsRefused as refused:
            if refused.code in _THERE:
                return False
            raise
        return True
