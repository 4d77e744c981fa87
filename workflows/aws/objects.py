"""Objects in an S3 bucket, written once and never over one another."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from workflows.aws.calls import Calls
from workflows.errors import AwsRefused

#: S3's words for "there is one already": of the condition, and while another write of the same key is under way.
_THERE = ("PreconditionFailed", "ConditionalRequestConflict")
_NO_LOCK = "ObjectLockConfigurationNotFoundError"


@dataclass(frozen=True)
class Lock:
    """`until` is when it ends, in seconds since the epoch. In the mode GOVERNANCE who has
    s3:BypassGovernanceRetention may end it before that, in the mode COMPLIANCE nobody."""

    mode: str
    until: float


class Objects:
    """One bucket. `kms_key` names the key that encrypts; without one S3's own does."""

    def __init__(self, region: str, bucket: str, kms_key: str = "", endpoint: str | None = None) -> None:
        self.bucket = bucket
        self._calls = Calls(region, endpoint)
        self._key: dict[str, Any] = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {
            "ServerSideEncryption": "AES256"}  # fmt: skip

    def ensure(self, key: str, body: bytes, kind: str, lock: Lock | None = None) -> bool:
        """The object of that key; whether this call wrote it. S3 refuses to write over one that is there, so a second
        try does no harm, and no permission to read is needed. Raises what Calls raises."""
        checksum = base64.b64encode(hashlib.sha256(body).digest()).decode()
        try:
            self._calls(
                "s3",
                "put_object",
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType=kind,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=checksum,
                IfNoneMatch="*",
                **self._key,
                **_locked(lock),
            )
        except AwsRefused as refused:
            if refused.code in _THERE:
                return False
            raise
        return True

    def ever(self, prefix: str) -> Iterator[str]:
        """The key of each version of each object: a delete marker hides an object from a plain list, not from this."""
        marks: dict[str, Any] = {}
        while True:
            answer = self._calls("s3", "list_object_versions", Bucket=self.bucket, Prefix=prefix, **marks)
            yield from (str(each["Key"]) for each in answer.get("Versions", []))
            if not answer.get("IsTruncated"):
                return
            after = {"KeyMarker": answer.get("NextKeyMarker"), "VersionIdMarker": answer.get("NextVersionIdMarker")}
            marks = {name: str(value) for name, value in after.items() if value}

    def locks(self) -> bool:
        """Whether the bucket's object lock is on. Raises what Calls raises."""
        try:
            answer = self._calls("s3", "get_object_lock_configuration", Bucket=self.bucket)
        except AwsRefused as refused:
            if refused.code == _NO_LOCK:
                return False
            raise
        return bool(answer["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled")


def _locked(lock: Lock | None) -> dict[str, Any]:
    if lock is None:
        return {}
    return {"ObjectLockMode": lock.mode, "ObjectLockRetainUntilDate": datetime.fromtimestamp(lock.until, UTC)}
