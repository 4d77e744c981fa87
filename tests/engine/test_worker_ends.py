"""A worker that is told to stop: what is in hand is done, nothing more is begun, and it does end."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event, Thread
from threading import enumerate as enumerate_threads
from typing import Any, cast

import pytest
import redis

from bot.hands import Hands, Slots, Threads
from bot.health import Health
from bot.sight import Sight
from bot.worker import Worker
from tests.clock import HandClock
from tests.engine.book import new_run
from workflows.chainer import Chainer
from workflows.engine.board import Board
from workflows.engine.engine import Engine
from workflows.engine.gauges import Gauges
from workflows.engine.pace import Pace
from workflows.engine.run import Run, Status, StepState
from workflows.engine.runbook import Runbook, step
from workflows.engine.store import Store
from workflows.engine.trail import Trail

#: Seconds that a worker may take before it counts as one that never ends.
LONG = 20.0


class Place:
    """What the step touches: `work` is what a run does."""

    def __init__(self) -> None:
        self.work: Callable[[], None] = lambda: None


@step("Work", gives="thing")
def work(home: Place) -> str:
    home.work()
    return "done"


BOOK = Runbook("drill", "D", "Work", ["wanted"], [work])


class Quiet:
    """Stands for what looks at AWS and keeps time, of which there is nothing here."""

    regions = ("us-east-1",)

    def take(self) -> None: ...

    def tick(self) -> None: ...


class Kept:
    """Stands for a bucket that takes as long as it wants: `meanwhile` is called while it is asked, and `sweeping` while
    it is asked for all."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self.sweeping: Callable[[], None] = lambda: None

    def keep(self, run_id: str) -> bool:
        self.asked.append(run_id)
        self.meanwhile()
        return True

    def sweep(self, going: Callable[[], bool]) -> int:
        self.sweeping()
        return 0


class Anchored:
    """Stands for the bucket of the audit's anchors: one came when `came` is set."""

    def __init__(self) -> None:
        self.came = Event()

    def keep(self, head: object, now: float) -> bool:
        self.came.set()
        return True


class Held(Threads):
    """Slots of which `taken` hears, between a dispatch's look at the worker and its job."""

    taken: Callable[[], None] = staticmethod(lambda: None)

    def take(self, many: int) -> None:
        super().take(many)
        if many > 0:
            self.taken()


class At:
    """One worker with one thread, on a thread of its own."""

    def __init__(self, store: Store, clock: HandClock, client: redis.Redis) -> None:
        self.place, self.stop, self.kept, self.anchored = Place(), Event(), Kept(), Anchored()
        engine = Engine(store, {"drill": BOOK}, {"home": lambda _: self.place}, clock, Pace())
        quiet = cast(Any, Quiet())
        self.worker = Worker(
            engine, store, Board(client), Chainer(Trail(client, clock), clock), quiet, quiet, self._of,
            cast(Any, self.kept), cast(Any, self.anchored),
        )  # fmt: skip
        health = Health(Sight(Gauges(client, clock)))
        self.thread = Thread(target=self.worker.work, args=(self.stop, health), daemon=True)

    def _of(self, hands: Hands) -> Slots:
        self.hands, self.slots = hands, Held(hands, 1)
        return self.slots

    def told_to_stop(self) -> None:
        """Comes back when the worker has begun to end."""
        self.stop.set()
        until = time.monotonic() + LONG
        while not (self.hands.resting and not self.worker._scheduler.running) and time.monotonic() < until:
            time.sleep(0.01)


@pytest.fixture
def at(store: Store, clock: HandClock, redis_client: redis.Redis) -> Iterator[At]:
    yield At(store, clock, redis_client)
    for each in enumerate_threads():
        if each.name == "nudges":
            each.join(LONG)


def started(store: Store, clock: HandClock, many: int) -> list[Run]:
    plain = tuple(StepState(each.name, each.title) for each in BOOK.steps)
    return [store.create(replace(new_run(store, clock, f"db-{n}"), steps=plain)) for n in range(many)]


def test_what_is_in_hand_is_done_and_nothing_more_is_begun(store: Store, clock: HandClock, at: At) -> None:
    runs = started(store, clock, 3)
    at.place.work = at.told_to_stop
    at.thread.start()
    at.thread.join(LONG)
    assert not at.thread.is_alive()
    assert [store.read(each.id).status for each in runs] == [Status.SUCCEEDED, Status.QUEUED, Status.QUEUED]


def test_a_job_that_comes_while_the_scheduler_waits_for_its_threads_does_not_keep_it_from_ending(
    store: Store, clock: HandClock, at: At
) -> None:
    (run,) = started(store, clock, 1)
    at.slots.taken = at.told_to_stop
    at.thread.start()
    at.thread.join(LONG)
    assert not at.thread.is_alive()
    assert store.read(run.id).status is Status.QUEUED, "whoever is next takes it up"


def test_reports_that_are_not_in_the_bucket_yet_do_not_keep_it_from_ending(
    store: Store, clock: HandClock, at: At
) -> None:
    runs = started(store, clock, 3)

    def all_have_ended_and_it_is_told_to_stop() -> None:
        until = time.monotonic() + LONG
        while any(store.read(each.id).status.open for each in runs) and time.monotonic() < until:
            time.sleep(0.01)
        at.told_to_stop()

    at.kept.meanwhile = all_have_ended_and_it_is_told_to_stop
    at.thread.start()
    at.thread.join(LONG)
    assert not at.thread.is_alive()
    assert {store.read(each.id).status for each in runs} == {Status.SUCCEEDED}
    assert at.kept.asked == [runs[0].id]
