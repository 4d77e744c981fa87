"""Firedrill's worker and the queues that it is measured beside: all started, and asked for work in one way.

The queues have a Redis of their own as it comes, which keeps nothing on disk; Firedrill's syncs every write.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import redis

from benchmarks.ground import Ground
from benchmarks.noop import FIRST, MANY, new_run
from benchmarks.peers import tasks
from benchmarks.processes import Child
from practice.redis_server import RedisServer

OURS = "Firedrill"
PEERS = ("Celery", "Dramatiq", "RQ", "RQ without fork", "APScheduler")
#: What starts a peer's worker.
_WORKERS = {
    "Celery": ("celery", "-A", "benchmarks.peers.celery_queue", "worker", "--pool", "threads", "--concurrency",
               str(tasks.THREADS), "--loglevel", "ERROR"),
    "Dramatiq": ("dramatiq", "benchmarks.peers.dramatiq_queue", "--processes", "1", "--threads", str(tasks.THREADS)),
    "RQ": ("rq.cli", "worker", "--quiet", "--url", "{url}/2", "fork"),
    "RQ without fork": ("rq.cli", "worker", "--quiet", "--worker-class", "rq.SimpleWorker", "--url", "{url}/2", "own"),
    "APScheduler": ("benchmarks.peers.apscheduler_queue",),
}  # fmt: skip
#: Tasks in one burst: a second or two for each.
_MOST = {"Celery": 500, "Dramatiq": 1000, "RQ": 40, "RQ without fork": 400, "APScheduler": 1000}


@dataclass(frozen=True)
class Queue:
    """`ask(n)` asks for n steps, or tasks, that do nothing, and gives how many stamps come of them, in `redis`."""

    name: str
    child: Child
    ask: Callable[[int], int]
    most: int
    redis: redis.Redis


@contextmanager
def queues(ground: Ground, peers: Sequence[str]) -> Iterator[list[Queue]]:
    """All of them at work, ours first. Raises ImportError when a peer is not installed."""
    with ExitStack() as stack:
        worker = Child("benchmarks.noop", environment=ground.environment("worker"), log=ground.folder / "noop.log")
        found = [Queue(OURS, stack.enter_context(worker), _ours(ground), 2000, _patient(stack, ground.redis.url))]
        if peers:
            server = RedisServer(ground.folder / "peers")
            stack.callback(server.stop)
            tasks.URL = server.start().rpartition("/")[0]
            shared = _patient(stack, server.url)
            shared.config_set("appendonly", "no")
        for name in peers:
            words = [word.format(url=tasks.URL) for word in _WORKERS[name]]
            log = ground.folder / f"{name.lower().replace(' ', '-')}.log"
            child = stack.enter_context(Child(*words, environment={"BENCH_REDIS_URL": tasks.URL}, log=log))
            found.append(Queue(name, child, _peers(name), _MOST[name], shared))
        yield found


def _patient(stack: ExitStack, url: str) -> redis.Redis:
    """A client that may wait as long as it is told to."""
    client: redis.Redis = redis.Redis.from_url(url, socket_timeout=None)
    stack.callback(client.close)
    return client


def _ours(ground: Ground) -> Callable[[int], int]:
    """One step is a run of one; more are runs of ten steps, each of which leaves a stamp."""
    store = ground.store()

    def ask(steps: int) -> int:
        book = FIRST if steps == 1 else MANY
        runs = max(1, steps // len(book.steps))
        for _ in range(runs):
            store.create(new_run(store, book, store.clock.now()))
        return runs

    return ask


def _peers(name: str) -> Callable[[int], int]:
    send = _senders()[name]()

    def ask(number: int) -> int:
        for each in range(number):
            send(each, number)
        return 1

    return ask


def _senders() -> dict[str, Callable[[], Callable[[int, int], Any]]]:
    def celery() -> Callable[[int, int], Any]:
        return import_module("benchmarks.peers.celery_queue").task.delay  # type: ignore[no-any-return]

    def dramatiq() -> Callable[[int, int], Any]:
        return import_module("benchmarks.peers.dramatiq_queue").actor.send  # type: ignore[no-any-return]

    def rq(queue: str) -> Callable[[], Callable[[int, int], Any]]:
        def made() -> Callable[[int, int], Any]:
            kept = import_module("rq").Queue(queue, connection=redis.Redis.from_url(f"{tasks.URL}/2"))
            return lambda number, of: kept.enqueue(tasks.work, number, of, result_ttl=0)

        return made

    def apscheduler() -> Callable[[int, int], Any]:
        kept = import_module("benchmarks.peers.apscheduler_queue").scheduler()
        kept.start(paused=True)
        return lambda number, of: kept.add_job(tasks.work, args=[number, of])

    return {
        "Celery": celery, "Dramatiq": dramatiq, "RQ": rq("fork"), "RQ without fork": rq("own"),
        "APScheduler": apscheduler,
    }  # fmt: skip
