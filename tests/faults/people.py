"""Hints that come early, late, twice or for nothing; people who cancel at any moment; Redis gone for good; several
workers at once."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from tests.faults.clocks import Skewed
from tests.faults.doors import Crossing, Door
from tests.faults.dying import struck_child
from tests.faults.hurting import hurt
from tests.faults.kinds import Cut, Kind, again, first_of_each, same_end
from tests.faults.picture import Allowed, Picture, compare
from tests.faults.plays import SERVER, Case, Trace
from tests.faults.world import Hands, World, rests
from tests.flows.scene import SMALL
from tests.stage import ASKING, OPERATOR
from workflows.engine.run import Run, Status
from workflows.errors import UserError

# ── hints ────────────────────────────────────────────────────────────────────────────────────────────────


def _hint_cuts(trace: Trace) -> Iterator[Cut]:
    yield Cut(trace.crossings[0], how="idle")
    for each in first_of_each(trace, "aws"):
        yield Cut(each, how="leased")


def _hinted(case: Case, found: list[str], when: str, other: Hands | None = None) -> None:
    """Another worker is told to look at the run, and at one that there is not: it must not touch anything."""
    redis, run = case.stage.store.redis, f"dr:run:{case.run.id}"
    calls, before, due = len(case.stage.lab.calls), redis.hgetall(run), redis.zrange("dr:due", 0, -1, withscores=True)
    other = other or case.world.hands()
    for each in (case.run.id, "D-9999"):
        try:
            if other.engine.advance(each):
                found.append(f"a hint that came {when} was followed")
        except (LookupError, ValueError) as error:
            found.append(f"a hint that came {when} broke the worker: {error}")
    after = redis.hgetall(run), redis.zrange("dr:due", 0, -1, withscores=True)
    if after != (before, due) or len(case.stage.lab.calls) != calls:
        found.append(f"a hint that came {when} changed something")


def _hints(world: World, trace: Trace, cut: Cut) -> list[str]:
    case, found = Case(world, trace.play), list[str]()
    if cut.how == "leased":
        hurt(case, trace, cut, lambda case, hands, at: _hinted(case, found, "during a call"))
        case.legs()
    else:
        case.legs(mover=lambda leg: _idly(case, found))
        _hinted(case, found, "after the end")
    return found + compare(trace.after, case.picture(), same_end(trace, cut.at))


def _idly(case: Case, found: list[str]) -> None:
    """A hint after each look: the run waits then, or asks."""
    hands, other = case.world.hands(), case.world.hands()
    hands.looked = lambda: _hinted(case, found, "early", other)
    hands.leg(case.run.id)


# ── people who cancel ────────────────────────────────────────────────────────────────────────────────────


def _cancel_cuts(trace: Trace) -> Iterator[Cut]:
    for each in first_of_each(trace, "aws"):
        yield Cut(each, how="alive")
        if each.changes:
            yield Cut(each, "carried", how="killed")


#: A server that is frozen when its run is cancelled is told to thaw.
LETS_GO = Counter({"SendCommand": 1})


def _cancels(case: Case, _hands: Hands, _at: Crossing) -> None:
    case.stage.desk.cancel(case.run.id, OPERATOR)


def _cancelled(world: World, trace: Trace, cut: Cut) -> list[str]:
    """Either nothing more is destroyed than was, or it goes on to its end."""
    case = Case(world, trace.play)
    if cut.how == "killed":
        struck_child(case, trace, cut)
        case.stage.desk.cancel(case.run.id, OPERATOR)
        case.stage.clock.forward(1)
    else:
        hurt(case, trace, cut, _cancels)
    run = case.legs()
    seen = case.picture()
    ends = frozenset({trace.play.ends.value, "cancelled"})
    faults = compare(trace.after, seen, Allowed(ends, again(trace, cut.at) + LETS_GO, silent=1, retold=True))
    if run.status is Status.CANCELLED:  # earlier than in the clean run, if that was cancelled too
        faults = [each for each in faults if "too often" in each or each.startswith(("left", "it "))]
    clone = "clone" in trace.play.name  # its own copy is all that it terminates
    if run.status is Status.CANCELLED and seen.effects["TerminateInstances"] and not clone:
        faults.append("it is cancelled, and the server is gone")
    return faults


# ── Redis gone for good ──────────────────────────────────────────────────────────────────────────────────


def _forgotten_cuts(trace: Trace) -> Iterator[Cut]:
    if trace.play.name == "prune":  # what is gone cannot be asked for again
        return
    yield Cut(trace.crossings[-1], "answered", "at the end")
    for each in trace.crossings:
        if each.changes:
            yield Cut(each, "answered", "on the way")


def _forgotten(world: World, trace: Trace, cut: Cut) -> list[str]:
    """Everything in Redis is lost; the same is asked for again, and gets the same number. It makes its own image and
    machine, and takes no other run's for its own."""
    case = Case(world, trace.play)
    if cut.how == "at the end":
        case.legs()
    else:
        struck_child(case, trace, cut)
    world.client.flushall()
    case.stage.lab.faults.clear()
    case.stage.clock.forward(600)
    case.stage.look()
    try:
        begun = Counter(each.call for each in case.stage.lab.effects)
        case.run = trace.play.begin(case.stage)
    except UserError as told:
        return [] if told.text and told.hint else [f"refused without plain words: {told}"]
    case.before = begun
    case.legs()
    seen, clean = _of_any_version(case.picture()), _of_any_version(trace.after)
    extra = Counter({"CreateLaunchTemplateVersion": 1})
    faults = compare(clean, seen, same_end(trace, cut.at, extra, silent=1, retold=True))
    return [each for each in faults if not _of_the_first(each)]


