"""Clocks that stand still, and Redis's own when it is set back: nothing expires later, and nothing waits for a time
that is not any more."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest
import redis

from tests.clock import HandClock
from tests.engine.book import APPROVER, ASKER, World, new_run
from workflows.engine.board import Cards
from workflows.engine.clock import READINGS, SharedClock
from workflows.engine.engine import Engine
from workflows.engine.pace import Pace
from workflows.engine.run import Answer, Run, Status
from workflows.engine.set_back import CLAIM, DIFFER, SetBack
from workflows.engine.store import LostClaim, Store
from workflows.engine.viewers import GAP, Viewers

HOUR = 3600.0


class Machine:
    """`ticks` is its monotonic clock. While it is suspended Redis's goes on and that one does not."""

    def __init__(self) -> None:
        self.ticks = 1000.0

    def suspended(self, seconds: float) -> None:
        self.ticks -= seconds


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def sleepy(redis_client: redis.Redis, machine: Machine) -> SharedClock:
    clock = SharedClock(redis_client, monotonic=lambda: machine.ticks)
    clock.now()
    return clock


def told(client: redis.Redis) -> float:
    seconds, micros = client.time()
    return float(seconds + micros / 1e6)


def test_what_nothing_brings_back_asks_redis_for_the_time_wherever_the_machine_has_slept(
    redis_client: redis.Redis, sleepy: SharedClock, machine: Machine
) -> None:
    store = Store(redis_client, sleepy)
    run = store.create(new_run(store, HandClock(told(redis_client) - 1)))
    claim = store.begin(run.id, lease=60)
    assert claim
    machine.suspended(50)
    assert told(redis_client) - sleepy.now() > 45, "it does not know yet that it has slept"
    assert abs(store.renew(run.id, claim.fence, lease=60) - told(redis_client)) < 5
    assert abs(sleepy.now() - told(redis_client)) < 5


def test_an_answer_after_the_expiry_is_refused_by_a_bot_that_has_slept_until_then(
    redis_client: redis.Redis, sleepy: SharedClock, machine: Machine, store: Store, engine: Engine, world: World,
    clock: HandClock,
) -> None:  # fmt: skip
    clock.time = told(redis_client) - 30 * 60 - 10  # so its question expired ten seconds ago
    run = store.create(new_run(store, clock))
    world.ready = True
    engine.advance(run.id)
    asked = store.read(run.id).question
    assert asked
    machine.suspended(40)
    assert sleepy.now() < asked.expires_at
    said = Answer(asked.id, True, APPROVER, sleepy.now(), asked.expires_at)
    assert Store(redis_client, sleepy).answer(run.id, said)[0] == "expired"


def asking_and_waiting(store: Store, engine: Engine, world: World, clock: HandClock) -> tuple[Run, Run]:
    """One that waits for a person, and one that waits for a thing."""
    world.ready = True
    asks = store.create(new_run(store, clock))
    engine.advance(asks.id)
    world.ready = False
    waits = store.create(new_run(store, clock, "billing-db"))
    engine.advance(waits.id)
    return store.read(asks.id), store.read(waits.id)


def test_what_was_put_off_by_a_clock_that_was_set_back_comes_now_and_a_question_stands_until_its_time(
    store: Store, engine: Engine, world: World, clock: HandClock, redis_client: redis.Redis
) -> None:
    set_back, cards, viewers = SetBack(store), Cards(redis_client, clock), Viewers(redis_client, clock)
    asks, waits = asking_and_waiting(store, engine, world, clock)
    for name, revision in cards.claim(10, lease=60):
        cards.painted(name, revision, spacing=2)
    viewers.look(ASKER.id)
    assert viewers.claim(5, lease=60)
    assert set_back.mend() == 0
    clock.forward(-HOUR)
    assert store.dispatch(10, 5) == []
    assert set_back.mend() == 2, "the run that waits and whoever looks at Home"
    assert store.dispatch(10, 5) == [waits.id]
    assert engine.advance(waits.id) is Status.WAITING
    assert store.read(waits.id).step.looks == waits.step.looks + 1
    assert [name for name, _ in cards.claim(10, lease=60)] == [waits.id]
    assert [each.user for each in viewers.claim(5, lease=60)] == [ASKER.id]
    assert asks.question
    assert store.read(asks.id).status is Status.ASKING
    assert redis_client.zscore("dr:due", asks.id) == round(asks.question.expires_at * 1000)


class Stopped:
    """Redis as a process sees it that is stopped for so many `seconds`, one by one, while TIME's answer lies unread."""

    def __init__(self, *seconds: float) -> None:
        self.true = 5000.0
        self.monotonic = 100.0
        self._seconds = list(seconds)

    def time(self) -> tuple[int, int]:
        told, stopped = int(self.true), self._seconds.pop(0) if self._seconds else 0.0
        self.true += stopped
        self.monotonic += stopped
        return told, 0

    def clock(self) -> SharedClock:
        return SharedClock(cast(redis.Redis, self), monotonic=lambda: self.monotonic)


