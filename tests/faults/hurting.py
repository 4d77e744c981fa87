"""AWS in the way at one crossing: no answer, refusals, no machines, describes that lag, a clock that is wrong."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from practice.cloud.faults import Faults
from tests.faults.doors import Crossing, Door, Strike
from tests.faults.kinds import Cut, Kind, again, first_of_each, same_end
from tests.faults.picture import Allowed, compare
from tests.faults.plays import Case, Trace
from tests.faults.world import DELAYS, Hands, World
from workflows.engine.run import Status

HOUR = 3600.0
#: Seconds that describes may lag behind.
LAG = 30.0
#: A measure that is taken again after a person's retry, and a server that is thawed.
MEASURES = Counter({"SendCommand": 3})

Deed = Callable[[Case, Hands, Crossing], None]


def hurt(case: Case, trace: Trace, cut: Cut, deed: Deed, *, elsewhere: bool = False) -> Hands:
    """A worker in this process meets the deed at the crossing; others take the run on. See Strike for `elsewhere`."""
    case.legs(until=cut.at.leg)
    door = Door(first=trace.leg(cut.at.leg), leg=cut.at.leg)
    hands = case.world.hands(door)
    door.strike = Strike(
        cut.at, cut.moment, lambda at: deed(case, hands, at), elsewhere=elsewhere or case.world.astray,
        cuts=cut.moment == "carried",
    )  # fmt: skip
    hands.leg(case.run.id)
    case.answered()
    return hands


# ── what passes ──────────────────────────────────────────────────────────────────────────────────────────

_PASSES: dict[str, Callable[[Faults, str], None]] = {
    "lost": lambda faults, action: faults.lose_answer(action),
    "503": lambda faults, action: faults.unavailable(action),
    "throttled": lambda faults, action: faults.throttle(action),
    "capacity": lambda faults, action: faults.capacity(),
}


def _passing_cuts(trace: Trace) -> Iterator[Cut]:
    for each in trace.crossings:
        if each.door == "aws" and each.done:
            yield Cut(each, how="lost")
        if each.changes and each.name == "RunInstances":
            yield Cut(each, how="capacity")
    for each in first_of_each(trace, "aws"):
        yield Cut(each, how="503")
        yield Cut(each, how="throttled")


def _passing(world: World, trace: Trace, cut: Cut) -> list[str]:
    case = Case(world, trace.play)
    hurt(case, trace, cut, lambda case, hands, at: _PASSES[cut.how](case.stage.lab.faults, at.name))
    case.legs()
    return compare(trace.after, case.picture(), same_end(trace, cut.at, again(trace, cut.at), silent=1))


# ── what a person must mend ──────────────────────────────────────────────────────────────────────────────


def _standing_cuts(trace: Trace) -> Iterator[Cut]:
    for each in first_of_each(trace, "aws"):
        yield Cut(each, how="denied")
        yield Cut(each, how="expired")


def _refuses(cut: Cut) -> Deed:
    def denied(case: Case, _hands: Hands, at: Crossing) -> None:
        case.stage.lab.faults.refuse(at.name, "UnauthorizedOperation", 403)

    def expired(case: Case, _hands: Hands, _at: Crossing) -> None:
        case.stage.lab.faults.refuse("*", "ExpiredToken", 400, times=None)

    return denied if cut.how == "denied" else expired


def _of_the_freeze(trace: Trace, fault: str) -> bool:
    """A freeze that was let go proves nothing of the image that was asked for under it, and after a retry that is said:
    the label differs from the clean run's, and must."""
    frozen = any("freeze" in each.step for each in trace.crossings)
    return frozen and fault.startswith(("missing: image", "there is: image")) and "firedrill:consistency" in fault


def _standing(world: World, trace: Trace, cut: Cut) -> list[str]:
    """It may fail, in plain words; when that is mended, a retry takes it to its end."""
    case = Case(world, trace.play)
    hurt(case, trace, cut, _refuses(cut))
    run = case.legs()
    ends = frozenset({trace.play.ends.value, "failed", "cancelled"})
    allowed = Allowed(ends, again(trace, cut.at) + MEASURES, silent=1, retold=True)
    faults = compare(trace.after, case.picture(), allowed)
    case.stage.lab.faults.clear()
    if run.status is Status.FAILED:
        case.stage.desk.retry(run.id, run.asked_by)
        case.stage.clock.forward(1)
        case.legs()
        ended = compare(trace.after, case.picture(), replace(allowed, ends=frozenset({trace.play.ends.value})))
        faults += [each for each in ended if not _of_the_freeze(trace, each)]
    return faults


# ── describes that lag ───────────────────────────────────────────────────────────────────────────────────


def _lagging_cuts(trace: Trace) -> Iterator[Cut]:
    for each in trace.crossings:
        if each.changes:
            yield Cut(each, how="things")
            yield Cut(each, how="tags")


def _lagging(world: World, trace: Trace, cut: Cut) -> list[str]:
    """The answer is lost, and what was done is not to be seen for a while. SSM has no such lag here."""
    case = Case(world, trace.play)
    case.stage.lab._parts.delays = replace(DELAYS, checks=2 * LAG)  # as on AWS, where they take longer than that
    case.stage.clock.forward(2 * LAG)  # what was there before is to be seen
    case.stage.lab.faults.lag_behind(LAG, tags_only=cut.how == "tags")
    hurt(case, trace, cut, lambda case, hands, at: case.stage.lab.faults.lose_answer(at.name), elsewhere=True)
    case.legs()
    return compare(trace.after, case.picture(), same_end(trace, cut.at, again(trace, cut.at), silent=1))


# ── a clock that is wrong ────────────────────────────────────────────────────────────────────────────────


def _clock_cuts(trace: Trace) -> Iterator[Cut]:
    for each in first_of_each(trace, "aws"):
        yield Cut(each, how="ahead")
        yield Cut(each, how="behind")


def _clock(world: World, trace: Trace, cut: Cut) -> list[str]:
    """A worker's clock jumps by an hour, and stays so. What waits may have waited too long; nothing is done twice, but
    for a measure that it cannot find any more."""

    def jumps(_case: Case, hands: Hands, _at: Crossing) -> None:
        hands.clock.ahead = HOUR if cut.how == "ahead" else -HOUR

    case = Case(world, trace.play)
    hurt(case, trace, cut, jumps)
    case.legs()
    ends = frozenset({trace.play.ends.value, "failed", "expired"})
    found = compare(trace.after, case.picture(), Allowed(ends, again(trace, cut.at), silent=1, retold=True))
    if cut.how == "ahead" and "the approval had expired" in f"{case.stage.store.read(case.run.id).steps}":
        found = [each for each in found if each != f"{cut.at.name} was not done: 1 more"]  # it is left, and told of
    return found


PASSING = Kind("aws passing", "no answer, 503, throttled, no machine", _passing_cuts, _passing)
STANDING = Kind("aws refused", "denied, credentials expired; then mended and retried", _standing_cuts, _standing)
LAGGING = Kind("aws lagging", "the answer is lost and describes lag by 30 s", _lagging_cuts, _lagging)
CLOCK = Kind("clock", "a worker's clock jumps by an hour", _clock_cuts, _clock)
