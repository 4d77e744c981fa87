"""Makes the audit of what happened: chains it in order, each thing once, and lets go of what is old.

Any process may do this at any time, and any number of them at once: an append that comes second is refused and tried
again on the new head.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from workflows import audit
from workflows.audit import BEGINNING, Link, Verdict
from workflows.audit_anchors import Anchored, Held
from workflows.engine.clock import Clock
from workflows.engine.keys import millis
from workflows.engine.store import KEEP_DAYS
from workflows.engine.trail import Kept, Pending, Trail

log = logging.getLogger(__name__)

DAY = 86400.0
#: Entries that one cut removes at most; the next tick goes on.
MOST_CUT = 5000


@dataclass(frozen=True)
class Head:
    """The last entry, and the digest that Redis has noted for it: empty where it has lost the note."""

    link: Link
    noted: str


class Chainer:
    """`keep` is how many seconds an entry is kept."""

    def __init__(self, trail: Trail, clock: Clock, keep: float = KEEP_DAYS * DAY) -> None:
        self._trail = trail
        self._clock = clock
        self._keep = keep

    def catch_up(self) -> int:
        """Chain everything that has happened until now. Gives how many entries this call appended."""
        appended = 0
        while True:
            head = self.head()  # before what is pending: whoever appends in between changes it
            pending = self._trail.pending()
            if not pending:
                return appended
            made = _entries(head.link, pending)
            link = audit.link_of(made[-1])
            lines = [audit.canonical(each) for each in made]
            if self._trail.append(head.noted, lines, link.seq, link.digest, [each.id for each in pending]):
                appended += len(made)

    def let_go(self) -> int:
        """Remove entries older than they are kept, once there is a day's worth. A checkpoint tells the digest at the
        cut, so that the rest can still be checked. Gives how many went."""
        oldest = next(self._trail.entries(1), None)
        if oldest is None or not _before(oldest.line, self._limit(DAY)):
            return 0
        head = self.head()
        old, rest = self._cut()
        if not old or rest is None:
            return 0
        cut = audit.link_of(json.loads(old[-1].line))
        told = {"cut": {"seq": cut.seq, "digest": cut.digest}, "what": f"{len(old)} entries were kept long enough"}
        made = audit.entry(head.link, "checkpoint", millis(self._clock.now()), "", told)
        link = audit.link_of(made)
        done = self._trail.append(head.noted, [audit.canonical(made)], link.seq, link.digest, [], keep_from=rest.id)
        return len(old) if done else 0

    def head(self) -> Head:
        """Where the next entry goes. If Redis has lost the note, or holds more than it says, the last entry counts."""
        noted = self._trail.head()
        last = self._trail.last()
        found = audit.read(last.line) if last else None
        stored = audit.link_of(found) if found and isinstance(found.get("seq"), int) else BEGINNING
        if noted is None:
            return Head(stored, "")
        return Head(max(Link(*noted), stored, key=lambda link: link.seq), noted[1])

    def newest(self) -> Anchored | None:
        """The last entry, to be anchored elsewhere. None where there is none, or it is not the one that was noted: the
        check says what is wrong then."""
        last, noted = self._trail.last(), self._trail.head()
        made = audit.read(last.line) if last else None
        if not made or not noted or noted[1] != made["digest"]:
            return None
        return Anchored(noted[0], int(_time(made)), noted[1])

    def verdict(self, anchor: str = "", anchors: Sequence[Anchored] = ()) -> Verdict:
        """Check the whole chain in Redis, and hold it to what was anchored: read the anchors first, the chain grows."""
        noted = self._trail.head()
        until = Link(*noted) if noted else None
        held = Held(anchors, kept_since=self._limit())
        return audit.verify((each.line for each in self._until(until)), until, anchor, held)

    def export(self, since: float | None = None) -> Iterator[bytes]:
        """The chain's lines as it is now, from the first entry at or after `since` on, and the seal. A line that is no
        entry of ours is exported as it is: the check of the export finds it."""
        after, last, count = None, BEGINNING, 0
        for kept in self._until(self.head().link):
            made = audit.read(kept.line)
            if after is None and since is not None and _before(kept.line, since):
                last = audit.link_of(made) if made else last
                continue
            if made is not None:
                after = after or Link(made["seq"] - 1, made["prev"])
                last = audit.link_of(made)
            count += 1
            yield kept.line + b"\n"
        yield audit.seal(after or last, last, count) + b"\n"

    def _until(self, head: Link | None) -> Iterator[Kept]:
        """The entries up to one: what is appended while they are read is not of them."""
        for kept in self._trail.entries():
            yield kept
            if head and f'"digest":"{head.digest}"'.encode() in kept.line:
                return

    def _limit(self, slack: float = 0.0) -> float:
        return self._clock.now() - self._keep - slack

    def _cut(self) -> tuple[Sequence[Kept], Kept | None]:
        """The old entries, and the first one that stays: the last one always does."""
        old: list[Kept] = []
        for kept in self._trail.entries(MOST_CUT + 1):
            if len(old) == MOST_CUT or not _before(kept.line, self._limit()):
                return old, kept
            old.append(kept)
        return (old[:-1], old[-1]) if old else (old, None)


def _entries(before: Link, pending: Sequence[Pending]) -> list[dict[str, Any]]:
    made = []
    for each in pending:
        made.append(audit.entry(before, each.kind, each.at, each.id, _told(each)))
        before = audit.link_of(made[-1])
    return made


def _told(pending: Pending) -> dict[str, Any]:
    """The event as the entry tells it. What cannot be read is chained as it is: nothing is left out."""
    try:
        event = json.loads(pending.event)
        told = {"before": {}, **event}
        if pending.status:
            told["before"] = {**told["before"], "status": pending.status}
        audit.canonical(told)
    except (ValueError, TypeError):
        log.error("event=%s is not one that this version wrote; the audit holds it as it is", pending.id)
        told = {"what": pending.event}
    return {**told, "outcome": pending.outcome}


def _before(line: bytes, time: float) -> bool:
    """Whether an entry is of an earlier time; one that cannot be read is not."""
    made = audit.read(line)
    return made is not None and _time(made) < time


def _time(made: Mapping[str, Any]) -> float:
    """When it happened, in seconds since the epoch."""
    return datetime.fromisoformat(str(made["at"])).astimezone(UTC).timestamp()
