"""A chain of entries as runs leave it."""

from collections.abc import Sequence
from typing import Any

import redis

from tests.clock import HandClock
from tests.stage import Stage
from workflows import audit
from workflows.anchorage import Anchorage
from workflows.audit import Verdict, verify_export
from workflows.aws.objects import Objects
from workflows.chainer import Chainer
from workflows.engine.happened import Call, Event, Place
from workflows.engine.run import Actor
from workflows.engine.store import Store
from workflows.engine.trail import Trail

ADA = Actor("U1", "ada")
BUCKET = "example-audit"


def chainer(client: redis.Redis, clock: HandClock, days: float = 400) -> Chainer:
    return Chainer(Trail(client, clock), clock, days * 86400)


def anchorage(stage: Stage) -> Anchorage:
    """A worker's own."""
    return Anchorage(Objects("us-east-1", BUCKET, endpoint=stage.lab.url), "anchors/", "test", "COMPLIANCE", 400)


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


def anew(lines: Sequence[bytes], changed: int) -> list[dict[str, Any]]:
    """The chain made anew by somebody who has changed one entry: all digests from there on are right again."""
    last, forged = audit.BEGINNING, []
    for line in lines:
        made = audit.read(line.rstrip(b"\n"))
        assert made is not None
        told = {name: value for name, value in made.items() if name not in ("seq", "prev", "digest")}
        told = {**told, "what": "nothing"} if made["seq"] == changed else told
        forged.append(audit.sealed({**told, "seq": last.seq + 1, "prev": last.digest}))
        last = audit.link_of(forged[-1])
    return forged


def put_anew(client: redis.Redis, clock: HandClock, changed: int) -> None:
    """The chain in Redis made anew, as whoever can write there can."""
    forged = anew(exported(chainer(client, clock))[:-1], changed)
    client.delete("dr:audit", "dr:audit:head")
    head = audit.link_of(forged[-1])
    Trail(client, clock).append("", [audit.canonical(each) for each in forged], head.seq, head.digest, [])
