"""Begins an occurrence whose time has come, once, or says why it does not.

It is claimed first, in one move that fails if somebody has skipped, postponed, paused or removed it since it was looked
at: so either what a person was told counts, or it begins and they are told that. What a worker has claimed that died
then is begun by another; one that only slept makes no run any more of what was decided without it.
"""

import logging
from collections.abc import Callable, Sequence

from workflows.desk import Desk
from workflows.engine.agenda import Agenda, Firing
from workflows.engine.happened import NOBODY, Event, Place
from workflows.engine.run import Actor, Run
from workflows.errors import Busy, NotAllowed, NotNow, UserError
from workflows.schedules import occurrence as moves
from workflows.schedules.occurrence import Occurrence, State, occurrence_to_json
from workflows.schedules.planning import seen_runs_of
from workflows.together import begin
from workflows.words import cut, when

log = logging.getLogger(__name__)

#: Seconds for which an occurrence waits for a Region that cannot be looked at; at most half of its grace.
PATIENCE = 300.0
#: Seconds after which nothing is heard any more of a worker that was making the runs of an occurrence. Between two of
#: them it needs some milliseconds.
SILENT = 30.0
#: How many reasons one occurrence tells.
_REASONS = 10
_WHERE = Place(via="worker")

#: What speaks against beginning these runs now, in a sentence; empty where nothing does. Raises UserError for what
#: speaks against it for good.
Check = Callable[[Occurrence, Sequence[Run]], str]


def nothing_against(_: Occurrence, __: Sequence[Run]) -> str:
    return ""


