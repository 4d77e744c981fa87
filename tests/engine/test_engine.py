"""The engine on a real Redis, with runbooks that touch nothing else."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import HandClock
from workflows.engine.approval import Approval, approval
from workflows.engine.engine import Engine, Pace
from workflows.engine.run import Actor, Answer, Run, Status, StepState, Target
from workflows.engine.runbook import Ask, Runbook, Step, Wait, step
from workflows.engine.store import Store
from workflows.errors import Busy, NotSafe, RunFailed, Throttled

ASKER = Actor("U1", "ada")
APPROVER = Actor("U2", "bo")


class World:
    """What the steps of these tests touch."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.ready = False
        self.trouble = 0
        self.broken = False
        self.safe = True
        self.on_destroy: Callable[[], None] = lambda: None


def question(home: World) -> Ask:
    return Ask("Terminate it?", "Approve termination", (("Instance", "i-1"),), "Terminate i-1?", minutes=30)


def look_again(home: World) -> None:
    home.did.append("recheck")
    if not home.safe:
        raise NotSafe("The image is gone.")


@step("Make a thing", gives="thing", effect=True)
def make_thing(home: World, wanted: str, run_key: str) -> str:
    if home.trouble:
        home.trouble -= 1
        raise Throttled("AWS asks for fewer calls.")
    if home.broken:
        raise RunFailed("It broke.", "Mend it.")
    home.did.append(f"make {wanted}")
    return f"{wanted}-1"


@step("Wait for it")
def wait_for_thing(home: World, thing: str, kept: dict[str, Any]) -> Wait | None:
    return None if home.ready else Wait(thing, "not yet", up_to=600, keep={"looks": kept.get("looks", 0) + 1})


@step("Destroy it", no_return=True)
def destroy(home: World, thing: str, approval_terminate: Approval) -> None:
    home.on_destroy()
    home.did.append(f"destroy {thing}")


BOOK = Runbook(
    "drill", "D", "Live drill", ["wanted"],
    [make_thing, wait_for_thing, approval("terminate", title="Ask", ask=question, recheck=look_again), destroy],
)  # fmt: skip


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def engine(store: Store, clock: HandClock, world: World, rng: random.Random) -> Engine:
    return Engine(store, {"drill": BOOK}, {"home": lambda run: world}, clock, Pace(), rng)


def new_run(store: Store, clock: HandClock, server: str = "orders-db") -> Run:
    run_id = store.next_id("D")
    return Run(
        id=run_id, key=f"{run_id}-0123abcd", runbook="drill", title="Live drill", target=Target(server, "0", "r"),
        asked_by=ASKER, channel="C1", created=clock.now(), values={"wanted": "ami"},
        steps=tuple(StepState(each.name, each.title) for each in BOOK.steps),
    )  # fmt: skip


def drive(store: Store, engine: Engine, clock: HandClock, most: float = 7200) -> None:
    """Dispatch and advance whatever is due, moving the clock, until nothing is due within `most` seconds."""
    until = clock.now() + most
    while (due := store.next_due()) is not None and due <= until:
        clock.time = max(clock.time, due)
        for run_id in store.dispatch(10, pause=5):
            engine.advance(run_id)


def answer(store: Store, run: Run, clock: HandClock, approved: bool = True) -> str:
    asked = store.read(run.id).question
    assert asked is not None
    return store.answer(run.id, Answer(asked.id, approved, APPROVER, clock.now(), asked.expires_at))[0]


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
    assert done.values["approval_terminate"]["by"]["id"] == "U2"
    assert store.holder(run.target) is None


