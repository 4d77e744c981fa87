"""A chain of entries as runs leave it."""

from collections.abc import Sequence

import redis

from tests.clock import HandClock
from workflows.audit import Verdict, verify_export
from workflows.chainer import Chainer
from workflows.engine.happened import Call, Event, Place
from workflows.engine.run import Actor
from workflows.engine.store import Store
from workflows.engine.trail import Trail

ADA = Actor("U1", "ada")


def chainer(client: redis.Redis, clock: HandClock, days: float = 400) -> Chainer:
    return Chainer(Trail(client, clock), clock, days * 86400)


def happened(store: Store, clock: HandClock, count: int, first: int = 1, apart: float = 60.0) -> None:
    """So many things, a minute apart."""
    for number in range(first, first + count):
        calls = [Call("CreateImage", f"0a1b-{number}", "ok")] if number % 3 == 0 else []
        event = Event(f"/dr backup db-{number} ä “quoted”", ADA, Place("C1", "slack"), "B-0001", {"status": "queued"},
                      {"status": "running", "step": "create_image"}, calls)  # fmt: skip
        store.note("effect" if calls else "request", event)
        clock.forward(apart)


def exported(made: Chainer, since: float | None = None) -> list[bytes]:
    made.catch_up()
    return list(made.export(since))


def checked(lines: Sequence[bytes], anchor: str = "") -> Verdict:
    """As a file that holds these bytes is read."""
    return verify_export(b"".join(lines).splitlines(keepends=True), anchor)
