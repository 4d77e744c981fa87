"""Makes occurrences of schedules ahead of time, and begins them when they are due: each once, none in silence.

Any number of workers do this at once. There is no leader: an occurrence is made together with the move of its
schedule's cursor, its runs are known again by its id, and each move of it is refused unless it comes from the version
that was looked at.
"""

import logging
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice, takewhile

from workflows.desk import Desk
from workflows.engine.agenda import Agenda, New
from workflows.engine.clock import Clock
from workflows.engine.happened import NOBODY, Event, Place
from workflows.engine.run import Actor, Run
from workflows.errors import Busy, NotAllowed, NotNow, UnknownRun, UserError
from workflows.schedules import occurrence as moves
from workflows.schedules.occurrence import Occurrence, State, occurrence_from_json, occurrence_to_json
from workflows.schedules.planning import runs_of
from workflows.schedules.reading import readable
from workflows.schedules.schedule import Schedule, schedule_from_json
from workflows.together import begin
from workflows.words import cut

log = logging.getLogger(__name__)

#: Seconds: how far ahead occurrences are made, so that the announcement of a day before is not late.
HORIZON = 25 * 3600.0
#: Occurrences of one schedule that one look makes at most; the next look goes on.
MOST = 500
#: Seconds by which a cursor moves at least: to look for the next firing takes a while, and each move is a write.
STRIDE = 60.0
#: How many reasons one occurrence tells.
_REASONS = 10
_WHERE = Place(via="worker")

#: What speaks against beginning these runs now, in a sentence; empty where nothing does. Raises UserError for what
#: speaks against it for good.
Check = Callable[[Occurrence, Sequence[Run]], str]


def nothing_against(_: Occurrence, __: Sequence[Run]) -> str:
    return ""


