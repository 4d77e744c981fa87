"""How Redis's keys are named, and what it answers read as text. What each key means stands at the head of store.py."""

from typing import Any

from workflows.engine.run import Target

PREFIX = "dr:"


def key(kind: str, *rest: str) -> str:
    return PREFIX + ":".join((kind, *rest))


def lock_key(target: Target) -> str:
    return key("lock", target.account, target.region, target.server)


def millis(seconds: float) -> int:
    return round(seconds * 1000)


def text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def texts(values: Any) -> list[str]:
    return [text(value) for value in values]
