"""Whose firedrill.toml counts while workers are restarted one by one: that of the worker that was started last.

That worker leaves in Redis what its file declares, before it makes anything of it. The others see to what they declare
in the same way, and leave alone what it declares in another way, or it alone. A file counts until its workers are gone.
"""

import logging
from collections.abc import Sequence, Set
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from workflows.engine.agenda import Agenda
from workflows.engine.clock import Clock
from workflows.schedules.schedule import Schedule

log = logging.getLogger(__name__)

#: Seconds after which it is said again.
AGAIN = 60.0
#: Looks in a row without a word from it, after which that worker is gone: five minutes. The clock does not tell, since
#: nobody could say anything while Redis was away, and a clock may jump.
GONE = 600
#: How often it is said again to others who speak at the same time.
_TRIES = 5


@dataclass(frozen=True)
class Counting:
    """`own` are the schedules that this worker sees to, by id; those of the ids `others` it leaves alone."""

    own: dict[str, Schedule] = field(default_factory=dict)
    others: Set[str] = frozenset()


@dataclass(frozen=True)
class _Said:
    """`since` is when the newest worker with that file was started, `seen` when one of them last said so. `marks` are
    those of its schedules, by id. Seconds since the epoch."""

    since: float
    seen: float
    marks: dict[str, str]


class Declared:
    """The schedules of this worker's firedrill.toml. It counts as started when this is made."""

    def __init__(self, agenda: Agenda, clock: Clock, schedules: Sequence[Schedule]) -> None:
        self._agenda = agenda
        self._clock = clock
        self._own = {each.id: each for each in schedules}
        self._marks = {each.id: each.mark for each in schedules}
        self._since = clock.now()
        self._gave_way = False
        self._last = ""
        self._unchanged = 0

    def look(self) -> Counting:
        """What counts now. Says so where it is this worker's turn to. Raises Away."""
        for _ in range(_TRIES):
            before, now = self._agenda.declared(), self._clock.now()
            said = _read(before)
            if said and said.marks != self._marks and said.since > self._since and not self._is_gone(before):
                return self._give_way(said.marks)
            same = said if said and said.marks == self._marks else None
            if same and same.since >= self._since and abs(now - same.seen) < AGAIN:
                return Counting(self._own)
            since = max(self._since, same.since) if same else self._since
            if self._agenda.declare(before, _SAID.dump_json(_Said(since, now, self._marks)).decode()):
                return Counting(self._own)
        return Counting(others=self._own.keys())

    def _is_gone(self, said: str) -> bool:
        self._unchanged = self._unchanged + 1 if said == self._last else 0
        self._last = said
        return self._unchanged >= GONE

    def _give_way(self, marks: dict[str, str]) -> Counting:
        if not self._gave_way:
            log.warning("a worker that was started later has another firedrill.toml, whose schedules count now")
        self._gave_way = True
        own = {name: each for name, each in self._own.items() if marks.get(name) == self._marks[name]}
        return Counting(own, marks.keys() - own.keys())


_SAID = TypeAdapter(_Said)


def _read(text: str) -> _Said | None:
    """None where nobody has said anything that this version understands."""
    try:
        return _SAID.validate_json(text) if text else None
    except ValueError:
        return None
