"""The clock that can run ahead, and the one of a real workspace that cannot."""

import redis

from practice.redis_server import RedisServer
from workflows.engine.ahead import MovableClock, run_ahead
from workflows.engine.clock import SharedClock


def test_every_movable_clock_on_one_redis_runs_ahead_and_the_shared_one_does_not(redis_client: redis.Redis) -> None:
    ours, theirs, real = MovableClock(redis_client, 0), MovableClock(redis_client, 0), SharedClock(redis_client)
    assert abs(ours.now() - real.now()) < 60
    run_ahead(redis_client, 1800)
    run_ahead(redis_client, 1800.5)
    for clock in (ours, theirs):
        assert 3600 < clock.now() - real.now() < 3660
    assert abs(real.now() - SharedClock(redis_client).now()) < 60


def test_while_redis_is_away_the_clock_stays_as_far_ahead_as_it_was(
    redis_client: redis.Redis, redis_server: RedisServer
) -> None:
    clock = MovableClock(redis_client, 0)
    run_ahead(redis_client, 3600)
    before = clock.now()
    redis_server.kill()
    try:
        assert 0 <= clock.now() - before < 60
    finally:
        redis_server.start()
