"""One look at AWS for all runs that wait for the same kind of thing in one account and Region, over all workers.

A waiting step says how old a look may be that it shares. Where none is fresh enough, whoever has the turn looks for all
that is waited for, and the others take what it has found: so the pace is that of the youngest wait, and a thousand that
wait cost about as many calls as ten. What decides or destroys never shares: it looks for itself.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import TypeAdapter

Seen = TypeVar("Seen")
#: Ids → what AWS shows of them; what it does not show is missing.
Look = Callable[[Sequence[str]], Mapping[str, Seen]]

#: How many ids one filter takes: AWS's limit for EC2.
FILTERED = 200
#: Seconds for which it is believed that something stays what it will not cease to be by itself.
SETTLED = 300.0


class Shelf(Protocol):
    """Where looks are kept for all workers, as texts: engine/sightings.py. Times are seconds."""

    def seen(self, place: str, kind: str, names: Iterable[str]) -> dict[str, tuple[str, float]]: ...
    def turn(self, place: str, kind: str) -> bool: ...
    def end_turn(self, place: str, kind: str) -> None: ...
    def wanted(self, place: str, kind: str) -> dict[str, str | None]: ...
    def put(self, place: str, kind: str, found: Mapping[str, str]) -> None: ...


@dataclass(frozen=True)
class Kind(Generic[Seen]):
    """One kind of thing. `settled` says of which nobody needs another look: it has become what is waited for, or will
    never be."""

    name: str
    shape: TypeAdapter[Seen]
    settled: Callable[[Seen], bool]

    def read(self, text: str) -> Seen | None:
        return self.shape.validate_json(text) if text else None

    def readable(self, text: str) -> bool:
        """False for what another version has written."""
        try:
            self.read(text)
        except ValueError:
            return False
        return True

    def is_settled(self, text: str | None) -> bool:
        seen = self.read(text) if text and self.readable(text) else None
        return seen is not None and self.settled(seen)


class Shared:
    """`place` is an account and its Region. Without a shelf every look is its own."""

    def __init__(self, shelf: Shelf | None, place: str) -> None:
        self._shelf = shelf
        self._place = place

    def seen(self, kind: Kind[Seen], names: Collection[str], stale: float, look: Look[Seen]) -> dict[str, Seen]:
        """By name, from a look that is at most `stale` seconds old; 0 is a look of one's own. What AWS does not show
        is missing. Raises what the look raises."""
        if not names or stale <= 0 or self._shelf is None:
            return dict(look(sorted(names))) if names else {}
        shown = self._shelf.seen(self._place, kind.name, names)
        known = {name: each for name, each in shown.items() if kind.readable(each[0])}
        if len(known) == len(names) and all(self._will_do(kind, *each, stale) for each in known.values()):
            return _read(kind, {name: text for name, (text, _) in known.items()})
        if self._shelf.turn(self._place, kind.name):
            try:
                return self._looked(self._shelf, kind, names, look, first=len(known) < len(names))
            finally:
                self._shelf.end_turn(self._place, kind.name)
        if len(known) == len(names):  # somebody looks at this moment: the next look will show it
            return _read(kind, {name: text for name, (text, _) in known.items()})
        return dict(look(sorted(names)))

    def _will_do(self, kind: Kind[Seen], text: str, old: float, stale: float) -> bool:
        return old <= stale or (old <= SETTLED and kind.is_settled(text))

    def _looked(
        self, shelf: Shelf, kind: Kind[Seen], names: Collection[str], look: Look[Seen], *, first: bool
    ) -> dict[str, Seen]:
        """For all who wait; the `first` look at something for those that nobody has looked at either: else each of
        many that begin at once would look at all of them."""
        wanted = shelf.wanted(self._place, kind.name).items()
        others = {name for name, text in wanted if (text is None if first else not kind.is_settled(text))}
        asked = sorted(others | set(names))
        found = look(asked)
        texts = {name: kind.shape.dump_json(found[name]).decode() if name in found else "" for name in asked}
        shelf.put(self._place, kind.name, texts)
        return {name: found[name] for name in names if name in found}


def _read(kind: Kind[Seen], texts: Mapping[str, str]) -> dict[str, Seen]:
    found = {name: kind.read(text) for name, text in texts.items()}
    return {name: seen for name, seen in found.items() if seen is not None}


def portions(names: Sequence[str], most: int = FILTERED) -> Iterator[list[str]]:
    """As many as one call takes at a time."""
    for at in range(0, len(names), most):
        yield list(names[at : at + most])