class Timetable:
    """`declared` are the schedules of firedrill.toml."""

    def __init__(
        self, agenda: Agenda, desk: Desk, clock: Clock, declared: Sequence[Schedule] = (),
        check: Check = nothing_against,
    ) -> None:  # fmt: skip
        self._agenda = agenda
        self._desk = desk
        self._clock = clock
        self._declared = {each.id: each for each in declared}
        self._check = check
        self._left: set[str] = set()

    def tick(self) -> None:
        """Make what is near, begin what is due, close what has ended. Raises Away."""
        now = self._clock.now()
        known, paused, cursors = self.schedules(), self._agenda.paused(), self._agenda.cursors()
        for own in known.values():
            with self._alone(own.id):
                self._plan(own, cursors.get(own.id, ""), now)
        kept = self._agenda.schedules()
        for each in readable(self._agenda.coming(), occurrence_from_json):
            if each.schedule.id in known or each.schedule.id not in kept:  # else another version looks after it
                with self._alone(each.id):
                    self._look_at(each, known, paused, now)

    @contextmanager
    def _alone(self, what: str) -> Iterator[None]:
        """One that cannot be read here, as by a zone that this machine does not know, stops no other. Said once."""
        try:
            yield
        except (UserError, ValueError) as error:
            if what not in self._left:
                log.error("schedule=%s is left alone: %s", what, error)
            self._left.add(what)

    def schedules(self) -> dict[str, Schedule]:
        """Those that were made in Slack or the shell, and those of the file, by id."""
        made = readable(self._agenda.schedules().values(), schedule_from_json)
        return {each.id: each for each in made} | self._declared

    # ── making them ──────────────────────────────────────────────────────────────────────────────────────

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
        new = [New(each.id, occurrence_to_json(each), each.at) for each in made]
        self._agenda.plan(schedule.id, cursor, f"{_mark(schedule)}|{reached}", new)

    def _start(self, schedule: Schedule, cursor: str, now: float) -> float:
        """One that was changed, or just declared, begins now: what it would have been before is not made up for."""
        mark, _, reached = cursor.partition("|")
        if not cursor and schedule.made_at:
            return schedule.made_at
        return float(reached) if mark == _mark(schedule) else now

    # ── beginning them ───────────────────────────────────────────────────────────────────────────────────

    def _look_at(self, each: Occurrence, known: dict[str, Schedule], paused: dict[str, str], now: float) -> None:
        current = known.get(each.schedule.id)
        if each.state is State.STARTED:
            self._close(each, now)
        elif current is None:
            self._change(each, moves.withdrawn(each, "its schedule is gone", each.by))
        elif _mark(current) != _mark(each.schedule):
            stays = current.verb == each.schedule.verb and current.rule.next(each.due - 1) == each.due
            why = "its schedule was changed"
            self._change(each, moves.changed(each, current) if stays else moves.withdrawn(each, why, each.by))
        elif now >= each.at:
            self._due(each, paused, now)

    def _due(self, each: Occurrence, paused: dict[str, str], now: float) -> None:
        if each.schedule.id in paused and not each.hurried:
            self._change(each, moves.withdrawn(each, "its schedule is paused", each.by))
        elif now - each.at > each.schedule.grace:
            self._change(each, moves.missed(each, each.why or "no worker was there at its time"))
        else:
            self._begin(each)

    def _begin(self, each: Occurrence) -> None:
        runs: list[Run] = []
        try:
            planned = runs_of(self._desk, each.schedule, each.asker)
            against = self._halted() or self._check(each, planned)
            if not against:
                runs, against = self._started(each, planned)
        except NotNow as later:
            against = later.text.rstrip(".")
        except NotAllowed as error:
            self._change(each, moves.refused(each, f"{error.text} {error.hint}".strip()))
            return
        except UserError as error:  # of a server that is not seen now, for one: until its grace is over it may be
            against = f"{error.text} {error.hint}".strip().rstrip(".")
        if runs:
            self._change(each, moves.started(each, tuple(run.id for run in runs), against))
        elif against != each.why:
            self._change(each, moves.held(each, against))

    def _started(self, each: Occurrence, planned: Sequence[Run]) -> tuple[list[Run], str]:
        """Each is known again by the occurrence, so a worker that takes this up anew makes none twice. With them, in a
        sentence each, why others could not be begun."""

        def start(_: int, run: Run) -> Run:
            return self._begun(run, f"{each.id}/{run.target.region}/{run.target.server}")

        begun = begin(self._desk.store, planned, start, each.id)
        left = dict.fromkeys(later.text for later in begun.left)
        said, more = list(left)[:_REASONS], len(left) - _REASONS
        return list(begun.runs), " ".join([*said, f"And so with {more} more."] if more > 0 else said).rstrip(".")

    def _begun(self, run: Run, request: str) -> Run:
        """Raises NotNow. To ask for what is busy takes a number and a place in the audit, so it is not asked for each
        second; unless the run that keeps it busy is the very one that was asked for."""
        holder = self._desk.store.holder(run.target)
        if holder and not self._desk.store.asked(request):
            raise Busy(run.target.server, holder)
        return self._desk.start(run, request)

    def _halted(self) -> str:
        halt = self._desk.store.halt()
        return f"Firedrill is {halt.sentence()}" if halt else ""

    def _close(self, each: Occurrence, now: float) -> None:
        if not any(self._open(run_id) for run_id in each.runs):
            self._change(each, moves.ended(each, now))

    def _open(self, run_id: str) -> bool:
        """One that another version wrote is taken for open."""
        try:
            return self._desk.store.read(run_id).status.open
        except UnknownRun:
            return False
        except UserError:
            return True

    def _change(self, before: Occurrence, after: Occurrence) -> None:
        told = None if after.state is before.state else told_of(after, after.by or NOBODY, _WHERE)
        saved = self._agenda.change(
            after.id, before.version, occurrence_to_json(after), None if after.over else after.at, told
        )
        if saved:
            log.info("schedule=%s occurrence=%s %s %s", after.schedule.id, after.id, after.state.value, after.why)


def told_of(each: Occurrence, by: Actor, place: Place) -> Event:
    """What the audit tells of a move."""
    after = {"why": each.why, "runs": " ".join(each.runs), "at": str(round(each.at))}
    what = f"{each.schedule.title}, {each.id}: {each.state.value}"
    return Event(cut(what, 500), by, place, after={name: text for name, text in after.items() if text})


def _mark(schedule: Schedule) -> str:
    """Changes when what is to be done, or when, changes."""
    own = (schedule.verb, schedule.target, schedule.when, schedule.zone, schedule.profile, schedule.point)
    return f"{zlib.crc32(repr(own).encode()):08x}"
