"""The fault panel: what can be made to go wrong, what of it is on, and the end of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

#: (choice, words), the choice empty where there is none.
Words = list[tuple[str, str]]


class UnknownFault(LookupError):
    """There is no such fault, or not for that choice."""


def nothing_lasting() -> Words:
    """For a fault that is over as soon as it has struck."""
    return []


def nothing_to_end(_choice: str) -> None:
    """For a fault that is over as soon as it has struck."""


@dataclass(frozen=True)
class Fault:
    """One button. `does` and `watch` are a sentence each: what happens, and where to see it.

    `on` tells what of it is on at the moment, `ends` is the button that ends it. Where it is about one of several
    things, `of` names them and `choices` gives them.
    """

    name: str
    group: str
    title: str
    does: str
    watch: str
    begin: Callable[[str], None]
    end: Callable[[str], None] = nothing_to_end
    on: Callable[[], Words] = nothing_lasting
    ends: str = "Switch off"
    of: str = ""
    choices: Callable[[], Words] = nothing_lasting

    def shown(self) -> dict[str, Any]:
        choices = [{"value": value, "label": label} for value, label in self.choices()]
        named = {"name": self.name, "group": self.group, "title": self.title, "of": self.of}
        return {**named, "does": self.does, "watch": self.watch, "choices": choices}


class Panel:
    """All faults of one world."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = {each.name: each for each in faults}

    def shown(self) -> list[dict[str, Any]]:
        return [each.shown() for each in self._faults.values()]

    def on(self) -> list[dict[str, str]]:
        return [
            {"name": each.name, "choice": choice, "text": text, "ends": each.ends}
            for each in self._faults.values()
            for choice, text in each.on()
        ]

    def begin(self, name: str, choice: str = "") -> None:
        """Raises UnknownFault."""
        fault = self._found(name)
        if fault.of and choice not in {value for value, _ in fault.choices()}:
            raise UnknownFault(f"{name}: {choice}")
        fault.begin(choice)

    def end(self, name: str, choice: str = "") -> None:
        """Raises UnknownFault. Nothing happens if it is not on."""
        fault = self._found(name)
        if choice in {each for each, _ in fault.on()}:
            fault.end(choice)

    def clear(self) -> None:
        """End everything that is on."""
        for each in self.on():
            self.end(each["name"], each["choice"])

    def _found(self, name: str) -> Fault:
        if name not in self._faults:
            raise UnknownFault(name)
        return self._faults[name]