def _of_any_version(seen: Picture) -> Picture:
    """Launch settings are versions of one template: the second run's are the first run's next."""
    plain = Counter[str]()
    for each, number in seen.standing.items():
        plain[_VERSION.sub("", each)] += number
    return replace(seen, standing=plain)


_VERSION = re.compile(r"(?<=launchtemplate:version=)\d+")
#: A run that has the number of another, and not its key.
_NAMESAKE = re.compile(r"RUN-[0-9a-f]{8}")


def _of_the_first(fault: str) -> bool:
    """What the first of the two runs has left stands beside the second's own, which is compared; and it has made the
    launch template and the security group that both use."""
    mine = "RUN" in fault and not _NAMESAKE.search(fault)
    others = fault.startswith(("missing: ", "there is: ")) and not mine
    return others or fault.startswith(("CreateLaunchTemplate was not done", "DeleteSecurityGroup"))


# ── several workers ──────────────────────────────────────────────────────────────────────────────────────

_ROUNDS, _RUNS = 4, 5


def _several_cuts(trace: Trace) -> Iterator[Cut]:
    if trace.play.name in ("backup", "drill"):
        for number in range(_ROUNDS):
            for workers in ("2", "5"):
                yield Cut(Crossing(number, "redis", "round"), how=workers)


def _several(world: World, trace: Trace, cut: Cut) -> list[str]:
    """So many processes on the same five runs at once."""
    stage = world.open()
    for number in range(_RUNS):
        stage.lab.add_server(f"{SERVER}-{number}", SMALL)
    stage.look()
    before = Counter(each.call for each in stage.lab.effects)
    runs = [stage.desk.start(_plan(world, trace, number)) for number in range(_RUNS)]
    for _ in range(3):
        _crowd(world, int(cut.how), runs)
        for run in runs:
            if stage.store.read(run.id).status is Status.ASKING:
                trace.play.says(stage, run)
        stage.clock.forward(1)
    faults = [f"{run.id} is {stage.store.read(run.id).status.value}" for run in runs if not _well(world, run)]
    done = Counter(each.call for each in stage.lab.effects) - before
    wanted = Counter({call: n * _RUNS for call, n in trace.after.effects.items()})
    faults += [f"{call}: {n} too many" for call, n in (done - wanted).items()]
    faults += [f"{call}: {n} too few" for call, n in (wanted - done).items()]
    stage.chainer.catch_up()
    return faults + list(stage.chainer.verdict().faults) + [str(each) for each in world.client.keys("dr:lock:*")]


def _plan(world: World, trace: Trace, number: int) -> Run:
    desk, name = world.stage.desk, f"{SERVER}-{number}"
    if trace.play.name == "drill":
        return desk.drill(ASKING, name, accept_loss=False)
    return desk.backup(ASKING, name, reboot=False, accept_loss=False)[0]


def _well(world: World, run: Run) -> bool:
    return world.stage.store.read(run.id).status is Status.SUCCEEDED


def _crowd(world: World, workers: int, runs: list[Run]) -> None:
    """Until every run asks or has ended. The clock moves whenever all workers found nothing to do."""
    busy = world.shared(workers)

    def work(number: int) -> None:
        hands = Hands(world, Door(), Skewed(world.clock))
        while busy[-1] == 0:
            ids = hands.store.dispatch(1, pause=5)
            busy[number] = 0 if ids else busy[number]
            for each in ids:
                hands.engine.advance(each)
            busy[number] = 0 if ids else min(busy[number] + 1, 2)
            os.sched_yield()

    pids = [world.child(lambda number=number: work(number)) for number in range(workers)]  # type: ignore[misc]
    store, clock = world.stage.store, world.clock
    while not all(rests(world.stage, store.read(run.id)) for run in runs):
        due = store.next_due()
        if due is not None and due > clock.now() and min(busy[:workers]) == 2:
            world.wait_until(due)
            busy[:workers] = bytes(workers)
        os.sched_yield()
    busy[-1:] = b"\1"
    for pid in pids:
        os.waitpid(pid, 0)


HINTS = Kind("hints", "early, late, twice, for nothing", _hint_cuts, _hints)
CANCELS = Kind("cancel", "a person cancels, of a living worker or a dead one's run", _cancel_cuts, _cancelled)
FORGOTTEN = Kind("redis lost", "everything in Redis is gone; the same is asked for again", _forgotten_cuts, _forgotten)
SEVERAL = Kind("several", "two and five workers at once", _several_cuts, _several)
