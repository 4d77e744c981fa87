"""What a step holds for the steps after it is let go when the run ends in between."""

import random

import pytest

from tests.clock import HandClock
from tests.engine.book import ASKER, World, drive, make_thing, new_run
from workflows.engine.engine import Engine
from workflows.engine.halting import Halting
from workflows.engine.pace import Pace
from workflows.engine.run import Run, Status, StepState
from workflows.engine.runbook import Release, Runbook, Wait, step
from workflows.engine.store import Store
from workflows.errors import Unreachable


@step("Let go")
def let_go(home: World, wanted: str) -> None:
    if not home.safe:
        raise Unreachable("No answer.")
    home.did.append(f"let go of {wanted}")


@step("Hold it", gives="held", effect=True, release=Release(let_go, until="put_down"))
def hold(home: World, wanted: str) -> str:
    home.did.append(f"hold {wanted}")
    return wanted


@step("Look")
def look(home: World, kept: dict[str, object]) -> Wait | None:
    return None if home.ready else Wait("it", "not yet", up_to=60)


@step("Put it down", when=lambda values: not values.get("bare"))
def put_down(home: World, held: str = "nothing") -> None:
    home.did.append(f"put down {held}")


@step("Go on")
def go_on(home: World) -> Wait:
    return Wait("what never comes", "not yet", up_to=60)


BOOK = Runbook("drill", "D", "Holding", ["wanted"], [hold, look, make_thing, put_down, go_on])


@pytest.fixture
def engine(store: Store, clock: HandClock, world: World, rng: random.Random) -> Engine:
    return Engine(store, {"drill": BOOK}, {"home": lambda run: world}, clock, Pace(), rng)


@pytest.fixture
def run(store: Store, clock: HandClock) -> Run:
    plain = new_run(store, clock)
    steps = tuple(StepState(each.name, each.title) for each in BOOK.plan(plain.values))
    return store.create(Run(**{**vars(plain), "steps": steps}))


def test_a_run_that_is_cancelled_while_it_holds_lets_go(
    store: Store, engine: Engine, clock: HandClock, world: World, run: Run
) -> None:
    drive(store, engine, clock, most=10)
    store.cancel(run.id, ASKER)
    drive(store, engine, clock, most=10)
    assert store.read(run.id).status is Status.CANCELLED
    assert world.did == ["hold ami", "let go of ami"]


def test_a_run_that_fails_while_it_holds_lets_go_and_a_retry_holds_again(
    store: Store, engine: Engine, clock: HandClock, world: World, run: Run
) -> None:
    world.ready, world.broken = True, True
    drive(store, engine, clock)
    failed = store.read(run.id)
    assert failed.problem is not None
    assert (failed.problem.step, failed.problem.again_from) == ("make_thing", "hold")
    world.broken = False
    store.retry(failed, ASKER)
    drive(store, engine, clock, most=60)
    assert world.did == ["hold ami", "let go of ami", "hold ami", "make ami", "put down ami"]


def test_a_wait_in_vain_lets_go_too(store: Store, engine: Engine, clock: HandClock, world: World, run: Run) -> None:
    drive(store, engine, clock)
    assert store.read(run.id).status is Status.FAILED
    assert world.did == ["hold ami", "let go of ami"]


def test_a_run_that_is_halted_while_it_holds_lets_go_and_holds_again_when_all_goes_on(
    store: Store, engine: Engine, clock: HandClock, world: World, run: Run
) -> None:
    drive(store, engine, clock, most=10)
    halting = Halting(store)
    halting.halt(ASKER, "a storm")
    drive(store, engine, clock, most=3600)
    stood = store.read(run.id)
    assert (stood.step.name, stood.step.state, stood.halted is not None) == ("hold", "waiting", True)
    assert world.did == ["hold ami", "let go of ami"]
    world.ready = True
    halting.resume(ASKER)
    drive(store, engine, clock, most=60)
    assert world.did == ["hold ami", "let go of ami", "hold ami", "make ami", "put down ami"]
    assert store.read(run.id).retries == 1, "what was let go is held by another name"


def test_what_cannot_be_let_go_does_not_keep_the_run_from_ending(
    store: Store, engine: Engine, clock: HandClock, world: World, run: Run
) -> None:
    world.safe = False
    drive(store, engine, clock, most=10)
    store.cancel(run.id, ASKER)
    drive(store, engine, clock, most=10)
    assert store.read(run.id).status is Status.CANCELLED


def test_what_was_put_down_is_not_let_go_when_the_run_ends_later(
    store: Store, engine: Engine, clock: HandClock, world: World, run: Run
) -> None:
    world.ready = True
    drive(store, engine, clock)
    assert store.read(run.id).status is Status.FAILED
    assert world.did == ["hold ami", "make ami", "put down ami"]


def test_a_step_stands_in_the_plan_only_where_it_is_wanted() -> None:
    assert [each.name for each in BOOK.plan({"bare": True})] == ["hold", "look", "make_thing", "go_on"]


def test_an_argument_with_a_default_may_stay_unfed(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    world.ready = True
    plain = new_run(store, clock)
    store.create(Run(**{**vars(plain), "steps": (StepState("put_down", "Put it down"),)}))
    drive(store, engine, clock)
    assert world.did == ["put down nothing"]
