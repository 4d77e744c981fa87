"""What can befall a run, a kind each. A kind makes cases of a clean run's crossings, and plays one of them."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.faults.doors import Crossing, Moment
from tests.faults.picture import Allowed
from tests.faults.plays import Trace
from tests.faults.world import World


@dataclass(frozen=True)
class Cut:
    """One case: what befalls it where. `how` is the kind's own word for a variant."""

    at: Crossing
    moment: Moment = "before"
    how: str = ""

    @property
    def name(self) -> str:
        return f"{self.at.number}/{self.moment}" + (f"/{self.how}" if self.how else "")


@dataclass(frozen=True)
class Kind:
    """`cuts` finds the cases in a clean run, `play` gives every way in which one went wrong. An `extra` one is played
    only where it is asked for by name."""

    name: str
    title: str
    cuts: Callable[[Trace], Iterator[Cut]]
    play: Callable[[World, Trace, Cut], list[str]]
    extra: bool = False


def again(trace: Trace, at: Crossing, *, up_to_record: bool = False) -> Counter[str]:
    """What may be done once more, since it does the same again: tags that were written, and of which no record tells
    yet at that crossing. With `up_to_record` also those that come after it, before the next record."""
    written = [each.number for each in trace.crossings if each.name == "COMMIT" and each.leg == at.leg]
    begin = max((each for each in written if each < at.number), default=-1)
    end = min((each for each in written if each > at.number), default=at.number) if up_to_record else at.number
    unwritten = [each for each in trace.crossings[begin + 1 : end + 1] if each.leg == at.leg]
    return Counter({each.name: 1 for each in unwritten if each.name == "CreateTags"})


def same_end(
    trace: Trace, at: Crossing, extra: Counter[str] | None = None, silent: int = 0, *, retold: bool = False
) -> Allowed:
    """It must end as the clean run did; but a freeze that ran out while nobody was at the run is told, and stops it."""
    frozen = [each.number for each in trace.crossings if "freeze" in each.step or "thaw" in each.step]
    excuse = "The freeze had run out" if frozen and frozen[0] <= at.number <= frozen[-1] else ""
    return Allowed(frozenset({trace.play.ends.value}), extra or Counter(), silent, retold, excuse=excuse)


def first_of_each(trace: Trace, door: str) -> Iterator[Crossing]:
    """Each call of each step once: a wait looks many times."""
    met = set()
    for each in trace.crossings:
        place = (each.leg, each.step, each.name)
        if each.door == door and place not in met:
            met.add(place)
            yield each
