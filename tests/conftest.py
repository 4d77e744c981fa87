"""Real parts for every test: one Redis server for the session, emptied between tests, and a clock driven by hand."""

import gc
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from practice.redis_server import RedisServer
from tests.clock import HandClock
from tests.rooms import pytest_collection_modifyitems, pytest_xdist_make_scheduler
from tests.stage import Stage
from workflows.engine.store import Store

__all__ = ["pytest_collection_modifyitems", "pytest_xdist_make_scheduler"]


def pytest_collection_finish() -> None:
    """What is loaded by now stays: to look through it again and again for what may go takes a third of a run's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(redis_server.url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def store(redis_client: redis.Redis, clock: HandClock) -> Store:
    return Store(redis_client, clock)


@pytest.fixture
def rng() -> random.Random:
    return random.Random(7)


@pytest.fixture
def stage(
    redis_client: redis.Redis, clock: HandClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    made = Stage(redis_client, clock, tmp_path / "cloud")
    for name, value in made.lab.environment().items():
        monkeypatch.setenv(name, value)
    yield made
    made.close()