def test_a_process_that_was_stopped_while_it_asked_for_the_time_asks_again() -> None:
    stopped = Stopped(HOUR, 10)
    assert stopped.clock().for_sure() == stopped.true


def test_where_redis_is_too_slow_to_tell_the_time_nothing_is_done_by_it() -> None:
    with pytest.raises(redis.TimeoutError, match="too slowly"):
        Stopped(*[1.0] * READINGS).clock().for_sure()


def test_clocks_that_differ_a_little_are_let_be(store: Store, engine: Engine, world: World, clock: HandClock) -> None:
    first, second = SetBack(store), SetBack(store)
    asking_and_waiting(store, engine, world, clock)
    assert first.mend() == second.mend() == 0
    clock.forward(-(DIFFER - 1))
    assert first.mend() == 0
    clock.forward(-HOUR)
    assert second.mend() > 0


class HeldUp(HandClock):
    """`meanwhile` happens after the time was read, and before anything is done with it."""

    meanwhile: Callable[[], object]

    def for_sure(self) -> float:
        read = self.now()
        self.meanwhile()
        return read


def test_what_a_renewal_took_has_passed_when_it_says_what_time_it_is(store: Store, clock: HandClock) -> None:
    late = HeldUp(clock.now())
    late.meanwhile = lambda: late.forward(50)
    run = store.create(new_run(store, clock))
    claim = store.begin(run.id, lease=60)
    assert claim
    assert Store(store.redis, late).renew(run.id, claim.fence, lease=60) == clock.now() + 50


def test_a_worker_that_is_held_up_while_another_looks_takes_no_clock_to_be_set_back(
    store: Store, engine: Engine, world: World, clock: HandClock, redis_client: redis.Redis
) -> None:
    late = HeldUp(clock.now())
    first, second = SetBack(Store(redis_client, late)), SetBack(store)
    asking_and_waiting(store, engine, world, clock)
    second.mend()

    def meanwhile() -> None:
        clock.forward(10 * DIFFER)
        second.mend()

    late.meanwhile = meanwhile
    assert first.mend() == 0
    assert second.mend() == 0


def test_what_somebody_puts_off_who_still_goes_by_the_old_time_comes_with_the_next_look(
    store: Store, clock: HandClock, redis_client: redis.Redis
) -> None:
    set_back, old = SetBack(store), HandClock(clock.now())
    set_back.mend()
    clock.forward(-HOUR)
    set_back.mend()
    run = Store(redis_client, old).create(new_run(store, old))
    assert store.dispatch(10, 5) == []
    assert set_back.mend() == 2, "the run and its card"
    assert store.dispatch(10, 5) == [run.id]


def test_an_answer_that_was_given_by_the_old_time_is_heard(
    store: Store, engine: Engine, world: World, clock: HandClock
) -> None:
    set_back = SetBack(store)
    asks, _ = asking_and_waiting(store, engine, world, clock)
    assert asks.question
    assert store.answer(asks.id, Answer(asks.question.id, True, APPROVER, clock.now(), 0.0))[0] == "done"
    set_back.mend()
    clock.forward(-HOUR)
    set_back.mend()
    assert asks.id in store.dispatch(10, 5)


def test_a_lease_of_a_time_that_is_not_any_more_is_nobodys_and_whoever_held_it_is_fenced_off(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    set_back, run = SetBack(store), store.create(new_run(store, clock))
    claim = store.begin(run.id, Pace().lease)
    assert claim
    set_back.mend()
    clock.forward(-CLAIM)
    assert set_back.mend() >= 1
    assert store.dispatch(10, 5) == [run.id]
    assert engine.advance(run.id) is Status.WAITING
    assert world.did == ["make ami"]
    with pytest.raises(LostClaim):
        store.renew(run.id, claim.fence, 60)


def test_a_lease_that_may_still_be_somebodys_is_left_to_end(store: Store, clock: HandClock) -> None:
    set_back, run = SetBack(store), store.create(new_run(store, clock))
    assert store.begin(run.id, CLAIM - DIFFER - 5)
    set_back.mend()
    clock.forward(-DIFFER - 1)
    set_back.mend()
    assert store.dispatch(10, 5) == []


def test_a_card_and_a_home_that_were_painted_by_a_later_time_are_painted_when_something_changes(
    store: Store, engine: Engine, clock: HandClock, world: World, redis_client: redis.Redis
) -> None:
    cards, viewers = Cards(redis_client, clock), Viewers(redis_client, clock)
    run = store.create(replace(new_run(store, clock), created=clock.now() - 2 * HOUR))
    ((name, revision),) = cards.claim(10, lease=60)
    cards.painted(name, revision, spacing=2)
    viewers.look(ASKER.id)
    (viewer,) = viewers.claim(5, lease=60)
    viewers.painted(viewer, "as it was", spacing=5)
    clock.forward(-HOUR)
    assert engine.advance(run.id) is Status.WAITING
    assert [name for name, _ in cards.claim(10, lease=60)] == [run.id]
    viewers.look(ASKER.id)
    clock.forward(GAP)
    assert [each.user for each in viewers.claim(5, lease=60)] == [ASKER.id]
