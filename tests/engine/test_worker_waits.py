"""What a worker waits for keeps none of its other work waiting."""

from collections.abc import Iterator
from threading import enumerate as enumerate_threads

import pytest
import redis

from tests.clock import HandClock
from tests.engine.test_worker_ends import LONG, At
from workflows.engine.store import Store


@pytest.fixture
def at(store: Store, clock: HandClock, redis_client: redis.Redis) -> Iterator[At]:
    here = At(store, clock, redis_client)
    yield here
    here.stop.set()
    here.thread.join(LONG)
    for each in enumerate_threads():
        if each.name == "nudges":
            each.join(LONG)


def test_the_audit_is_anchored_while_reports_of_many_runs_are_kept(at: At) -> None:
    """A month's reports take hours where S3 has them all already."""
    seen: list[bool] = []
    at.kept.sweeping = lambda: seen.append(at.anchored.came.wait(LONG / 4))
    at.thread.start()
    assert at.anchored.came.wait(LONG)
    at.stop.set()
    at.thread.join(LONG)
    assert seen == [True]
