"""What happened becomes one chain: in order, nothing lost, nothing twice, whoever does it and whoever dies of it."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import redis

from tests.audit.chain import ADA, chainer, checked, exported, happened
from tests.clock import HandClock
from workflows import audit
from workflows.audit_anchors import Anchored
from workflows.chainer import Chainer
from workflows.engine.happened import Event
from workflows.engine.store import Store
from workflows.engine.trail import Trail


class Killed(BaseException):
    """The end of a process."""


class Slow(Trail):
    """A chainer that reads what is pending, and then somebody else is quicker; or dies there."""

    def __init__(self, client: redis.Redis, clock: HandClock, meanwhile: Any) -> None:
        super().__init__(client, clock)
        self._meanwhile = [meanwhile]

    def append(self, *args: Any, **more: Any) -> bool:
        if self._meanwhile:
            self._meanwhile.pop()()
        return super().append(*args, **more)


def whats(made: Chainer) -> list[str]:
    return [json.loads(line)["what"] for line in exported(made)[:-1]]


def _die() -> None:
    raise Killed


def test_fifty_writers_that_all_chain_leave_one_whole_chain(
    store: Store, redis_client: redis.Redis, clock: HandClock
) -> None:
    """Each notes ten things and chains whatever is pending after each of them."""
    start = Barrier(50)

    def write(writer: int) -> int:
        own = chainer(redis_client, clock)
        start.wait()
        appended = 0
        for number in range(10):
            store.note("request", Event(f"{writer}/{number}", ADA))
            appended += own.catch_up()
        return appended

    with ThreadPoolExecutor(50) as pool:
        appended = list(pool.map(write, range(50)))
    told = whats(chainer(redis_client, clock))
    assert sum(appended) == len(told) == 500
    assert sorted(told) == sorted(f"{writer}/{number}" for writer in range(50) for number in range(10))
    for writer in range(50):
        own = [each for each in told if each.startswith(f"{writer}/")]
        assert own == [f"{writer}/{number}" for number in range(10)]
    assert chainer(redis_client, clock).verdict().whole


def test_a_chainer_that_is_killed_between_reading_and_appending_loses_nothing_and_doubles_nothing(
    store: Store, redis_client: redis.Redis, clock: HandClock
) -> None:
    happened(store, clock, 5)
    with pytest.raises(Killed):
        Chainer(Slow(redis_client, clock, _die), clock).catch_up()
    happened(store, clock, 2, first=6)
    assert [each.split()[2] for each in whats(chainer(redis_client, clock))] == [f"db-{n}" for n in range(1, 8)]
    assert chainer(redis_client, clock).catch_up() == 0


def test_of_two_chainers_with_the_same_things_in_hand_one_appends_them(
    store: Store, redis_client: redis.Redis, clock: HandClock
) -> None:
    happened(store, clock, 5)
    other = chainer(redis_client, clock)
    late = Chainer(Slow(redis_client, clock, other.catch_up), clock)
    assert late.catch_up() == 0
    assert len(whats(late)) == 5
    assert late.verdict().whole


def test_whatever_was_noted_by_another_version_is_chained_and_stops_nothing(
    store: Store, redis_client: redis.Redis, clock: HandClock
) -> None:
    redis_client.xadd("dr:unchained", {"event": "not json"})
    redis_client.xadd("dr:unchained", {"at": "1", "kind": "effect", "event": '{"what": 1.5e999}'})
    happened(store, clock, 1)
    assert whats(chainer(redis_client, clock))[:2] == ["not json", '{"what": 1.5e999}']
    assert chainer(redis_client, clock).verdict().whole


def test_old_entries_go_and_the_rest_can_still_be_checked(
    store: Store, redis_client: redis.Redis, clock: HandClock
) -> None:
    """Kept for ten days: of twenty, one a day, some go, and a checkpoint says where."""
    made = chainer(redis_client, clock, days=10)
    happened(store, clock, 20, apart=86400)
    made.catch_up()
    told = [json.loads(line) for line in exported(made)[:-1]]
    anchors = [Anchored(each["seq"], int(clock.now() - (21 - each["seq"]) * 86400), each["digest"]) for each in told]
    assert made.let_go() == 10
    assert made.let_go() == 0
    lines = exported(made)
    assert json.loads(lines[0])["seq"] == 11
    assert json.loads(lines[-2])["kind"] == "checkpoint"
    assert made.verdict(anchors=anchors).whole
    assert made.verdict(anchors=anchors[:9]).faults == ("None of the 9 anchors is of an entry of this chain.",)
    (said,) = chainer(redis_client, clock, days=30).verdict(anchors=anchors).faults
    assert said.startswith("The chain's beginning was removed: entry 1 of ")
    assert checked(lines).whole
    first = next(Trail(redis_client, clock).entries(1))
    redis_client.xdel("dr:audit", first.id)
    assert made.verdict().faults == ("Entries 1 to 11 were removed.",)


def test_a_chain_that_lost_its_last_entries_or_its_head_in_redis_is_found_and_goes_on(
    store: Store, redis_client: redis.Redis, clock: HandClock
) -> None:
    made = chainer(redis_client, clock)
    happened(store, clock, 5)
    made.catch_up()
    redis_client.delete("dr:audit:head")
    happened(store, clock, 1, first=6)
    made.catch_up()
    assert made.verdict().whole
    for kept in list(Trail(redis_client, clock).entries())[-2:]:
        redis_client.xdel("dr:audit", kept.id)
    assert made.verdict().faults == ("Entries 5 to 6 were removed.",)
    happened(store, clock, 1, first=7)
    made.catch_up()
    assert made.verdict().faults == ("Entries 5 to 6 were removed.",)
    assert audit.told(made.verdict())[0] == "The chain is broken."
