"""How the cost of a run grows with how many there are: up to a thousand really run, more only stand in Redis.

Those are copies of one record, which wait until long after the end: what is measured is Redis, and the scripts that
move runs in it.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import redis

from benchmarks.budgets import TIMES, Budget, Curves, Measured, Outcome, number
from benchmarks.ground import Ground, say
from benchmarks.noop import MANY, STAMPS, new_run
from benchmarks.processes import Child
from practice.redis_server import RedisServer
from workflows.engine.clock import SharedClock
from workflows.engine.connection import connect
from workflows.engine.run import Run
from workflows.engine.store import Store

TITLE = "Growth: what a run costs among 1 to 100,000 of them"
FLAT = Budget("moving a run among 100,000, beside moving the only one", 1.5, TIMES)
BUDGETS = (FLAT,)
#: Seconds ahead: nothing that only stands in Redis becomes due.
_LATER = 1e6
_MOVES = ("idle tick", "dispatch", "begin", "commit")
#: Records that are put into Redis in one go.
_BATCH = 2000
T = TypeVar("T")


def options(parser: argparse.ArgumentParser) -> None:
    """What of this benchmark can be asked for otherwise."""
    parser.add_argument("--really", type=int, default=1000, help="the most runs that are really run (1000)")
    parser.add_argument("--standing", type=int, default=100_000, help="the most runs that stand in Redis (100000)")
    parser.add_argument("--samples", type=int, default=200, help="how often each move is measured (200)")


def run(options: argparse.Namespace) -> Outcome:
    real = _really(options.really) if options.really else {}
    with tempfile.TemporaryDirectory(prefix="firedrill-bench-") as folder:
        server = RedisServer(Path(folder))
        client = connect(server.start())
        try:
            still = Still(Store(client, SharedClock(client)))
            moves = {many: still.measured(many, options.samples) for many in _powers(options.standing)}
        finally:
            server.stop()
    for many, each in moves.items():
        parts = ", ".join(f"{name} {each[name]:.2f} ms" for name in _MOVES)
        say(f"{many:7,} standing: {parts}; {each['kB a run']:.1f} kB of Redis's memory a run")
    return _outcome(real, moves)


def _powers(most: int) -> list[int]:
    return [10**power for power in range(len(str(most))) if 10**power <= most]


def _really(most: int) -> dict[int, dict[str, float]]:
    """Runs of ten steps that do nothing, asked for at once: seconds from the asking to the last, and ms a run."""
    found = {}
    with (
        tempfile.TemporaryDirectory(prefix="firedrill-bench-") as folder,
        Ground(Path(folder)) as ground,
        Child("benchmarks.noop", environment=ground.environment("worker"), log=ground.folder / "noop.log"),
        redis.Redis.from_url(ground.redis.url, socket_timeout=None) as client,
    ):
        store = ground.store()
        _run(store, client, 1)
        for many in _powers(most):
            seconds = _run(store, client, many)
            found[many] = {"seconds": seconds, "ms a run": seconds / many * 1000}
            each = f"{seconds:.2f} s, {found[many]['ms a run']:.1f} ms a run"
            say(f"{many:7,} really run, {len(MANY.steps)} steps each: {each}")
    return found


def _run(store: Store, client: redis.Redis, many: int) -> float:
    began, last = time.monotonic(), 0.0
    for _ in range(many):
        store.create(new_run(store, MANY, store.clock.now()))
    for _ in range(many):
        got: Any = client.blpop([STAMPS], timeout=120)
        if got is None:
            raise TimeoutError(f"not all of {many} runs have ended")
        last = max(last, float(got[1]))
    return last - began


class Still:
    """Runs that stand in Redis, and one among them that is moved."""

    def __init__(self, store: Store) -> None:
        self._store, self._redis = store, store.redis
        self._mover = store.create(new_run(store, MANY, store.clock.now()))
        self._there = 1
        self._empty = self._used()

    def measured(self, many: int, samples: int) -> dict[str, float]:
        """Milliseconds of each move of one run while so many stand, medians; and Redis's memory for each of them."""
        self._fill(many)
        took: dict[str, list[float]] = {name: [] for name in _MOVES}
        for _ in range(samples):
            self._cycle(took)
        size = (self._used() - self._empty) / 1000 / (many - 1) if many > 1 else 0.0
        return {name: statistics.median(each) for name, each in took.items()} | {"kB a run": size}

    def _cycle(self, took: dict[str, list[float]]) -> None:
        """A tick that finds nothing, then one run that becomes due and is moved: what a worker does with it."""
        store, mover = self._store, self._mover
        self._due(mover, store.clock.now() + _LATER)
        _timed(took["idle tick"], lambda: store.dispatch(8, 5))
        self._due(mover, store.clock.now() - 1)
        _timed(took["dispatch"], lambda: store.dispatch(8, 5))
        claim = _timed(took["begin"], lambda: store.begin(mover.id, 60))
        if claim is None:
            raise RuntimeError(f"{mover.id} cannot be begun")
        later, fence = store.clock.now() + _LATER, claim.fence
        _timed(took["commit"], lambda: store.commit(mover, fence, due=later, lease_until=0, event="waits"))

    def _due(self, run: Run, at: float) -> None:
        self._redis.hset(f"dr:run:{run.id}", "due", round(at * 1000))
        self._redis.zadd("dr:due", {run.id: round(at * 1000)})

    def _fill(self, many: int) -> None:
        """Copies of the one record, each with its place in what is due and in the index."""
        self._due(self._mover, self._store.clock.now() + _LATER)
        record = self._redis.hgetall(f"dr:run:{self._mover.id}")
        now = round(self._store.clock.now() * 1000)
        while self._there < many:
            names = [f"M-9{self._there + at:06d}" for at in range(min(_BATCH, many - self._there))]
            with self._redis.pipeline(transaction=False) as pipe:
                for name in names:
                    pipe.hset(f"dr:run:{name}", mapping=record)  # type: ignore[arg-type]
                pipe.zadd("dr:due", dict.fromkeys(names, now + round(_LATER * 1000)))
                pipe.zadd("dr:index", dict.fromkeys(names, now))
                pipe.execute()
            self._there += len(names)

    def _used(self) -> int:
        return int(self._redis.info("memory")["used_memory"])


def _timed(took: list[float], call: Callable[[], T]) -> T:
    began = time.perf_counter()
    given = call()
    took.append((time.perf_counter() - began) * 1000)
    return given


def _outcome(real: dict[int, dict[str, float]], moves: dict[int, dict[str, float]]) -> Outcome:
    few, many = min(moves), max(moves)
    one, all_ = (sum(moves[number_][name] for name in _MOVES[1:]) for number_ in (few, many))
    size = moves[many]["kB a run"]
    curves = {name: tuple((float(n), each[name]) for n, each in moves.items()) for name in _MOVES}
    curves["a run of ten steps, really"] = tuple((float(n), each["ms a run"]) for n, each in real.items())
    return Outcome(
        (
            Measured(
                FLAT, all_ / one, f"{number(all_)} ms among {many:,}, {number(one)} ms alone; {number(size)} kB a run"
            ),
        ),
        {"really_run": real, "standing": moves},
        (Curves("What a run costs, the more there are", "runs", "ms", curves),),
    )
