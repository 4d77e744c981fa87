"""Runs, leases, hints and retries: on a real Redis."""

from typing import Any

import pytest

from tests.clock import HandClock
from tests.engine.book import ASKER, World, answer, drive, make_thing, new_run, wait_for_thing
from workflows.engine.engine import Engine
from workflows.engine.keys import key
from workflows.engine.looking import PAGE
from workflows.engine.pace import Pace
from workflows.engine.run import Status
from workflows.engine.runbook import Runbook, Step
from workflows.engine.store import KEEP_DAYS, Store
from workflows.errors import Busy


def test_a_run_goes_through_its_steps_waits_asks_and_ends(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    run = store.create(new_run(store, clock))
    drive(store, engine, clock, most=60)
    assert store.read(run.id).status is Status.WAITING
    world.ready = True
    drive(store, engine, clock, most=60)
    assert store.read(run.id).status is Status.ASKING
    assert answer(store, run, clock) == "done"
    drive(store, engine, clock)
    done = store.read(run.id)
    assert done.status is Status.SUCCEEDED
    assert world.did == ["make ami", "recheck", "destroy ami-1"]
    assert done.values["approval_terminate"]["answers"][0]["by"]["id"] == "U2"
    assert store.holder(run.target) is None


def test_only_a_step_that_makes_something_costs_a_commit_before_it_is_called(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    run = store.create(new_run(store, clock))
    engine.advance(store.dispatch(1, 5)[0])
    moved: Any = store.redis.xrange("dr:events")
    told = [fields[b"event"] for _, fields in moved]
    assert told == [b"begins make_thing", b"did make_thing", b"waits for ami-1"]
    assert store.read(run.id).step.started == clock.now()


def test_throttling_is_shown_and_mends_itself(store: Store, engine: Engine, clock: HandClock, world: World) -> None:
    world.trouble = 5
    run = store.create(new_run(store, clock))
    engine.advance(store.dispatch(1, 5)[0])
    assert store.read(run.id).step.trouble.startswith("throttled:")
    drive(store, engine, clock, most=120)
    assert world.did == ["make ami"]
    assert store.read(run.id).step.name == "wait_for_thing"


def test_a_failure_says_what_to_do_and_a_retry_goes_on_from_that_step(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    world.broken = True
    run = store.create(new_run(store, clock))
    drive(store, engine, clock)
    problem = store.read(run.id).problem
    assert problem is not None
    assert (problem.text, problem.hint) == ("It broke.", f"Mend it, then `/dr retry {run.id}`.")
    assert store.holder(run.target) is None
    world.broken = False
    assert store.retry(store.read(run.id), ASKER) == "done"
    assert store.retry(store.read(run.id), ASKER) == "already"
    drive(store, engine, clock, most=60)
    assert store.read(run.id).step.name == "wait_for_thing"


def test_a_retry_is_refused_while_another_run_holds_the_server(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    world.broken = True
    run = store.create(new_run(store, clock))
    drive(store, engine, clock)
    other = store.create(new_run(store, clock))
    with pytest.raises(Busy, match=other.id):
        store.retry(store.read(run.id), ASKER)


def test_one_run_at_a_time_changes_a_server_and_the_second_is_told_which(store: Store, clock: HandClock) -> None:
    first = store.create(new_run(store, clock))
    with pytest.raises(Busy, match=first.id):
        store.create(new_run(store, clock))
    assert store.create(new_run(store, clock, server="billing")).status is Status.QUEUED


def test_the_same_request_makes_one_run(store: Store, clock: HandClock) -> None:
    first = store.create(new_run(store, clock), request="trigger-1")
    assert store.create(new_run(store, clock), request="trigger-1").id == first.id


def test_hints_that_are_early_repeated_or_of_finished_runs_are_dropped(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    run = store.create(new_run(store, clock))
    assert engine.advance(run.id) is Status.WAITING
    assert engine.advance(run.id) is None
    assert engine.advance("D-9999") is None
    world.broken = True
    assert world.did == ["make ami"]


def test_a_worker_that_dies_holding_a_lease_is_replaced_when_the_lease_ends(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    run = store.create(new_run(store, clock))
    assert store.begin(run.id, lease=60) is not None
    assert engine.advance(run.id) is None
    clock.forward(61)
    assert store.dispatch(5, 5) == [run.id]
    assert engine.advance(run.id) is Status.WAITING
    assert world.did == ["make ami"]


def test_a_worker_that_wakes_after_its_lease_can_write_nothing(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    run = store.create(new_run(store, clock))
    frozen = store.begin(run.id, lease=60)
    assert frozen is not None
    clock.forward(61)
    engine.advance(run.id)
    before = store.read(run.id)
    late = store.commit(frozen.run, frozen.fence, due=0, lease_until=0, event="late")
    assert late.fenced
    assert store.read(run.id) == before


def test_a_step_that_kills_its_worker_again_and_again_ends_as_failed(
    store: Store, engine: Engine, clock: HandClock
) -> None:
    run = store.create(new_run(store, clock))
    for _ in range(Pace().deaths):
        assert store.begin(run.id, lease=60) is not None
        clock.forward(61)
    drive(store, engine, clock)
    failed = store.read(run.id)
    assert failed.status is Status.FAILED
    assert failed.problem is not None
    assert "died" in failed.problem.text
    assert f"`/dr retry {run.id}`" in failed.problem.hint


def test_dispatch_hands_each_due_run_to_one_caller(store: Store, clock: HandClock) -> None:
    ids = [store.create(new_run(store, clock, server=f"s{n}")).id for n in range(5)]
    got = store.dispatch(3, 5) + store.dispatch(3, 5)
    assert sorted(got) == sorted(ids)
    assert store.dispatch(3, 5) == []


def test_runs_that_wait_for_long_are_looked_at_together_and_those_that_do_not_each_in_its_time(
    store: Store, engine: Engine, clock: HandClock
) -> None:
    runs = []
    for number in range(4):
        runs.append(store.create(new_run(store, clock, server=f"s{number}")))
        engine.advance(runs[-1].id)
        clock.forward(0.2)
    first = {store.redis.zscore("dr:due", each.id) for each in runs}
    assert len(first) == len(runs)
    drive(store, engine, clock, most=60)
    later = [store.redis.zscore("dr:due", each.id) or 0.5 for each in runs]
    assert all(each % 1000 == 0 for each in later)
    assert len(set(later)) < len(runs)


def test_no_run_is_served_its_own_last_look() -> None:
    for looks in range(1, 40):
        for now in (0.0, 0.25, 0.499, 0.5, 0.501, 0.75, 0.999):  # longer looks fall on whole seconds
            assert Pace().stale(looks) < Pace().due(now, looks - 1) - now


def test_a_step_that_nobody_feeds_is_refused_when_the_runbook_is_made() -> None:
    with pytest.raises(ValueError, match="nobody feeds thing to the step wait_for_thing"):
        Runbook("x", "X", "x", [], [wait_for_thing])


def test_a_step_that_stands_twice_in_a_runbook_is_refused() -> None:
    assert isinstance(make_thing, Step)
    with pytest.raises(ValueError, match="make_thing stands in it twice"):
        Runbook("x", "X", "x", ["wanted"], [make_thing, make_thing])


def test_the_list_of_all_runs_is_as_long_as_they_are_kept(store: Store, clock: HandClock) -> None:
    store.create(new_run(store, clock))
    clock.forward(KEEP_DAYS * 86400 - 1)
    second = store.create(new_run(store, clock, "billing-db"))
    assert [len(page) for page in store.pages_since(0)] == [2]
    clock.forward(1)
    third = store.create(new_run(store, clock, "reports-db"))
    assert list(store.pages_since(0)) == [[second.id, third.id]]


def test_a_list_of_many_runs_is_read_in_pages_and_each_is_in_one_of_them(store: Store) -> None:
    """However many were asked for in the same moment, and whatever becomes of the older ones meanwhile."""
    moments = {f"B-{number:04d}": number // 700 for number in range(PAGE * 3)}
    store.redis.zadd(key("index"), moments)
    pages = store.pages_since(0)
    found = [next(pages), next(pages)]
    store.redis.zremrangebyscore(key("index"), 0, 0)
    store.redis.zadd(key("index"), {"B-9999": 3})
    found += pages
    assert [len(page) for page in found] == [PAGE, PAGE, PAGE, 1]
    assert [each for page in found for each in page] == [*moments, "B-9999"]
