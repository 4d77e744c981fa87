"""The connection to Redis, and whether that Redis keeps what it is told."""

import redis

#: Redis does not answer, or refuses. What was asked for may or may not have been done; every move is safe to repeat.
Away = redis.RedisError


def connect(url: str) -> redis.Redis:
    """A client, connecting when first used. Raises ValueError for an address that is none."""
    return redis.Redis.from_url(url, socket_timeout=10, socket_connect_timeout=5, health_check_interval=30)


def doubts(client: redis.Redis) -> list[str]:
    """What is wrong with how Redis keeps data, a sentence each. With RDB defaults a killed Redis loses every
    acknowledged write. A managed Redis may forbid the question; then that is the one doubt."""
    try:
        found = {**client.config_get("appendonly"), **client.config_get("maxmemory-policy")}
    except redis.ResponseError:
        return ["This Redis does not say how it persists: see to `appendonly yes` and `maxmemory-policy noeviction`."]
    said = {_text(name): _text(value) for name, value in found.items()}
    wanted = {"appendonly": "yes", "maxmemory-policy": "noeviction"}
    return [
        f"Redis has `{name} {said.get(name, '?')}`, so it may forget runs: set `{name} {value}`."
        for name, value in wanted.items()
        if said.get(name) != value
    ]


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
