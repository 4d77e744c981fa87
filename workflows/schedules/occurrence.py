"""One firing of a schedule, from its announcement to its end. Frozen; its moves are pure."""

from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic import TypeAdapter

from workflows.engine.run import Actor
from workflows.errors import UserError
from workflows.schedules.schedule import Schedule
from workflows.words import when

#: Seconds: how far an occurrence may be postponed, and how soon at the earliest.
FURTHEST, SOONEST = 14 * 86400.0, 60.0
#: How many of its runs a sentence names.
_NAMED = 3


class State(StrEnum):
    """Where an occurrence stands. The first two are open. One that is beginning was claimed by a worker, and its runs
    are being made."""

    PLANNED = "planned"
    HELD = "held"
    BEGINNING = "beginning"
    STARTED = "started"
    SKIPPED = "skipped"
    MISSED = "missed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def open(self) -> bool:
        return self in (State.PLANNED, State.HELD)


@dataclass(frozen=True)
class Occurrence:
    """`due` is when the rule said, `at` when it begins now: the two differ when it was postponed. `why` says what
    holds it, how it ended, or what was left out when it began; `by` is who decided that last, `asker` who its runs
    are asked for by. `runs` are the runs that it began; `ended` when the last of them ended. `hurried`: a person
    wanted it now, whatever speaks against it. `claimed` is when a worker began to make its runs. `folded` are earlier
    ones that were missed with it. `version` grows with each move. Times in seconds since the epoch.
    """

    id: str
    schedule: Schedule
    asker: Actor
    due: float
    at: float
    state: State = State.PLANNED
    why: str = ""
    by: Actor | None = None
    runs: tuple[str, ...] = ()
    postponed: int = 0
    hurried: bool = False
    folded: int = 0
    ended: float | None = None
    claimed: float = 0.0
    version: int = 0

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.ended is not None if self.on_its_way else not self.state.open

    @property
    def on_its_way(self) -> bool:
        """Whether it begins this moment, or has begun: nobody can call it off any more."""
        return self.state in (State.BEGINNING, State.STARTED)


def planned(schedule: Schedule, due: float, folded: int = 0) -> Occurrence:
    return Occurrence(f"{schedule.id}@{round(due)}", schedule, schedule.owner, due, due, folded=folded)


def skipped(each: Occurrence, by: Actor) -> Occurrence:
    """Raises UserError unless it is still to come."""
    return _moved(check_open(each), State.SKIPPED, "", by)


def postponed(each: Occurrence, by: Actor, until: float, now: float) -> Occurrence:
    """Raises UserError for a time that is before the planned one, not to come, or too far away."""
    check_open(each)
    if until < now + SOONEST:
        raise UserError("That time is over, or as good as.", "Name one that is at least a minute away.")
    if until < each.due:
        raise UserError(
            f"That is before its planned time, {when(each.due)}.", "*Run now* begins it sooner, asked for by you."
        )
    if until > now + FURTHEST:
        raise UserError(
            "That is more than two weeks away.", "Skip this one instead; the next comes when the schedule says."
        )
    return replace(_moved(each, State.PLANNED, "", by), at=until, postponed=each.postponed + 1)


def hurried(each: Occurrence, by: Actor, now: float) -> Occurrence:
    """It begins now, and whoever says so is its asker. Raises UserError unless it is still to come."""
    return replace(_moved(check_open(each), State.PLANNED, "", by), at=now, asker=by, hurried=True)


def held(each: Occurrence, why: str) -> Occurrence:
    return _moved(each, State.HELD, why, each.by)


def beginning(each: Occurrence, now: float) -> Occurrence:
    return replace(_moved(each, State.BEGINNING, "", each.by), claimed=now)


def started(each: Occurrence, runs: tuple[str, ...], left_out: str = "") -> Occurrence:
    return replace(_moved(each, State.STARTED, left_out, each.by), runs=runs)


def missed(each: Occurrence, why: str) -> Occurrence:
    return _moved(each, State.MISSED, why, each.by)


def refused(each: Occurrence, why: str) -> Occurrence:
    return _moved(each, State.REFUSED, why, each.by)


def changed(each: Occurrence, schedule: Schedule) -> Occurrence:
    """Its time stays, and what is done then is what the schedule says now."""
    asker = schedule.owner if each.asker == each.schedule.owner else each.asker
    return replace(each, schedule=schedule, asker=asker, version=each.version + 1)


def withdrawn(each: Occurrence, why: str, by: Actor | None) -> Occurrence:
    return _moved(each, State.WITHDRAWN, why, by)


def ended(each: Occurrence, now: float) -> Occurrence:
    return replace(each, ended=now, version=each.version + 1)


def check_open(each: Occurrence) -> Occurrence:
    """The same, if it is still to come. Raises UserError."""
    if each.state.open:
        return each
    if each.on_its_way:
        raise UserError(f"Too late: {going_on(each)} So nothing was changed.", how_to_stop(each))
    who = f" by <@{each.by.id}>" if each.by and each.state in (State.SKIPPED, State.WITHDRAWN) else ""
    raise UserError(
        f"That occurrence, of {when(each.due)}, is {each.state.value}{who} already.", "`/dr schedules` says what comes."
    )


def going_on(each: Occurrence) -> str:
    """Of one that is on its way, in a sentence."""
    what = f"that occurrence, of {when(each.due)}, is"
    if not each.runs:
        return f"{what} beginning at this moment."
    more = f" and {len(each.runs) - _NAMED} more" if len(each.runs) > _NAMED else ""
    return f"{what} started already: {' '.join(f'`{run}`' for run in each.runs[:_NAMED])}{more}."


def how_to_stop(each: Occurrence) -> str:
    """What may still be done about one that is on its way."""
    if len(each.runs) == 1:
        return f"`/dr cancel {each.runs[0]}` stops it, as long as it is before its point of no return."
    return "`/dr runs` shows what it begins; `/dr cancel RUN` stops a run before its point of no return."


def _moved(each: Occurrence, state: State, why: str, by: Actor | None) -> Occurrence:
    return replace(each, state=state, why=why, by=by, version=each.version + 1)


_OCCURRENCE = TypeAdapter(Occurrence)


def occurrence_to_json(each: Occurrence) -> str:
    return _OCCURRENCE.dump_json(each).decode()


def occurrence_from_json(text: str | bytes) -> Occurrence:
    """ValueError for what no version of this program wrote."""
    return _OCCURRENCE.validate_json(text)
