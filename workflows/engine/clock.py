"""What time it is, for everybody who shares one Redis."""

import time
from typing import Protocol

import redis

#: Seconds. A reading that took longer is used once and made again the next time.
QUICK = 0.25


class Clock(Protocol):
    """Seconds since the epoch, as a float."""

    def now(self) -> float: ...


class SharedClock:
    """Redis's clock, so that leases and expiries mean the same to workers whose own clocks disagree.

    Between two readings it goes on with this machine's monotonic clock, which no NTP step can move.
    """

    def __init__(self, client: redis.Redis, every: float = 60.0) -> None:
        self._redis = client
        self._every = every
        self._read_at = float("-inf")
        self._offset = 0.0

    def now(self) -> float:
        before = time.monotonic()
        if before - self._read_at > self._every:
            seconds, micros = self._redis.time()
            after = time.monotonic()
            self._offset = seconds + micros / 1e6 - (before + after) / 2
            self._read_at = after if after - before < QUICK else float("-inf")
        return time.monotonic() + self._offset
