"""A few rules from which the shapes of Block Kit are put together. A rule names every fault with its place.

The wording of the faults follows Slack's: what is wrong, then a JSON pointer to where.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Rule = Callable[[Any, str], Iterator[str]]
"""(value, JSON pointer) → faults."""


def fault(text: str, at: str) -> str:
    return f"{text} [json-pointer:{at or '/'}]"


def anything(_value: Any, _at: str) -> Iterator[str]:
    """What is not looked into."""
    yield from ()


def string(most: int, least: int = 0) -> Rule:
    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield fault("must be a string", at)
        elif len(value) > most:
            yield fault(f"must be less than {most + 1} characters", at)
        elif len(value) < least:
            yield fault(f"must be more than {least - 1} characters", at)

    return check


def one_of(*words: Any) -> Rule:
    def check(value: Any, at: str) -> Iterator[str]:
        if value not in words:
            yield fault(f"must be one of {', '.join(map(str, words))}", at)

    return check


def boolean(value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield fault("must be a boolean", at)


def items(of: Rule, most: int, least: int = 1) -> Rule:
    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield fault("must be an array", at)
            return
        if len(value) > most:
            yield fault(f"no more than {most} items allowed", at)
        if len(value) < least:
            yield fault(f"no fewer than {least} items allowed", at)
        for number, item in enumerate(value):
            yield from of(item, f"{at}/{number}")

    return check


def shape(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None, *, closed: bool = True) -> Rule:
    """An object with these fields. `closed`: any other field is a fault, as with Slack's classic blocks."""
    known = {"type": anything, **required, **(optional or {})}

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield fault("must be an object", at)
            return
        yield from (fault(f"missing required field: {name}", at) for name in required if value.get(name) is None)
        for name, inner in value.items():
            if name in known and inner is not None:
                yield from known[name](inner, f"{at}/{name}")
            elif closed and name not in known:
                yield fault(f"invalid additional property: {name}", at)

    return check


def typed(kinds: Mapping[str, Rule], allowed: frozenset[str] | None = None) -> Rule:
    """An object whose `type` says which rule it must follow."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict) or "type" not in value:
            yield fault("missing required field: type", at)
        elif value["type"] not in kinds or (allowed is not None and value["type"] not in allowed):
            yield fault(f"unsupported type: {value['type']}", f"{at}/type")
        else:
            yield from kinds[value["type"]](value, at)

    return check


def any_field(first: str, second: str) -> Rule:
    """At least one of two fields."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not value.get(first) and not value.get(second):
            yield fault(f"must define either `{first}` or `{second}`", at)

    return check


def both(*rules: Rule) -> Rule:
    def check(value: Any, at: str) -> Iterator[str]:
        for rule in rules:
            yield from rule(value, at)

    return check
