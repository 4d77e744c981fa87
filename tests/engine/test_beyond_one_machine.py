"""Hints over Celery's queue, and a failover of Redis: what may be lost, late or repeated, and changes nothing."""

import socket
import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from threading import Thread

import pytest
import redis

from bot.celery_engine import Sent, app_over
from bot.hands import Hands
from practice.redis_server import RedisServer
from tests.clock import HandClock
from tests.engine.book import new_run
from tests.hints import Hints
from workflows.engine.engine import Engine
from workflows.engine.pace import Pace
from workflows.engine.run import Run, Status, StepState
from workflows.engine.runbook import Runbook, step
from workflows.engine.store import Store

LEASE, WAITING = 5.0, 10


class Slow:
    """What the step touches: each call takes a second of everybody's time."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self.did: Counter[str] = Counter()

    def work(self, run_id: str) -> None:
        self._clock.forward(1)
        self.did[run_id] += 1


@step("Take a second", gives="thing", effect=True)
def take_a_second(home: Slow, run_id: str) -> str:
    home.work(run_id)
    return "done"


BOOK = Runbook("drill", "D", "Slow", ["wanted"], [take_a_second])


@pytest.fixture
def slow(clock: HandClock) -> Slow:
    return Slow(clock)


@pytest.fixture
def hints(redis_server: RedisServer, store: Store, clock: HandClock, slow: Slow) -> Iterator[Hints]:
    engine = Engine(store, {"drill": BOOK}, {"home": lambda _: slow}, clock, Pace(lease=LEASE))
    hands = Hands(engine, store, lambda _: None)
    hands.resting = True  # each hint does its own run and no other: the worst case
    made = Hints(redis_server.url, hands, most=WAITING)
    yield made
    made.close()


def started(store: Store, clock: HandClock, many: int) -> list[Run]:
    plain = tuple(StepState(each.name, each.title) for each in BOOK.steps)
    return [store.create(replace(new_run(store, clock, f"db-{n}"), steps=plain)) for n in range(many)]


def test_a_backlog_that_is_much_longer_than_the_lease_is_worked_off_and_the_queue_does_not_grow(
    store: Store, clock: HandClock, slow: Slow, hints: Hints
) -> None:
    runs = started(store, clock, 40)
    longest = 0
    for _ in range(400):
        hints.send()
        longest = max(longest, WAITING - hints.slots.free())
        if not hints.take() and store.next_due() is None:
            break
    assert {store.read(run.id).status for run in runs} == {Status.SUCCEEDED}
    assert slow.did == Counter({run.id: 1 for run in runs})
    assert longest <= WAITING


def test_a_hint_that_comes_twice_or_names_no_run_changes_nothing(
    store: Store, clock: HandClock, slow: Slow, hints: Hints
) -> None:
    (run,) = started(store, clock, 1)
    for each in (run.id, run.id, "D-9999", "D-1 x", "../etc", {"not": "a run"}):
        hints.slots.take(1)
        hints.slots.send(each)  # type: ignore[arg-type]
    while hints.take():
        pass
    assert slow.did == {run.id: 1}
    assert hints.slots.free() == WAITING


def test_after_a_hint_that_could_not_be_sent_the_next_ones_are_not_tried_until_the_broker_is_asked_again() -> None:
    """Each try would hold up whoever keeps time."""
    tried = 0
    with socket.create_server(("127.0.0.1", 0)) as door:
        away = Sent(app_over(f"redis://127.0.0.1:{door.getsockname()[1]}/0"))
        door.settimeout(0.1)

        def dropped() -> None:
            nonlocal tried
            with suppress(TimeoutError):
                while True:
                    door.accept()[0].close()
                    tried += 1

        away.take(3)
        sending = Thread(target=away.send, args=("D-0001",))
        sending.start()
        while sending.is_alive():
            dropped()
        first = tried
        away.send("D-0002")
        away.send("D-0003")
        dropped()
    assert first > 0
    assert tried == first


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", {"ssl_cert_reqs": ssl.CERT_REQUIRED}),
        ("?ssl_cert_reqs=none", {"ssl_cert_reqs": ssl.CERT_NONE}),
        ("?ssl_ca_certs=/etc/own.pem", {"ssl_ca_certs": "/etc/own.pem"}),  # redis-py then verifies by itself
    ],
)
def test_a_broker_with_tls_must_show_a_certificate_unless_its_address_says_otherwise(
    query: str, wanted: dict[str, object]
) -> None:
    assert app_over(f"rediss://127.0.0.1/0{query}").connection_for_write().ssl == wanted


def test_a_worker_that_took_a_run_before_a_failover_which_lost_that_is_fenced_off(
    store: Store, clock: HandClock, redis_client: redis.Redis
) -> None:
    (run,) = started(store, clock, 1)
    record, due = redis_client.dump(f"dr:run:{run.id}"), redis_client.zscore("dr:due", run.id)
    assert record
    assert due
    before = store.begin(run.id, LEASE)
    redis_client.restore(f"dr:run:{run.id}", 0, record, replace=True)
    redis_client.zadd("dr:due", {run.id: due})
    clock.forward(1)
    after = store.begin(run.id, LEASE)
    assert before
    assert after
    assert after.fence > before.fence
    assert store.commit(run, before.fence, due=0, lease_until=0, event="late").fenced
    assert store.commit(run, after.fence, due=0, lease_until=0, event="in time").saved
