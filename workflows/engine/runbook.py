"""What a runbook and a step are. A step's arguments come by name from the run's record; what nobody feeds is refused
when the module is imported."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from workflows.engine.run import Json

#: What the engine itself feeds, beside what was asked for and what earlier steps gave.
FED = frozenset(
    {"run_id", "run_key", "server", "account", "region", "asked_by", "reason", "now", "kept", "question", "answers",
     "intended", "retries", "stale", "hold", "home", "terms", "directory", "last_time", "drill_rules", "others",
     "retention"}
)  # fmt: skip


@dataclass(frozen=True)
class Wait:
    """A step's way of saying "not yet". It frees the worker.

    `what` names what is waited for, `because` how far it is, `up_to` is the patience in seconds, counted from the
    step's start; `progress` is in percent; `keep` is handed to the step's next look as `kept`. `at_once`: that look is
    the next thing that is done, when this is in the record.
    """

    what: str
    because: str
    up_to: float
    progress: int | None = None
    keep: Mapping[str, Json] = field(default_factory=dict)
    at_once: bool = False


@dataclass(frozen=True)
class Done:
    """A step's way of giving its value with words that the value does not hold. `detail` as `tell` would give it;
    `also` goes into the record beside the value, by name."""

    value: Any
    detail: str
    also: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Back:
    """A step's way of saying that an earlier one, `to`, must be taken again. That one finds `keep` as its `kept`."""

    to: str
    because: str
    keep: Mapping[str, Json]


@dataclass(frozen=True)
class Ask:
    """A step's way of saying "people must decide". See Question for the fields; `minutes` until it expires."""

    title: str
    verb: str
    items: tuple[tuple[str, str], ...]
    confirm: str
    minutes: float
    needed: int = 1


@dataclass(frozen=True)
class Step:
    """A named piece of a runbook.

    `effect`: it makes or destroys something, so its intent is recorded before it is called. `no_return`: once that
    intent is recorded, the run can no longer be cancelled. `optional` names the arguments that have a default and may
    stay unfed. `when` looks at what was asked for: where it says no, the step is left out of the plan. `release`: see
    Release.
    """

    name: str
    title: str
    call: Callable[..., Any]
    needs: Mapping[str, TypeAdapter[Any] | None]
    gives: str | None
    effect: bool = False
    no_return: bool = False
    tell: Callable[[Any], str] | None = None
    optional: frozenset[str] = frozenset()
    when: Callable[[Mapping[str, Json]], bool] | None = None
    release: "Release | None" = None


@dataclass(frozen=True)
class Release:
    """What a step holds that nobody may be left with when the run ends before the step `until` is done.

    `let_go` is called then, once, as a courtesy: what it raises is only logged, so what is held must also end by
    itself.
    """

    let_go: Step
    until: str


def step(
    title: str,
    *,
    gives: str | None = None,
    effect: bool = False,
    no_return: bool = False,
    tell: Callable[[Any], str] | None = None,
    when: Callable[[Mapping[str, Json]], bool] | None = None,
    release: Release | None = None,
) -> Callable[[Callable[..., Any]], Step]:
    """Make a step of a function. `tell` turns its value into what people read of it: the first line stands in the
    card, the whole goes into the thread if there is more than one line."""

    def made(call: Callable[..., Any]) -> Step:
        plain = step_of(call.__name__, title, call, signature_of(call), gives, effect, no_return, tell)
        return replace(plain, optional=optional_of(call), when=when, release=release)

    return made


def optional_of(*calls: Callable[..., Any]) -> frozenset[str]:
    """The parameters that have a default."""
    named = (each for call in calls for each in inspect.signature(call).parameters.values())
    return frozenset(each.name for each in named if each.default is not each.empty)


def signature_of(call: Callable[..., Any]) -> dict[str, Any]:
    """Parameter name → annotation."""
    hints = get_type_hints(call)
    return {name: hints.get(name, Any) for name in inspect.signature(call).parameters}


def step_of(
    name: str,
    title: str,
    call: Callable[..., Any],
    parameters: Mapping[str, Any],
    gives: str | None,
    effect: bool = False,
    no_return: bool = False,
    tell: Callable[[Any], str] | None = None,
) -> Step:
    """The parts of a step put together: each parameter that comes from the record gets its own validator."""
    needs = {p: None if p in FED else _validator(hint) for p, hint in parameters.items()}
    return Step(name, title, call, needs, gives, effect or no_return, no_return, tell)


@functools.cache
def _validator(hint: Any) -> TypeAdapter[Any]:
    """One a type, however many steps take it: building them is a good part of the program's start."""
    return TypeAdapter(hint)


@dataclass(frozen=True)
class Runbook:
    """A list of steps that has a name. `letter` begins its runs' ids; `takes` names what must be asked for."""

    name: str
    letter: str
    title: str
    takes: Sequence[str]
    steps: Sequence[Step]

    def __post_init__(self) -> None:
        names = [each.name for each in self.steps]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"runbook {self.name}: {', '.join(twice)} stands in it twice")
        fed = set(self.takes) | FED
        for each in self.steps:
            hungry = sorted(set(each.needs) - each.optional - fed)
            if hungry:
                raise ValueError(f"runbook {self.name}: nobody feeds {', '.join(hungry)} to the step {each.name}")
            if each.gives:
                fed.add(each.gives)

    def plan(self, values: Mapping[str, Json]) -> list[Step]:
        """The steps that a run takes for which this was asked."""
        return [each for each in self.steps if each.when is None or each.when(values)]

    def step(self, name: str) -> Step | None:
        """The step of that name; None if this version of the program does not have it."""
        return next((each for each in self.steps if each.name == name), None)

    def quiet(self, name: str) -> bool:
        """Whether it makes and destroys nothing, so that its beginning need not be recorded by itself."""
        known = self.step(name)
        return known is not None and not known.effect