def test_only_the_first_answer_counts_and_the_second_is_told_of_it(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    world.ready = True
    run = store.create(new_run(store, clock))
    drive(store, engine, clock, most=60)
    asked = store.read(run.id).question
    assert asked is not None
    assert answer(store, run, clock, approved=False) == "done"
    word, prior = store.answer(run.id, Answer(asked.id, True, ASKER, clock.now(), asked.expires_at))
    assert word == "already"
    assert prior is not None
    assert prior.by == APPROVER
    drive(store, engine, clock)
    assert store.read(run.id).status is Status.REJECTED
    assert world.did == ["make ami"]


def test_an_approval_that_the_worker_meets_after_its_expiry_destroys_nothing(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    world.ready = True
    run = store.create(new_run(store, clock))
    drive(store, engine, clock, most=60)
    assert answer(store, run, clock) == "done"
    clock.forward(31 * 60)
    drive(store, engine, clock)
    assert store.read(run.id).status is Status.EXPIRED
    assert world.did == ["make ami"]


def test_an_answer_after_the_expiry_is_refused(store: Store, engine: Engine, clock: HandClock, world: World) -> None:
    world.ready = True
    run = store.create(new_run(store, clock))
    drive(store, engine, clock, most=60)
    clock.forward(30 * 60)
    assert answer(store, run, clock) == "expired"


def test_a_doubt_at_the_click_fails_the_run_and_a_retry_asks_anew(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    world.ready, world.safe = True, False
    run = store.create(new_run(store, clock))
    drive(store, engine, clock, most=60)
    answer(store, run, clock)
    drive(store, engine, clock)
    assert store.read(run.id).problem is not None
    assert "destroy ami-1" not in world.did
    world.safe = True
    assert store.retry(store.read(run.id), ASKER) == "done"
    drive(store, engine, clock, most=60)
    again = store.read(run.id)
    assert again.status is Status.ASKING
    assert again.question is not None
    assert again.question.id.endswith(":2")


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
    assert (problem.text, problem.hint) == ("It broke.", "Mend it.")
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


def test_a_waiting_run_is_cancelled_and_gives_its_server_back(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    run = store.create(new_run(store, clock))
    drive(store, engine, clock, most=10)
    assert store.cancel(run.id, ASKER) == "done"
    assert store.cancel(run.id, ASKER) == "already"
    drive(store, engine, clock, most=10)
    assert store.read(run.id).status is Status.CANCELLED
    assert store.holder(run.target) is None
    assert store.cancel(run.id, ASKER) == "ended"


def test_a_cancel_that_comes_while_a_step_runs_stops_the_run_before_the_point_of_no_return(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    """The approval's recheck runs; meanwhile somebody cancels. The intent to destroy must not be recorded."""
    world.ready = True
    run = store.create(new_run(store, clock))
    drive(store, engine, clock, most=60)
    answer(store, run, clock)
    world.did = _CancelOnRecheck(store, run.id)
    drive(store, engine, clock)
    assert store.read(run.id).status is Status.CANCELLED
    assert "destroy ami-1" not in world.did


class _CancelOnRecheck(list[str]):
    def __init__(self, store: Store, run_id: str) -> None:
        super().__init__()
        self._cancel = lambda: store.cancel(run_id, ASKER)

    def append(self, item: str) -> None:
        super().append(item)
        if item == "recheck":
            assert self._cancel() == "done"


def test_past_the_point_of_no_return_nothing_is_cancelled(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    world.ready = True
    run = store.create(new_run(store, clock))
    drive(store, engine, clock, most=60)
    answer(store, run, clock)
    words: list[str] = []
    world.on_destroy = lambda: words.append(store.cancel(run.id, ASKER))
    drive(store, engine, clock)
    assert words == ["no return"]
    assert store.read(run.id).status is Status.SUCCEEDED


def test_hints_that_are_early_repeated_or_of_finished_runs_are_dropped(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    run = store.create(new_run(store, clock))
    assert engine.advance(run.id) is True
    assert engine.advance(run.id) is False
    assert engine.advance("D-9999") is False
    world.broken = True
    assert world.did == ["make ami"]


def test_a_worker_that_dies_holding_a_lease_is_replaced_when_the_lease_ends(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    run = store.create(new_run(store, clock))
    assert store.begin(run.id, lease=60) is not None
    assert engine.advance(run.id) is False
    clock.forward(61)
    assert store.dispatch(5, 5) == [run.id]
    assert engine.advance(run.id) is True
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


def test_dispatch_hands_each_due_run_to_one_caller(store: Store, clock: HandClock) -> None:
    ids = [store.create(new_run(store, clock, server=f"s{n}")).id for n in range(5)]
    got = store.dispatch(3, 5) + store.dispatch(3, 5)
    assert sorted(got) == sorted(ids)
    assert store.dispatch(3, 5) == []


def test_a_step_that_nobody_feeds_is_refused_when_the_runbook_is_made() -> None:
    with pytest.raises(ValueError, match="nobody feeds thing to the step wait_for_thing"):
        Runbook("x", "X", "x", [], [wait_for_thing])


def test_a_step_that_stands_twice_in_a_runbook_is_refused() -> None:
    assert isinstance(make_thing, Step)
    with pytest.raises(ValueError, match="make_thing stands in it twice"):
        Runbook("x", "X", "x", ["wanted"], [make_thing, make_thing])
