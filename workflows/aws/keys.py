"""KMS keys, by which encrypted volumes are read."""

from workflows.aws.calls import Calls

#: KeyState of a key that decrypts (https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html).
USABLE = ("Enabled", "Updating")


class Keys:
    """Those that one account and Region may use."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def state(self, key: str) -> str:
        """In KMS's words: `Enabled`, `Disabled`, `PendingDeletion` … `key` is an id or an ARN, of whatever account.
        Raises NotPermitted, and NotFound for a key that is no more."""
        return str(self._calls("kms", "describe_key", KeyId=key)["KeyMetadata"]["KeyState"])
