"""A runbook that touches nothing but memory, and what drives its runs."""

from collections.abc import Callable
from typing import Any

from tests.clock import HandClock
from workflows.engine.approval import Approval, approval
from workflows.engine.engine import Engine
from workflows.engine.run import Actor, Answer, Run, StepState, Target
from workflows.engine.runbook import Ask, Runbook, Wait, step
from workflows.engine.store import Store
from workflows.errors import NotSafe, RunFailed, Throttled

ASKER = Actor("U1", "ada")
APPROVER = Actor("U2", "bo")
THIRD = Actor("U3", "cy")


class World:
    """What the steps of these tests touch."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.ready = False
        self.trouble = 0
        self.broken = False
        self.safe = True
        self.needed = 1
        self.on_destroy: Callable[[], None] = lambda: None


def question(home: World) -> Ask:
    return Ask(
        "Terminate it?", "Approve termination", (("Instance", "i-1"),), "Terminate i-1?", minutes=30, needed=home.needed
    )


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
        raise RunFailed("It broke.", "Mend it, then `/dr retry`.")
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
