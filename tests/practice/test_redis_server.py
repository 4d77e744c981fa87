"""The Redis server that practice and tests bring along."""

import pytest
import redis

from practice.redis_server import RedisServer


def test_a_server_that_is_started_twice_is_one_and_ends_when_it_is_stopped(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("before", 1)
        assert redis_server.start() == redis_server.url
        assert client.get("before") == b"1"
        redis_server.stop()
        with pytest.raises(redis.ConnectionError):
            client.ping()
        redis_server.start()
        assert client.get("before") == b"1", "what it held is on its disk"
