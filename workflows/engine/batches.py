"""Runs that were asked for at once, as Redis holds them together: what the batch is, and how its runs stand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import redis
from pydantic import TypeAdapter

from workflows.engine.clock import Clock
from workflows.engine.keys import for_good, key, millis, text, texts
from workflows.engine.run import Actor, Status

#: With which a batch's id begins. No runbook has it.
LETTER = "G"
#: Seconds: how long a batch is known, as long as its runs at least; and after which it is taken for whole, whoever was
#: beginning its runs.
KEEP, WHOLE = 430 * 86400, 900.0
#: So many runs are asked about at once.
_PAGE = 500


@dataclass(frozen=True)
class Batch:
    """`title` as a run's ("Backup of 12 servers"), `planned` how many runs were to be begun; `left` are sentences that
    say why some were not, `unseen` one of what may be missing among them, `whole` that none is begun any more. `again`
    counts how often what had failed was tried again as a whole. `key` is what no other batch ever has."""

    id: str
    title: str
    asked_by: Actor
    channel: str
    created: float
    planned: int
    via: Literal["slack", "shell", "schedule"] = "slack"
    reason: str = ""
    left: tuple[str, ...] = ()
    whole: bool = False
    again: int = 0
    key: str = ""
    unseen: str = ""


@dataclass(frozen=True)
class Member:
    """A run as far as it is told cheaply. `part` is how many of a hundred parts of its steps are done."""

    id: str
    server: str
    status: Status
    part: int


_BATCH = TypeAdapter(Batch)


def is_batch(name: str) -> bool:
    """Whether that is the id of a batch, not of a run."""
    return name.startswith(f"{LETTER}-")


class Batches:
    """Which runs belong together is written with each run, in store.py."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        self._redis = client
        self._clock = clock

    def open(self, planned: Batch, request: str) -> Batch:
        """Give it its id and save it; or find the one that the same request made before."""
        asked = key("asked", f"{request}/batch")
        batch_id = text(self._redis.get(asked) or "") if request else ""
        batch_id = batch_id or f"{LETTER}-{self._redis.incr(key('count', LETTER)):04d}"
        if request:
            self._redis.set(asked, batch_id, nx=True, ex=86400)
            batch_id = text(self._redis.get(asked) or batch_id)
        made = replace(planned, id=batch_id, key=for_good(batch_id), created=self._clock.now())
        self._redis.hsetnx(key("batch", batch_id), "head", _BATCH.dump_json(made).decode())
        self._redis.expire(key("batch", batch_id), KEEP)
        return self.read(batch_id) or made

    def close(self, batch: Batch, left: Sequence[str]) -> None:
        """All its runs are begun; `left` says why others were not. Without any it is forgotten."""
        name = key("batch", batch.id)
        if not self._redis.exists(key("batch", batch.id, "runs")):
            self._redis.delete(name)
            return
        whole = _BATCH.dump_json(replace(batch, left=tuple(left), whole=True)).decode()
        pipe = self._redis.pipeline()
        pipe.hset(name, "head", whole)
        pipe.hincrby(name, "rev", 1)
        pipe.zadd(key("unpainted"), {batch.id: millis(self._clock.now())}, nx=True)
        pipe.publish(key("unpainted", "nudge"), batch.id)
        pipe.execute()

    def stop(self, batch_id: str) -> None:
        """None of its runs is begun any more."""
        self._redis.hset(key("batch", batch_id), "stopped", "1")

    def stopped(self, batch_id: str) -> bool:
        return bool(self._redis.hexists(key("batch", batch_id), "stopped"))

    def tried_again(self, batch_id: str) -> None:
        """Its failed runs go on together: how they end is told anew."""
        self._redis.hincrby(key("batch", batch_id), "again", 1)

    def read(self, batch_id: str) -> Batch | None:
        """None for one that is not known (any more). Raises ValueError for what another version wrote."""
        head, again = cast(list[bytes | None], self._redis.hmget(key("batch", batch_id), ["head", "again"]))
        if head is None:
            return None
        found = _BATCH.validate_json(head)
        whole = found.whole or self._clock.now() > found.created + WHOLE
        return replace(found, whole=whole, again=int(again or 0), key=found.key or found.id)

    def members(self, batch_id: str) -> list[Member]:
        """Its runs in the order in which they were begun. One call for each five hundred."""
        ids = texts(self._redis.lrange(key("batch", batch_id, "runs"), 0, -1))
        found: list[Member] = []
        for start in range(0, len(ids), _PAGE):
            portion = ids[start : start + _PAGE]
            pipe = self._redis.pipeline(transaction=False)
            for each in portion:
                pipe.hmget(key("run", each), ["server", "status", "open", "part", "in_line"])
            found += [
                _member(name, row) for name, row in zip(portion, pipe.execute(), strict=True) if row[1] is not None
            ]
        return found

    def give_cards(self, run_ids: Sequence[str]) -> None:
        """From now on these runs have cards of their own, beside the batch's."""
        if not run_ids:
            return
        now = millis(self._clock.now())
        pipe = self._redis.pipeline()
        for each in run_ids:
            pipe.hset(key("run", each), "own", "1")
            pipe.zadd(key("unpainted"), {each: now}, nx=True)
        pipe.publish(key("unpainted", "nudge"), run_ids[0])
        pipe.execute()


def _member(name: str, row: list[Any]) -> Member:
    """A run that is tried again is as good as new until a worker has taken it up; and one that waits its turn stands in
    line, however far it has come."""
    server, status, is_open, part, in_line = row
    stands = Status(text(status))
    queues = is_open == b"1" and (not stands.open or in_line == b"1")
    return Member(name, text(server or b""), Status.QUEUED if queues else stands, int(part or 0))
