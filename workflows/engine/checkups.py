"""What bot and workers find when they are asked how they are: each answers for itself, once for all who ask."""

import json
from typing import cast

import redis

from workflows.engine.clock import Clock
from workflows.engine.keys import key

#: Seconds: how long a wish stands, and how long an answer is kept.
WISH, KEPT = 60, 300


class Checkups:
    """A side is `bot` or `worker`. Times are seconds of the shared clock."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        self._redis = client
        self._clock = clock

    def want(self, side: str) -> None:
        self._redis.set(key("checkup", "wanted", side), "1", ex=WISH)

    def take(self, side: str) -> bool:
        """Whether somebody wants it; True to one process of that side only."""
        return bool(self._redis.delete(key("checkup", "wanted", side)))

    def put(self, side: str, found: str) -> None:
        self._redis.set(key("checkup", side), json.dumps([self._clock.now(), found]), ex=KEPT)

    def last(self, side: str) -> tuple[float, str] | None:
        """When it was found, and what."""
        text = cast(bytes | None, self._redis.get(key("checkup", side)))
        if text is None:
            return None
        at, found = json.loads(text)
        return float(at), str(found)
