"""Runs that a worker lets go of without moving them: halted ones, and those that only another version can move."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import redis

from tests.clock import HandClock
from tests.engine.book import APPROVER, ASKER, new_run
from workflows.engine.engine import Engine
from workflows.engine.gauges import Gauges
from workflows.engine.halting import Halting
from workflows.engine.run import Run, StepState
from workflows.engine.store import LEFT_ALONE, Claim, Store

MINUTES = 4


def later(store: Store, clock: HandClock) -> Run:
    """A run of a version that knows a step more."""
    return store.create(
        replace(new_run(store, clock, "billing-db"), steps=(StepState("walk_on_water", "Walk on water"),))
    )


def looks(store: Store, clock: HandClock, engine: Engine) -> None:
    for _ in range(MINUTES * 12):
        for each in store.dispatch(10, 5):
            engine.advance(each)
        clock.forward(5)


def test_a_run_that_no_worker_understands_is_late_and_a_halted_one_is_not(
    store: Store, clock: HandClock, engine: Engine, redis_client: redis.Redis
) -> None:
    gauges = Gauges(redis_client, clock)
    run = store.create(new_run(store, clock))
    Halting(store).halt(ASKER, "an outage")
    looks(store, clock, engine)
    assert store.read(run.id).halted
    assert gauges.read().overdue < 2 * LEFT_ALONE
    Halting(store).resume(ASKER)
    later(store, clock)
    looks(store, clock, engine)
    assert gauges.read().overdue == MINUTES * 60


@pytest.mark.parametrize(
    "says",
    [
        lambda store, run: store.cancel(run, APPROVER),
        lambda store, run: Halting(store).resume(APPROVER),
    ],
)
def test_what_is_said_while_a_worker_lets_go_of_a_halted_run_is_heard_at_once(
    store: Store, clock: HandClock, engine: Engine, says: Callable[[Store, str], object]
) -> None:
    run = store.create(new_run(store, clock))
    Halting(store).halt(ASKER, "an outage")
    engine.advance(run.id)
    clock.forward(LEFT_ALONE)
    claim = store.begin(run.id, 60)
    assert isinstance(claim, Claim)
    says(store, run.id)
    store.release(claim, by_right=True)
    assert store.dispatch(10, 5) == [run.id]
    engine.advance(run.id)
    assert not store.read(run.id).halted or not store.read(run.id).status.open


def test_a_run_that_cannot_be_read_is_let_go_of_and_not_looked_at_without_a_pause(
    store: Store, clock: HandClock, engine: Engine, redis_client: redis.Redis
) -> None:
    run = store.create(new_run(store, clock))
    redis_client.hset(f"dr:run:{run.id}", "record", '{"of": "another version"}')
    Halting(store).halt(ASKER, "an outage")
    assert engine.advance(run.id) is None
    due = store.next_due()
    assert due is not None
    assert due == clock.now() + LEFT_ALONE
