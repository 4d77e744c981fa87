"""What time it is, for everybody who shares one Redis."""

import time
from collections.abc import Callable
from typing import Protocol

import redis

#: Seconds. A reading that took longer is used once and made again the next time.
QUICK = 0.25
#: How many of them are made where the time must be known for sure.
READINGS = 5


class Clock(Protocol):
    """Seconds since the epoch, as a float."""

    def now(self) -> float: ...

    def for_sure(self) -> float:
        """As it is in this very moment, wherever this process has slept meanwhile. Raises Away."""


class SharedClock:
    """Redis's clock, so that leases and expiries mean the same to workers whose own clocks disagree.

    Between two readings it goes on with this machine's `monotonic` clock, which no NTP step can move; but which stands
    still while a virtual machine is suspended. What nothing brings back is done by a reading of its own.
    """

    def __init__(
        self, client: redis.Redis, every: float = 60.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis = client
        self._every = every
        self._monotonic = monotonic
        self._read_at = float("-inf")
        self._offset = 0.0

    def now(self) -> float:
        if self._monotonic() - self._read_at > self._every:
            self._read()
        return self._monotonic() + self._offset

    def for_sure(self) -> float:
        """A reading that took long does not say when within that it was made: it is made again."""
        for _ in range(READINGS):
            before = self._monotonic()
            offset = self._read()  # its own, whatever another thread reads meanwhile
            if (now := self._monotonic()) - before < QUICK:
                return now + offset
        raise redis.TimeoutError("Redis answers too slowly to tell what time it is")

    def _read(self) -> float:
        """The offset of a reading that begins now."""
        before = self._monotonic()
        seconds, micros = self._redis.time()
        after = self._monotonic()
        self._offset = offset = seconds + micros / 1e6 - (before + after) / 2
        self._read_at = after if after - before < QUICK else float("-inf")
        return offset
