"""The audit's head in a bucket under S3's object lock, where whoever can write to Redis cannot take it back.

An observer: what goes wrong here is told in the log and tried again. Nothing is remembered: an anchor's key is derived
from the entry, and S3 refuses to write over what is there, so that any number of workers may try any number of times.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from workflows.audit_anchors import Anchored, named
from workflows.aws.objects import Lock, Objects
from workflows.errors import FiredrillError

log = logging.getLogger(__name__)

DAY = 86400.0


@dataclass(frozen=True)
class Anchorage:
    """`prefix` stands before every key, and after it the installation's name. `mode` is GOVERNANCE or COMPLIANCE, which
    nobody can end before `days` are over."""

    objects: Objects
    prefix: str
    installation: str
    mode: str
    days: int

    @property
    def folder(self) -> str:
        return f"{self.prefix}{self.installation}/"

    def keep(self, head: Anchored | None, now: float) -> bool:
        """Whether this call wrote the head's anchor. `now` in seconds since the epoch."""
        if head is None:
            return False
        lock = Lock(self.mode, now + self.days * DAY)
        try:
            body = head.body(self.installation)
            written = self.objects.ensure(self.folder + head.name, body, "application/json", lock)
        except FiredrillError as error:
            why = " ".join(f"{each.rstrip('.')}." for each in (error.text, *self.doubts()))
            log.error("the audit's head was not anchored: %s It is tried again in an hour.", why)
            return False
        if written:
            log.info("the audit's head is anchored in the bucket: %s", head)
        return written

    def anchors(self) -> Sequence[Anchored]:
        """All that were ever put there, those that a delete marker hides among them. Raises what Calls raises."""
        names = (key.removeprefix(self.folder) for key in self.objects.ever(self.folder))
        return [found for found in map(named, names) if found]

    def doubts(self) -> list[str]:
        """What speaks against it, in sentences."""
        bucket = self.objects.bucket
        try:
            if self.objects.locks():
                return []
        except FiredrillError as error:
            return [f"Whether the bucket {bucket} has an object lock is not known: {error.text}"]
        return [
            f"The bucket {bucket} has no object lock, so the audit cannot be anchored in it. Switch it on in the "
            "bucket's properties (it takes versioning), or name another bucket under [audit] in firedrill.toml."
        ]
