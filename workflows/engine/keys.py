"""How runs and Redis's keys are named, and what Redis answers read as text. What each of its keys means stands at the
head of store.py."""

import secrets
from typing import Any

from workflows.engine.run import Target

PREFIX = "dr:"


def key(kind: str, *rest: str) -> str:
    return PREFIX + ":".join((kind, *rest))


def for_good(name: str) -> str:
    """What stands for a run or a batch and for no other, even if Redis should give its id again."""
    return f"{name}-{secrets.token_hex(4)}"


def lock_key(target: Target) -> str:
    return key("lock", target.account, target.region, target.server)


def millis(seconds: float) -> int:
    return round(seconds * 1000)


def text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def texts(values: Any) -> list[str]:
    return [text(value) for value in values]
