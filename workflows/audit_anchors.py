"""Entries whose digests were kept out of Redis's reach, and whether a chain holds to them. Pure.

An anchor is told by its name alone, `000000000812-20261120T090000Z-<digest>.json`: names in a bucket can be listed, and
an object under a lock cannot be renamed.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from workflows.words import count

_NAME = re.compile(r"(\d{12})-(\d{8}T\d{6}Z)-([0-9a-f]{64})\.json")
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, order=True)
class Anchored:
    """An entry's number, time (seconds since the epoch, UTC) and digest, as they were when it was the last one."""

    seq: int
    at: int
    digest: str

    @property
    def name(self) -> str:
        """In the bucket, without its prefix. Another digest for the same entry has another name: both stay."""
        return f"{self.seq:012d}-{datetime.fromtimestamp(self.at, UTC):{_STAMP}}-{self.digest}.json"

    def body(self, installation: str) -> bytes:
        """The object, for people and other programs."""
        at = datetime.fromtimestamp(self.at, UTC).isoformat().replace("+00:00", "Z")
        told = {"installation": installation, "seq": self.seq, "at": at, "digest": self.digest}
        return json.dumps(told, sort_keys=True).encode()

    def __str__(self) -> str:
        return f"entry {self.seq} of {datetime.fromtimestamp(self.at, UTC):%Y-%m-%d %H:%M} UTC"


def named(name: str) -> Anchored | None:
    """What a name says; None for one that is no anchor's."""
    found = _NAME.fullmatch(name)
    if not found:
        return None
    try:
        at = datetime.strptime(found[2], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Anchored(int(found[1]), int(at.timestamp()), found[3])


@dataclass
class Held:
    """Takes a chain's entries in order and holds them to its anchors.

    `part` is for an export, which may begin late and end early. Else no anchor may lie beyond the chain's end, and
    none that is younger than `kept_since` (seconds since the epoch) before its beginning.
    """

    anchors: Sequence[Anchored] = ()
    part: bool = False
    kept_since: float = 0.0
    _seen: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.anchors = sorted(set(self.anchors))
        self._wanted = {each.seq for each in self.anchors}

    def see(self, seq: int, digest: str) -> None:
        """An entry of the chain, or the one before its first."""
        if seq in self._wanted:
            self._seen[seq] = digest

    @property
    def compared(self) -> Sequence[Anchored]:
        """The anchors whose entries are in the chain."""
        return [each for each in self.anchors if each.seq in self._seen]

    def faults(self, head: int) -> list[str]:
        """What is wrong with a chain that was seen whole and ends at entry `head`, in sentences."""
        found = self._rewritten()
        if not self.part:
            found += self._ends(head)
        if self.anchors and not self.compared and not found:
            found.append(f"None of the {count(len(self.anchors), 'anchor')} is of an entry of this chain.")
        return found

    def _rewritten(self) -> list[str]:
        wrong = [each for each in self.compared if self._seen[each.seq] != each.digest]
        if not wrong:
            return []
        first = wrong[0]
        held = [each for each in self.compared if each.seq < first.seq]
        begin = f"after {held[-1]}, whose anchor still holds" if held else "at any entry up to that one"
        more = f" {count(len(wrong) - 1, 'later anchor differs', 'later anchors differ')} too." if wrong[1:] else ""
        return [f"The chain was rewritten, beginning {begin}: {first} is not the one that was anchored.{more}"]

    def _ends(self, head: int) -> list[str]:
        beyond = [each for each in self.anchors if each.seq > head]
        first = min(self._seen, default=head + 1)
        gone = [each for each in self.anchors if each.seq < first and each.at >= self.kept_since]
        found = []
        if gone:
            found.append(f"The chain's beginning was removed: {gone[0]} was anchored, and should still be kept.")
        if beyond:
            found.append(f"The chain's end was removed: it ends at entry {head}, and {beyond[-1]} was anchored.")
        return found