class Beginning:
    """Any number of workers do this at once, with the same occurrence too."""

    def __init__(self, agenda: Agenda, desk: Desk, check: Check) -> None:
        self._agenda = agenda
        self._desk = desk
        self._check = check

    def take_up(self, each: Occurrence, now: float) -> None:
        """Whoever claimed it is left alone as long as there are signs of it. Then it is dead, or only slow: nobody asks
        which, since what both make is made once."""
        if abs(now - self._sign_of(each)) < SILENT:
            return
        if now - each.at <= each.schedule.grace + SILENT:
            self.begin(each, now)
        else:
            self._instead(each, moves.missed(each, "no worker was there any more to begin it"))

    def begin(self, each: Occurrence, now: float) -> None:
        """Its runs, or why there are none yet."""
        try:
            planned, missing = seen_runs_of(self._desk, each.schedule, each.asker)
            against = self._halted() or self._check(each, planned) or self._busy(each, planned)
            against = against or _too_little_seen(each, missing, now)
        except NotNow as later:
            against = later.text.rstrip(".")
        except NotAllowed as error:
            self._instead(each, moves.refused(each, f"{error.why}."))
            return
        except UserError as error:  # of a server that is not seen now, for one: until its grace is over it may be
            against = f"{error.text} {error.hint}".strip().rstrip(".")
        if not against:
            self._go_on(each, planned, missing)
        elif against != each.why:
            self._instead(each, moves.held(each, against))

    def _go_on(self, before: Occurrence, planned: Sequence[Run], missing: str) -> None:
        each = before if before.state is State.BEGINNING else self._claimed(before)
        if each is None:
            log.info("occurrence=%s was decided otherwise while it was looked at; it is not begun", before.id)
            return
        runs, left = self._started(each, planned, missing)
        if runs:
            every = dict.fromkeys([*self._agenda.begun(each.id), *(run.id for run in runs)])
            self.change(each, moves.started(each, tuple(every), left))
        else:
            self._instead(each, moves.held(each, left))

    def _sign_of(self, each: Occurrence) -> float:
        """When something was last heard of whoever claimed it: in seconds since the epoch."""
        begun = self._agenda.begun(each.id)
        return max(each.claimed, self._desk.store.read(begun[-1]).created if begun else 0.0)

    def _claimed(self, each: Occurrence) -> Occurrence | None:
        """It begins now: from here on it cannot be skipped, nor paused, nor removed. None where somebody just did."""
        own, now = each.schedule, moves.beginning(each, self._desk.now())
        unpaused, standing = "" if each.hurried else own.id, "" if own.declared else own.id
        record = occurrence_to_json(now)
        claimed = self._agenda.claim(each.id, each.version, record, unpaused=unpaused, standing=standing)
        return now if claimed else None

    def _instead(self, each: Occurrence, after: Occurrence) -> None:
        """It is not begun now; unless a worker that could not write it down has begun some of it."""
        begun = self._agenda.begun(each.id) if each.state is State.BEGINNING else ()
        if begun:
            after = moves.started(each, begun, after.why if each.schedule.of_several else "")
        self.change(each, after)

    def _started(self, each: Occurrence, planned: Sequence[Run], missing: str) -> tuple[list[Run], str]:
        """Each is known again by the occurrence, so a worker that takes this up anew makes none twice. With them, in a
        sentence each, why others could not be begun."""
        firing = Firing(each.id, each.version)

        def start(_: int, run: Run) -> Run:
            request = _request(each, run)
            self._check_free(run, request)
            return self._desk.start(run, request, firing)

        begun = begin(self._desk.store, planned, start, each.id, missing)
        return list(begun.runs), ". ".join(filter(None, [missing, _reasons(begun.left)]))

    def _busy(self, each: Occurrence, planned: Sequence[Run]) -> str:
        """Why none of them can begin; empty where one can."""
        left: list[NotNow] = []
        for run in planned:
            try:
                self._check_free(run, _request(each, run))
            except Busy as busy:
                left.append(busy)
            else:
                return ""
        return _reasons(left)

    def _check_free(self, run: Run, request: str) -> None:
        """Raises Busy. To ask for what is busy takes a number and a place in the audit, so it is not asked for each
        second; unless the run that keeps it busy is the very one that was asked for."""
        holder = self._desk.store.holder(run.target)
        if holder and not self._desk.store.asked(request):
            raise Busy(run.target.server, holder)

    def _halted(self) -> str:
        halt = self._desk.store.halt()
        return f"Firedrill is {halt.sentence()}" if halt else ""

    def change(self, before: Occurrence, after: Occurrence) -> None:
        """Unless somebody else has moved it first, or has begun more of it; the next look sees what they made of it."""
        told = None if after.state is before.state else told_of(after, after.by or NOBODY, _WHERE)
        saved = self._agenda.change(
            after.id, before.version, occurrence_to_json(after), None if after.over else after.at, told,
            begun=len(after.runs) if before.state is State.BEGINNING else None,
        )  # fmt: skip
        if saved:
            log.info("schedule=%s occurrence=%s %s %s", after.schedule.id, after.id, after.state.value, after.why)


def _too_little_seen(each: Occurrence, missing: str, now: float) -> str:
    """A look that failed once is made again a minute later: that long, all wait. A Region that stays dark keeps the
    others from their backups no longer; that it was left out is told."""
    until = each.at + min(PATIENCE, each.schedule.grace / 2)
    if not missing or each.hurried or each.state is State.BEGINNING or now >= until:
        return ""
    return f"{missing}; from {when(until)} on it begins without"


def told_of(each: Occurrence, by: Actor, place: Place) -> Event:
    """What the audit tells of a move."""
    after = {"why": each.why, "runs": " ".join(each.runs), "at": str(round(each.at))}
    what = f"{each.schedule.title}, {each.id}: {each.state.value}"
    return Event(cut(what, 500), by, place, after={name: text for name, text in after.items() if text})


def _request(each: Occurrence, run: Run) -> str:
    return f"{each.id}/{run.target.region}/{run.target.server}"


def _reasons(left: Sequence[NotNow]) -> str:
    told = list(dict.fromkeys(later.text for later in left))
    more = [f"And so with {len(told) - _REASONS} more."] if len(told) > _REASONS else []
    return " ".join([*told[:_REASONS], *more]).rstrip(".")
