"""Workers that die or freeze: a child process sends itself SIGKILL or SIGSTOP at a crossing; another goes on."""

import os
import signal
from collections import Counter
from collections.abc import Iterator

from tests.faults.doors import Door
from tests.faults.kinds import Cut, Kind, again, same_end
from tests.faults.picture import compare
from tests.faults.plays import Case, Trace
from tests.faults.world import ASTRAY, World


def _every_point(trace: Trace) -> Iterator[Cut]:
    """A process that is killed leaves what it has written, and nothing else: so whatever lies between two writes is one
    moment, struck while the answer to the first is on its way. Around the calls that change something in AWS each
    moment is a case of its own."""
    for at, each in enumerate(trace.crossings):
        if at == 0 or each.changes or each.leg != trace.crossings[at - 1].leg:
            yield Cut(each, "before")
        if each.done and each.writes:
            yield Cut(each, "carried")
        if each.changes:
            yield Cut(each, "answered")


def _each_moment(trace: Trace) -> Iterator[Cut]:
    """Those that leave the same too."""
    for each in trace.crossings:
        yield Cut(each, "before")
        if each.done:
            yield Cut(each, "carried")
            yield Cut(each, "answered")


def _struck(case: Case, trace: Trace, cut: Cut, by: signal.Signals) -> tuple[int, int]:
    """A child works on the run until the signal ends or stops it. Gives its pid and its status."""
    world, leg = case.world, cut.at.leg
    case.legs(until=leg)
    strike = world.struck(cut.at, cut.moment, by)

    def work() -> None:
        door = Door(first=trace.leg(leg), leg=leg, strike=strike)
        world.hands(door).leg(case.run.id)

    pid = world.child(work)
    if cut.moment == "carried" and cut.at.door == "aws":
        world.strike_from_the_lab(pid, by)
    return os.waitpid(pid, os.WUNTRACED)


def _wrong_way(world: World, status: int) -> list[str]:
    """What became of a worker that should have been struck. A zombie that broke when it woke is a fault as well."""
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
        return ["the worker never came to that crossing"]
    why = "another crossing has its number: " if os.WEXITSTATUS(status) == ASTRAY else ""
    return [f"the worker broke: {why}{world.words()}"]


def struck_child(case: Case, trace: Trace, cut: Cut) -> None:
    """A worker is killed at the crossing. Raises RuntimeError if it was not."""
    _, status = _struck(case, trace, cut, signal.SIGKILL)
    if not os.WIFSIGNALED(status):
        raise RuntimeError(_wrong_way(case.world, status)[0])
    case.stage.lab.faults.clear()


def _killed(world: World, trace: Trace, cut: Cut) -> list[str]:
    case = Case(world, trace.play)
    struck_child(case, trace, cut)
    case.legs()
    return compare(trace.after, case.picture(), same_end(trace, cut.at, again(trace, cut.at), silent=1))


def _points_of_calls(trace: Trace) -> Iterator[Cut]:
    """Who wakes before a call knows what it knew when the call before was answered: that is one moment."""
    for each in trace.crossings:
        if each.changes:
            yield Cut(each, "before")
        if each.done:
            yield Cut(each, "carried")


def _frozen(world: World, trace: Trace, cut: Cut) -> list[str]:
    """It wakes when another worker has taken the run to its end."""
    case = Case(world, trace.play)
    pid, status = _struck(case, trace, cut, signal.SIGSTOP)
    if not os.WIFSTOPPED(status):
        raise RuntimeError(_wrong_way(world, status)[0])
    case.legs()
    os.kill(pid, signal.SIGCONT)
    _, status = os.waitpid(pid, 0)
    if status:
        return _wrong_way(world, status)
    late = again(trace, cut.at, up_to_record=True)
    sends = cut.at.within if cut.moment == "carried" else ""  # it was told that the run is its own, and fell asleep
    if sends == "SendCommand":
        late["SendCommand"] = 1  # it measures once more
    if sends == "CreateSecurityGroup":
        late += Counter(_OF_A_GROUP)  # an empty group that lets nothing in or out is left
        found = compare(trace.after, case.picture(), same_end(trace, cut.at, late, silent=len(_OF_A_GROUP)))
        return [each for each in found if each != "there is: group firedrill RUN"]
    return compare(trace.after, case.picture(), same_end(trace, cut.at, late, silent=1))


#: What is called for a copy's security group.
_OF_A_GROUP = ("CreateSecurityGroup", "RevokeSecurityGroupEgress", "AuthorizeSecurityGroupEgress")
KILLED = Kind("kill", "the worker is killed, another finishes", _every_point, _killed)
ANYWHERE = Kind("kill anywhere", "the same at each moment of each crossing", _each_moment, _killed, extra=True)
ZOMBIE = Kind("zombie", "the worker freezes and wakes when another has finished", _points_of_calls, _frozen)
