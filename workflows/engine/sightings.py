"""What AWS last showed of the things that runs wait for, for all workers: who looks next, for whom, and what was seen.

JSON texts go in and out; what stands in them is the door's to know, which looks (workflows/aws/shared.py).
"""

from collections.abc import Iterable, Mapping
from math import inf
from typing import cast

import redis

from workflows.engine.clock import Clock
from workflows.engine.keys import key, millis, text, texts

#: Seconds: how long something is looked up for others after it was last asked for, how long one look may take, and how
#: long what was seen is kept.
HORIZON, TURN, KEEP = 300.0, 60, 3600
#: Seconds that workers' clocks may differ. A look that lies further ahead is of a clock that was set back.
DIFFER = 5.0


class Sightings:
    """`place` is an account and its Region, `kind` what is looked at. Any number of workers share it."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        self._redis = client
        self._clock = clock

    def seen(self, place: str, kind: str, names: Iterable[str]) -> dict[str, tuple[str, float]]:
        """Of each what was seen last, and how many seconds ago; an empty text where AWS did not show it. Nothing of
        what nobody has looked at yet. Whatever is asked for is looked up with the next look of anybody."""
        wanted = list(names)
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.zadd(key("wanted", place, kind), dict.fromkeys(wanted, millis(self._clock.now())))
            pipe.expire(key("wanted", place, kind), KEEP)
            pipe.hmget(key("looked", place, kind), wanted)
            found = cast(list[bytes | None], pipe.execute()[-1])
        return {name: self._read(each) for name, each in zip(wanted, found, strict=True) if each is not None}

    def turn(self, place: str, kind: str) -> bool:
        """Whether this worker is the one that looks now: nobody else does until its turn is ended, or it has died."""
        return bool(self._redis.set(key("looking", place, kind), "1", nx=True, ex=TURN))

    def end_turn(self, place: str, kind: str) -> None:
        self._redis.delete(key("looking", place, kind))

    def wanted(self, place: str, kind: str) -> dict[str, str | None]:
        """What is waited for, with what was seen of it last; None where nobody has looked yet."""
        own, before = key("wanted", place, kind), f"({millis(self._clock.now() - HORIZON)}"
        if past := texts(self._redis.zrangebyscore(own, "-inf", before)):
            with self._redis.pipeline() as pipe:  # who asks for one of them in this moment finds it not looked at yet
                pipe.zremrangebyscore(own, "-inf", before)
                pipe.hdel(key("looked", place, kind), *past)
                pipe.execute()
        names = texts(self._redis.zrange(own, 0, -1))
        found = cast(list[bytes | None], self._redis.hmget(key("looked", place, kind), names)) if names else []
        return {name: self._read(each)[0] if each else None for name, each in zip(names, found, strict=True)}

    def put(self, place: str, kind: str, found: Mapping[str, str]) -> None:
        """What one look has found."""
        if not found:
            return
        at, own = millis(self._clock.now()), key("looked", place, kind)
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.hset(own, mapping={name: f"{at} {each}" for name, each in found.items()})
            pipe.expire(own, KEEP)
            pipe.execute()

    def _read(self, kept: bytes) -> tuple[str, float]:
        at, _, seen = text(kept).partition(" ")
        age = self._clock.now() - int(at) / 1000
        return seen, max(0.0, age) if age > -DIFFER else inf
