"""Slack's rate tiers, counted over a sliding minute for each method; posting counts by channel."""

import math
from collections import defaultdict, deque
from collections.abc import Callable

MINUTE = 60.0
PER_MINUTE = {"tier1": 1, "tier2": 20, "tier3": 50, "tier4": 100}
POST_BURST = 5
"""How many messages a channel takes at once. Slack says "short bursts" without a number."""


class Rates:
    """Says how long a call must wait, or that it need not."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._burst: dict[str, tuple[float, float]] = {}

    def wait(self, method: str, tier: str, channel: str) -> int | None:
        """Whole seconds for Retry-After, or None when the call is within its tier; only then is it counted."""
        if tier == "post":
            return self._wait_to_post(channel)
        limit = PER_MINUTE.get(tier)
        if limit is None:
            return None
        now, calls = self._now(), self._calls[method]
        while calls and now - calls[0] >= MINUTE:
            calls.popleft()
        if len(calls) >= limit:
            return max(1, math.ceil(calls[0] + MINUTE - now))
        calls.append(now)
        return None

    def _wait_to_post(self, channel: str) -> int | None:
        """One a second and channel, with a short burst: a bucket that refills by one a second."""
        now = self._now()
        left, at = self._burst.get(channel, (float(POST_BURST), now))
        left = min(float(POST_BURST), left + now - at)
        if left < 1:
            self._burst[channel] = (left, now)
            return max(1, math.ceil(1 - left))
        self._burst[channel] = (left - 1, now)
        return None
