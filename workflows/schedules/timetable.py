"""Makes occurrences of schedules ahead of time, and sees to them when they are due: each once, none in silence.

Any number of workers do this at once. There is no leader: an occurrence is made together with the move of its
schedule's cursor, its runs are known again by its id, and each move of it is refused unless it comes from the version
that was looked at.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice, takewhile

from workflows.desk import Desk
from workflows.engine.agenda import Agenda, New
from workflows.engine.clock import Clock
from workflows.errors import UserError
from workflows.schedules import occurrence as moves
from workflows.schedules.beginning import Beginning, Check, nothing_against
from workflows.schedules.calendar import who_paused
from workflows.schedules.declared import Counting, Declared
from workflows.schedules.occurrence import Occurrence, State, occurrence_from_json, occurrence_to_json
from workflows.schedules.reading import readable
from workflows.schedules.schedule import Schedule, schedule_from_json

log = logging.getLogger(__name__)

#: Seconds: how far ahead occurrences are made, so that the announcement of a day before is not late.
HORIZON = 25 * 3600.0
#: Occurrences of one schedule that one look makes at most; the next look goes on.
MOST = 500
#: Seconds by which a cursor moves at least: to look for the next firing takes a while, and each move is a write.
STRIDE = 60.0


class Timetable:
    """`declared` are the schedules of firedrill.toml."""

    def __init__(
        self, agenda: Agenda, desk: Desk, clock: Clock, declared: Sequence[Schedule] = (),
        check: Check = nothing_against,
    ) -> None:  # fmt: skip
        self._agenda = agenda
        self._store = desk.store
        self._clock = clock
        self._declared = Declared(agenda, clock, declared)
        self._beginning = Beginning(agenda, desk, check)
        self._left: set[str] = set()

    def tick(self) -> None:
        """Make what is near, begin what is due, close what has ended. Raises Away."""
        now = self._clock.now()
        self._make(now)
        coming = readable(self._agenda.coming(), occurrence_from_json)
        paused, known = self._agenda.paused(), self._known()  # after those: whatever made one of them is seen
        for each in coming:
            if each.schedule.id not in known.others:
                with self._alone(each.id):
                    self._look_at(each, known.own, paused, now)

    @contextmanager
    def _alone(self, what: str) -> Iterator[None]:
        """One that cannot be read here, as by a zone that this machine does not know, stops no other. Said once."""
        try:
            yield
        except (UserError, ValueError) as error:
            if what not in self._left:
                log.error("schedule=%s is left alone: %s", what, error)
            self._left.add(what)

    def _known(self) -> Counting:
        """Those that were made in Slack or the shell, and those of the file; and those that others see to."""
        kept, declared = self._agenda.schedules(), self._declared.look()
        made = {each.id: each for each in readable(kept.values(), schedule_from_json)}
        own = made | declared.own
        return Counting(own, (declared.others | kept.keys()) - own.keys())

    # ── making them ──────────────────────────────────────────────────────────────────────────────────────

    def _make(self, now: float) -> None:
        """A cursor of what is gone goes too: it would keep from being made what is declared again."""
        cursors = self._agenda.cursors()
        known = self._known()  # after them: whatever moved one of them is seen
        for own in known.own.values():
            with self._alone(own.id):
                self._plan(own, cursors.get(own.id, ""), now)
        for name in cursors.keys() - known.own.keys() - known.others:
            self._agenda.forget(name, cursors[name])

    def _plan(self, schedule: Schedule, cursor: str, now: float) -> None:
        """From where the cursor stands to the horizon. Of those whose time and grace are over, when nobody was there,
        the last is made, and says how many came before it."""
        start, upto = self._start(schedule, cursor, now), now + HORIZON
        if upto - start < STRIDE:
            return
        due = list(islice(takewhile(lambda at: at <= upto, schedule.rule.firings(start)), MOST))
        reached = due[-1] if len(due) == MOST else upto
        late = [at for at in due if now - at > schedule.grace]
        made = [moves.planned(schedule, late[-1], len(late) - 1)] if late else []
        made += [moves.planned(schedule, at) for at in due[len(late) :]]
        new = [self._new(each, anew=not cursor.startswith(f"{schedule.mark}|")) for each in made]
        self._agenda.plan(schedule.id, cursor, f"{schedule.mark}|{reached}", new, kept=not schedule.declared)

    def _new(self, each: Occurrence, *, anew: bool) -> New:
        """What was withdrawn because its schedule was away, or another one for a while, comes after all."""
        record = self._agenda.read(each.id) if anew else None
        found = next(iter(readable([record], occurrence_from_json)), None) if record else None
        if found and found.state is State.WITHDRAWN and found.by is None:
            again = replace(each, version=found.version + 1)
            return New(again.id, occurrence_to_json(again), again.at, instead_of=found.version)
        return New(each.id, occurrence_to_json(each), each.at)

    def _start(self, schedule: Schedule, cursor: str, now: float) -> float:
        """One that was changed, or just declared, begins now: what it would have been before is not made up for."""
        mark, _, reached = cursor.partition("|")
        if not cursor and schedule.made_at:
            return schedule.made_at
        return float(reached) if mark == schedule.mark else now

    # ── beginning them ───────────────────────────────────────────────────────────────────────────────────

    def _look_at(self, each: Occurrence, known: dict[str, Schedule], paused: dict[str, str], now: float) -> None:
        current = known.get(each.schedule.id)
        if each.state is State.STARTED:
            self._close(each, now)
        elif each.state is State.BEGINNING:
            self._beginning.take_up(each, now)
        elif current is None:
            self._beginning.change(each, moves.withdrawn(each, "its schedule is gone", None))
        elif current.mark != each.schedule.mark:
            stays = current.verb == each.schedule.verb and current.rule.next(each.due - 1) == each.due
            why = "its schedule was changed"
            self._beginning.change(each, moves.changed(each, current) if stays else moves.withdrawn(each, why, None))
        elif now >= each.at:
            self._due(each, paused, now)

    def _due(self, each: Occurrence, paused: dict[str, str], now: float) -> None:
        if each.schedule.id in paused and not each.hurried:
            by = who_paused(paused[each.schedule.id])
            self._beginning.change(each, moves.withdrawn(each, "its schedule is paused", by))
        elif now - each.at > each.schedule.grace:
            self._beginning.change(each, moves.missed(each, each.why or "no worker was there at its time"))
        else:
            self._beginning.begin(each, now)

    def _close(self, each: Occurrence, now: float) -> None:
        if not self._store.any_open(each.runs):
            self._beginning.change(each, moves.ended(each, now))
