"""Runs as Redis holds them: what moves none of them."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import cast

import redis

from workflows.engine.batches import is_batch
from workflows.engine.clock import Clock
from workflows.engine.inbox import Inbox, halt_from_json, inbox_of
from workflows.engine.keys import key, lock_key, millis, text, texts
from workflows.engine.run import Halt, Run, Target, from_json
from workflows.errors import UnknownRun, UserError

#: So many are asked about at once.
PAGE = 500

#: keys: run   argv: revision. What Redis holds no more does not come back by this.
KEEP = """
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'kept', ARGV[1]) end
return 1
"""


class Looking:
    """Times go out as seconds of the shared clock."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        self.redis = client
        self.clock = clock
        self._keep = client.register_script(KEEP)

    def read(self, run_id: str) -> Run:
        """Raises UnknownRun, and UserError for the record of a version that this one cannot read."""
        record = cast(bytes | None, self.redis.hget(key("run", run_id), "record"))
        if record is None:
            raise UnknownRun(run_id, is_batch(run_id))
        try:
            return from_json(record)
        except ValueError as error:
            raise UserError(
                f"`{run_id}` was written by another version of Firedrill.", "Update this process."
            ) from error

    def inbox(self, run_id: str) -> Inbox:
        """What people have said to the run."""
        return inbox_of([part for pair in self.redis.hgetall(key("inbox", run_id)).items() for part in pair])

    def latest(self, most: int, letter: str = "") -> list[Run]:
        """The newest runs first; of the latest so many, those whose ids begin with that letter, if one is given."""
        ids = texts(self.redis.zrevrange(key("index"), 0, most - 1))
        return self._readable([each for each in ids if each.startswith(letter)])

    def asked_since(self, at: float) -> Iterator[Run]:
        """Those that were asked for then or later, the oldest first, one at a time: they may be many."""
        for page in self.pages_since(at):
            for each in page:
                yield from self._readable([each])

    def pages_since(self, at: float) -> Iterator[list[str]]:
        """The ids of those that were asked for then or later, the oldest first; a page is read when it is wanted."""
        low, tied = millis(at), 0
        while page := self._page(low, tied):
            yield [each.decode() for each, _ in page]
            last = int(page[-1][1])
            ties = sum(score == last for _, score in page)
            low, tied = last, ties + (tied if last == low else 0)

    def _page(self, low: int, tied: int) -> list[tuple[bytes, float]]:
        """From that moment on, without the first so many, which were asked for in it."""
        found = self.redis.zrangebyscore(key("index"), low, "+inf", tied, PAGE, withscores=True)
        return cast(list[tuple[bytes, float]], found)

    def unkept(self, ids: Sequence[str]) -> dict[str, str]:
        """Which of them have ended, and the revision of each, unless `keep` was told that one. No record is read."""
        fields = fields_of(self.redis, "run", ids, "open", "rev", "kept")
        ended = {each: (rev, kept) for each, (is_open, rev, kept) in zip(ids, fields, strict=True) if is_open == b"0"}
        return {each: text(rev) for each, (rev, kept) in ended.items() if rev != kept}

    def keep(self, run_id: str, revision: str) -> None:
        """What there is to keep of that revision of an ended run is kept elsewhere."""
        self._keep(keys=[key("run", run_id)], args=[revision])

    def any_open(self, ids: Sequence[str]) -> bool:
        """Whether one of them goes on. What Redis holds no more has ended."""
        return any(is_open == b"1" for (is_open,) in fields_of(self.redis, "run", ids, "open"))

    def open_runs(self) -> list[Run]:
        """All runs that are going on, the oldest first."""
        found = self._readable(texts(self.redis.zrange(key("due"), 0, -1)))
        return sorted((run for run in found if run.status.open), key=lambda run: run.created)

    def _readable(self, ids: Sequence[str]) -> list[Run]:
        """What has outlived its keeping, or is of another version, is skipped."""
        runs = []
        for each in ids:
            with suppress(UserError):
                runs.append(self.read(each))
        return runs

    def next_due(self) -> float | None:
        """When the earliest open run is due, in seconds of the shared clock."""
        first = cast(list[tuple[bytes, float]], self.redis.zrange(key("due"), 0, 0, withscores=True))
        return first[0][1] / 1000 if first else None

    def holder(self, target: Target) -> str | None:
        """The run that is changing a server."""
        held = cast(bytes | None, self.redis.get(lock_key(target)))
        return held.decode() if held else None

    def asked(self, request: str) -> str | None:
        """The run that came of a request, as long as that is known."""
        found = cast(bytes | None, self.redis.get(key("asked", request)))
        return found.decode() if found else None

    def halt(self) -> Halt | None:
        """The halt that stands, if there is one."""
        text = cast(bytes | None, self.redis.get(key("halt")))
        return halt_from_json(text) if text else None


def fields_of(client: redis.Redis, kind: str, ids: Sequence[str], *names: str) -> list[list[bytes | None]]:
    """Those fields of each one's hash, of many with one call."""
    found: list[list[bytes | None]] = []
    for at in range(0, len(ids), PAGE):
        with client.pipeline(transaction=False) as pipe:
            for each in ids[at : at + PAGE]:
                pipe.hmget(key(kind, each), list(names))
            found += pipe.execute()
    return found
