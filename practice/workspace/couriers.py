"""How something that happened reaches the app: what comes back, and how long Slack waits for it."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

PATIENCE = 3.0
"""Seconds that Slack gives an app to ack."""
_LOOK = 0.02


@dataclass(frozen=True)
class Ack:
    """What came back. `took` is None and `error` set when nothing did in time."""

    envelope_id: str
    payload: Any = None
    took: float | None = None
    error: str | None = None


class Courier(Protocol):
    """Brings one payload to the app. `kind` is the envelope's type in Socket Mode."""

    async def deliver(self, kind: str, payload: dict[str, Any]) -> Ack: ...


async def patiently(answer: asyncio.Future[Any], now: Callable[[], float]) -> bool:
    """Whether the answer came within Slack's three seconds, by the given clock or by the real one."""
    started, real = now(), time.monotonic()
    while not answer.done():
        if now() - started > PATIENCE or time.monotonic() - real > PATIENCE:
            return False
        await asyncio.wait({answer}, timeout=_LOOK)
    return True
