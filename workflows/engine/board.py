"""What bot and worker leave for each other in Redis beside the runs: cards to paint, the inventory, signs of life."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, cast

import redis

from workflows.engine import painting
from workflows.engine.batches import is_batch
from workflows.engine.clock import Clock
from workflows.engine.keys import key, millis

#: Seconds after its last sign for which a worker counts as alive.
ALIVE = 60
#: Waits up to so many seconds for a nudge and gives its text. When Redis is away it just waits: whoever listens ticks
#: anyway.
Nudged = Callable[[float], str | None]


class Cards:
    """Which runs' messages are behind their records, and where each message stands."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        self._redis = client
        self._clock = clock
        self._claim = client.register_script(painting.PAINT_CLAIM)
        self._painted = client.register_script(painting.PAINTED)

    def now(self) -> float:
        return self._clock.now()

    def claim(self, most: int, lease: float, *, only_urgent: bool = False) -> list[tuple[str, str]]:
        """Up to `most` runs and batches to paint now, the urgent ones first: those that are new, ask, or have ended.
        Each with the revision to report back; for `lease` seconds nobody else gets them."""
        now = millis(self._clock.now())
        argv: list[Any] = [
            key("run", ""),
            now,
            millis(lease),
            most,
            key("card", ""),
            int(only_urgent),
            key("batch", ""),
        ]
        flat = [each.decode() for each in cast(list[bytes], self._claim(keys=[key("unpainted")], args=argv))]
        return list(zip(flat[::2], flat[1::2], strict=True))

    def painted(self, run_id: str, revision: str, spacing: float) -> None:
        """The card shows that revision. If the run has moved on since, it is due again after `spacing` seconds."""
        keys = [key("unpainted"), key("batch" if is_batch(run_id) else "run", run_id), key("card", run_id)]
        self._painted(keys=keys, args=[run_id, revision, millis(self._clock.now() + spacing)])

    def later(self, run_id: str, pause: float) -> None:
        """It could not be painted: try again after `pause` seconds."""
        self._redis.zadd(key("unpainted"), {run_id: millis(self._clock.now() + pause)}, xx=True)

    def refused(self, run_id: str, first: float, most: float) -> float:
        """It was refused once more, and not painted since. Gives the pause until the next try: it doubles each time."""
        times = int(self._redis.hincrby(key("card", run_id), "refused", 1))
        return min(most, float(first * 2 ** min(times - 1, 20)))

    def forget(self, run_id: str) -> None:
        """There is nowhere to paint it."""
        self._redis.zrem(key("unpainted"), run_id)
        self._redis.hdel(key("card", run_id), "behind")

    def notes(self, run_id: str) -> dict[str, str]:
        """What was noted about the run's messages: which stands where, and which was about to be posted."""
        got = cast(dict[bytes, bytes], self._redis.hgetall(key("card", run_id)))
        return {name.decode(): value.decode() for name, value in got.items()}

    def note(self, run_id: str, name: str, value: str) -> None:
        self._redis.hset(key("card", run_id), name, value)

    def unnote(self, run_id: str, *names: str) -> None:
        self._redis.hdel(key("card", run_id), *names)

    def keep(self, run_id: str, seconds: int) -> None:
        """What was noted is not needed for longer than that."""
        self._redis.expire(key("card", run_id), seconds)

    def nudges(self) -> AbstractContextManager[Nudged]:
        """Listen for runs that have moved on."""
        return _nudges(self._redis, "unpainted")

    def next_due(self) -> float | None:
        """When the next card is due, in seconds of the shared clock."""
        first = cast(list[tuple[bytes, float]], self._redis.zrange(key("unpainted"), 0, 0, withscores=True))
        return first[0][1] / 1000 if first else None


class Board:
    """Inventory, the world that this Redis belongs to, and which workers are alive."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def put_inventory(self, text: str) -> None:
        self._redis.set(key("inventory"), text)

    def inventory(self) -> bytes | None:
        return cast(bytes | None, self._redis.get(key("inventory")))

    def put_freshness(self, text: str) -> None:
        self._redis.set(key("freshness"), text)

    def freshness(self) -> bytes | None:
        """As workflows/freshness.py writes it."""
        return cast(bytes | None, self._redis.get(key("freshness")))

    def put_directory(self, text: str) -> None:
        self._redis.set(key("directory"), text)

    def directory(self) -> bytes | None:
        return cast(bytes | None, self._redis.get(key("directory")))

    def want_inventory(self) -> None:
        """Ask the workers for a fresh look at AWS."""
        self._redis.set(key("inventory", "wanted"), "1", ex=60)
        self._redis.publish(key("due", "nudge"), "inventory")

    def nudges(self) -> AbstractContextManager[Nudged]:
        """Listen for runs that are due, and for `inventory`."""
        return _nudges(self._redis, "due")

    def take_wanted(self) -> bool:
        """Whether somebody wants a fresh inventory; True to one worker only."""
        return bool(self._redis.delete(key("inventory", "wanted")))

    def claim_world(self, world: str) -> str:
        """Say which world this process lives in; gives the one that this Redis belongs to."""
        self._redis.set(key("world"), world, nx=True)
        return cast(bytes, self._redis.get(key("world"))).decode()

    def take_turn(self, what: str, seconds: int) -> bool:
        """Whether this process may do it now; for so many seconds, or until the turn is ended, nobody else may."""
        return bool(self._redis.set(key("turn", what), "1", nx=True, ex=seconds))

    def end_turn(self, what: str) -> None:
        self._redis.delete(key("turn", what))

    def beat(self, worker: str) -> None:
        now, own = int(self._redis.time()[0]), key("workers")
        with self._redis.pipeline() as pipe:
            pipe.zadd(own, {worker: now})
            pipe.zremrangebyscore(own, "-inf", now - ALIVE)
            pipe.expire(own, ALIVE)
            pipe.execute()

    def workers(self) -> int:
        """How many workers were alive in the last minute."""
        return workers_of(self._redis)


def workers_of(client: redis.Redis) -> int:
    """As Board.workers, of those that share that Redis. A sign from ahead is of a clock that was set back."""
    now = int(client.time()[0])
    return client.zcount(key("workers"), now - ALIVE, now + ALIVE)


@contextmanager
def _nudges(client: redis.Redis, channel: str) -> Iterator[Nudged]:
    heard = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]

    def wait(seconds: float) -> str | None:
        try:
            if not heard.subscribed:
                heard.subscribe(key(channel, "nudge"))
            message = heard.get_message(timeout=seconds)
        except redis.RedisError:
            heard.reset()
            time.sleep(seconds)
            return None
        return message["data"].decode() if message else None

    try:
        yield wait
    finally:
        heard.close()
