"""The one task that every queue is given: the last of a number of them, and a lonely one, tell when they began."""

import os
import time
from functools import cache

import redis

STAMPS = "bench:stamps"
#: The Redis that the queues share; each has a database of its own.
URL = os.environ.get("BENCH_REDIS_URL", "redis://127.0.0.1:6379")
THREADS = 8


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(f"{URL}/0")


def work(number: int, of: int) -> None:
    """Nothing, but for the last of `of` tasks."""
    now = time.monotonic()
    if number == of - 1:
        _redis().rpush(STAMPS, now)
