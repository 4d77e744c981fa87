"""Slack in the way of a run's card: away, 429, no answer, an error of its own; a notifier that dies."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from practice.workspace.faults import Faults
from tests.faults.doors import Crossing, Door, Strike
from tests.faults.kinds import Cut, Kind
from tests.faults.plays import Case, Trace
from tests.faults.telling import Dead, Teller, messages
from tests.faults.world import World

#: Ticks of the notifier for which Slack stays away.
AWAY = 4

_HOW: dict[str, Callable[[Faults, str], None]] = {
    "lost": lambda faults, method: faults.lose_answer(method),
    "429": lambda faults, method: faults.rate_limit(method, retry_after=3),
    "error": lambda faults, method: faults.refuse(method, "internal_error"),
    "away": lambda faults, method: faults.away(),
}


def _cuts(trace: Trace) -> Iterator[Cut]:
    """Of edits only the first of each step: they are many, and alike."""
    met = set()
    for each in trace.told:
        if each.name == "chat.update" and (each.step, each.leg) in met:
            continue
        met.add((each.step, each.leg))
        for how in _HOW:
            yield Cut(each, how=how)
        yield Cut(each, how="killed")
        yield Cut(each, "answered", how="killed")


def _played(world: World, trace: Trace, cut: Cut) -> list[str]:
    case, faults = Case(world, trace.play), world.space.faults
    left = [0]

    def deed(at: Crossing) -> None:
        if cut.how == "killed":
            raise Dead
        left[0] = AWAY
        _HOW[cut.how](faults, at.name)

    door = Door(strike=Strike(cut.at, cut.moment, deed))
    teller = Teller(world, door)

    def tick() -> None:
        teller.tick()
        left[0] -= 1
        if left[0] <= 0:
            faults.back()

    told(case, door, tick)
    wrong = [] if teller.finish(tick) else ["its card is never painted to the end"]
    there, clean = messages(world), trace.messages
    wrong += [f"{what}: {n} too many" for what, n in (there - clean).items()]
    # Who must answer is told only while the question stands, and a run that nobody told of has gone on meanwhile.
    wrong += [f"{what}: {n} too few" for what, n in (clean - there).items() if ": question:" not in what]
    if case.run.status is not trace.play.ends:
        wrong.append(f"the run is {case.run.status.value}: an observer broke the work")
    return wrong


def told(case: Case, door: Door, tick: Callable[[], object]) -> None:
    """A run without trouble, and a notifier that looks after each of the worker's looks."""

    def moved(leg: int) -> None:
        door.leg = leg
        hands = case.world.hands()

        def looked() -> None:
            door.step = case.stage.store.read(case.run.id).step.name
            tick()

        hands.looked = looked
        looked()
        hands.leg(case.run.id)

    case.legs(mover=moved)


def with_messages(world: World, trace: Trace) -> Trace:
    """The clean run once more, with a bot that tells of it."""
    case, door = Case(world, trace.play), Door()
    teller = Teller(world, door)
    told(case, door, teller.tick)
    if not teller.finish():
        raise AssertionError(f"{trace.play.name}: its card is never painted to the end")
    return replace(trace, told=tuple(door.seen), messages=messages(world))


SLACK = Kind("slack", "Slack away, 429, no answer, an error; the notifier dies", _cuts, _played)
