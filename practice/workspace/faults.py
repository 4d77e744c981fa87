"""What can be made to go wrong on purpose, from any thread."""

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from practice.workspace.refusals import Refused


@dataclass(frozen=True)
class RateLimited:
    """A 429 with this many whole seconds to wait."""

    retry_after: int


class Faults:
    """Switches. A method is named as in the Web API; "respond" is a response URL; "*" is every method."""

    def __init__(self, drop: Callable[[], None], tiers: bool = False) -> None:
        self._drop = drop
        self._tiers = tiers
        self._lock = threading.Lock()
        self._reset()

    def _reset(self) -> None:
        self._limits: dict[str, list[RateLimited]] = defaultdict(list)
        self._refusals: dict[str, list[str]] = defaultdict(list)
        self._lost: dict[str, int] = defaultdict(int)
        self._slow: dict[str, float] = {}
        self.is_away = False
        self.counts_tiers = self._tiers

    def rate_limit(self, method: str = "*", times: int = 1, retry_after: int = 1) -> None:
        """The next `times` calls get 429 with this Retry-After, in whole seconds as Slack sends them."""
        with self._lock:
            self._limits[method] += [RateLimited(retry_after)] * times

    def limits_left(self, method: str = "*") -> int:
        """How many calls are still to get the 429 that was asked for."""
        with self._lock:
            return len(self._limits[method])

    def end_limits(self, method: str = "*") -> None:
        with self._lock:
            self._limits[method].clear()

    def refuse(self, method: str, error: str, times: int = 1) -> None:
        """The next `times` calls are answered with this error code and do nothing."""
        with self._lock:
            self._refusals[method] += [error] * times

    def lose_answer(self, method: str, times: int = 1) -> None:
        """The next `times` calls are carried out, and the connection is cut before the answer."""
        with self._lock:
            self._lost[method] += times

    def slow(self, method: str, seconds: float) -> None:
        """Every call waits this long before it is looked at, until `clear`."""
        with self._lock:
            self._slow[method] = seconds

    def tiers(self, counted: bool = True) -> None:
        """Count calls as Slack's rate tiers do, and answer 429 above them."""
        self.counts_tiers = counted

    def away(self) -> None:
        """Slack is down: calls get 503, sockets drop and cannot be opened again, until `back`."""
        self.is_away = True
        self._drop()

    def back(self) -> None:
        self.is_away = False

    def drop_sockets(self) -> None:
        """Cut every Socket Mode connection, without a goodbye."""
        self._drop()

    def clear(self) -> None:
        """Everything as at the start."""
        with self._lock:
            self._reset()

    def delay(self, method: str) -> float:
        with self._lock:
            return max(self._slow.get(method, 0.0), self._slow.get("*", 0.0))

    def meet(self, method: str) -> RateLimited | None:
        """The fault that this call runs into. Raises Refused for a refusal; each counts once."""
        with self._lock:
            for name in (method, "*"):
                if self._limits[name]:
                    return self._limits[name].pop(0)
                if self._refusals[name]:
                    raise Refused(self._refusals[name].pop(0))
            return None

    def loses(self, method: str) -> bool:
        with self._lock:
            for name in (method, "*"):
                if self._lost[name]:
                    self._lost[name] -= 1
                    return True
            return False
