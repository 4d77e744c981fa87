"""The worker as it is, which knows one more runbook: steps that do nothing, but for telling when.

`python -m benchmarks.noop` is that worker, in the environment of the Procfile's.
"""

import secrets
import signal
import time
from collections.abc import Callable
from functools import cache
from threading import Event
from typing import Any

import redis

from benchmarks.ground import OPERATOR
from bot import logs, worker
from bot.settings import load
from workflows.catalogue import RUNBOOKS
from workflows.engine.run import Run, StepState, Target
from workflows.engine.runbook import Runbook, Step, step_of
from workflows.engine.store import Store

#: Where the steps, and a peer's tasks, leave when they began: time.monotonic(), the same for all processes.
STAMPS = "bench:stamps"


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(load().environment.firedrill_redis_url)


def stamp() -> None:
    now = time.monotonic()
    _redis().rpush(STAMPS, now)


def nothing() -> None:
    pass


def _step(name: str, call: Callable[[], None]) -> Step:
    return step_of(name, name.replace("_", " ").capitalize(), call, {}, None)


FIRST = Runbook("bench-first", "N", "A step that says when it began", [], [_step("tell", stamp)])
MANY = Runbook(
    "bench-many", "M", "Steps that do nothing", [],
    [*(_step(f"step_{number}", nothing) for number in range(1, 10)), _step("tell", stamp)],
)  # fmt: skip


def new_run(store: Store, book: Runbook, now: float, **values: Any) -> Run:
    """A run of that runbook, on a server of its own, not saved yet."""
    run_id = store.next_id(book.letter)
    steps = tuple(StepState(each.name, each.title) for each in book.steps)
    return Run(
        run_id, f"{run_id}-{secrets.token_hex(4)}", book.name, book.title, Target(run_id, "0" * 12, "us-east-1"),
        OPERATOR, "", now, steps, values,
    )  # fmt: skip


def main() -> None:
    for book in (FIRST, MANY):
        RUNBOOKS[book.name] = book
    logs.configure("WARNING")
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    worker.run(load(), stop)


if __name__ == "__main__":
    main()
