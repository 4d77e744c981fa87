"""The shared clock of the practice world, which can run ahead, so that nobody has to wait for half an hour there."""

import time
from contextlib import suppress
from typing import cast

import redis

from workflows.engine.clock import SharedClock
from workflows.engine.connection import Away
from workflows.engine.keys import key

_AHEAD = key("ahead")
#: Seconds between two looks at how far it has run ahead.
LOOK = 0.5


class MovableClock(SharedClock):
    """Redis's clock and what it is ahead. While Redis is away it is as far ahead as it was last seen to be."""

    def __init__(self, client: redis.Redis, look: float = LOOK) -> None:
        super().__init__(client)
        self._look = look
        self._looked = float("-inf")
        self._ahead = 0.0

    def now(self) -> float:
        self._look_ahead()
        return super().now() + self._ahead

    def for_sure(self) -> float:
        self._looked = float("-inf")
        self._look_ahead()
        return super().for_sure() + self._ahead

    def _look_ahead(self) -> None:
        if time.monotonic() - self._looked >= self._look:
            self._looked = time.monotonic()
            with suppress(Away):
                self._ahead = float(cast(bytes | None, self._redis.get(_AHEAD)) or 0)


def run_ahead(client: redis.Redis, seconds: float) -> None:
    """Every MovableClock on this Redis is so many seconds further ahead from its next look on. Raises Away."""
    client.incrbyfloat(_AHEAD, seconds)
