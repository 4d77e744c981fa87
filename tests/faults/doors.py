"""A worker's doors, watched: every command to Redis, every call to AWS or Slack is a crossing that has a number."""

import hashlib
import json
import pkgutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, partial
from importlib import import_module
from typing import Any, Literal, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

import workflows.engine
from workflows.aws.clients import Clients

T = TypeVar("T")
#: Before it is sent; carried out, and the answer has not come; the answer has come, and nothing was made of it.
Moment = Literal["before", "carried", "answered"]
#: What redis-py does by itself after a connection broke, but for the pauses.
TRIES = 3
#: Commands of Redis that change nothing. What is not among them is taken for one that does.
READS = frozenset(
    [
        "EXISTS",
        "GET",
        "HGET",
        "HGETALL",
        "HMGET",
        "LRANGE",
        "MGET",
        "PTTL",
        "SMEMBERS",
        "TIME",
        "TTL",
        "XLEN",
        "XRANGE",
        "ZCARD",
        "ZRANGE",
        "ZRANGEBYSCORE",
        "ZREVRANGE",
        "ZSCORE",
    ]
)


@dataclass(frozen=True)
class Crossing:
    """`step` is the one that was due when it was met, `leg` counts people's answers; `done` says that it was carried
    out when nothing was in its way. `within` names the call that asked it, last of all, before it left itself."""

    number: int
    door: Literal["aws", "redis", "slack"]
    name: str
    step: str = ""
    leg: int = 0
    done: bool = True
    within: str = ""

    @property
    def changes(self) -> bool:
        """Whether it is a call to AWS that makes, changes or destroys something."""
        return self.door == "aws" and self.done and not self.name.startswith(("Describe", "Get", "List"))

    @property
    def writes(self) -> bool:
        """Whether something is different once it was carried out."""
        return self.changes or (self.door == "redis" and self.name not in READS)

    def __str__(self) -> str:
        return f"{self.number} {self.name}" + (f" in {self.step}" if self.step else "")


@dataclass(frozen=True)
class Strike:
    """`deed` happens at that moment of that crossing. `arm` is called just before a call leaves whose answer is to be
    struck: only the far side can see when it was carried out. `elsewhere`: other trouble has moved the numbers, so it
    is the first such call of the step. `cuts`: Redis's answer is lost, and its connection."""

    at: Crossing
    moment: Moment
    deed: Callable[[Crossing], None]
    arm: Callable[[Crossing], None] = lambda _: None
    elsewhere: bool = False
    cuts: bool = False


class Astray(BaseException):
    """Another crossing has the number than in the run that nothing was in the way of."""


@dataclass
class Door:
    """Counts what passes, from `first` on, and strikes where it was told to."""

    first: int = 0
    leg: int = 0
    strike: Strike | None = None
    step: str = ""
    seen: list[Crossing] = field(default_factory=list)
    in_flight: Crossing | None = None
    open: list[str] = field(default_factory=list)

    def passes(self, door: Literal["aws", "redis", "slack"], name: str, go: Callable[[], T]) -> T:
        """`go` is the crossing itself."""
        at = len(self.seen)  # a call to AWS asks Redis before it leaves: there is a crossing within a crossing
        crossing = Crossing(self.first + at, door, name, self.step, self.leg, within="".join(self.open[-1:]))
        self.seen.append(crossing)
        self.meets(crossing, "before")
        if self._is_struck(crossing, "carried") and self.strike:
            self.in_flight = crossing
            if door != "redis":
                self.strike.arm(crossing)
        self.seen[at] = replace(crossing, done=False)
        self.open.append(name)
        try:
            answer = go()
            self.seen[at] = crossing
            return answer
        finally:
            self.open.pop()
            self.in_flight = None
            self.meets(crossing, "answered")

    def meets(self, crossing: Crossing, moment: Moment) -> None:
        if self._is_struck(crossing, moment) and self.strike:
            self.strike.deed(crossing)

    def _is_struck(self, crossing: Crossing, moment: Moment) -> bool:
        strike = self.strike
        if strike is None:
            return False
        if strike.elsewhere:
            fits = [each for each in self.seen if (each.name, each.step) == (strike.at.name, strike.at.step)]
            return strike.moment == moment and bool(fits) and fits[0].number == crossing.number
        if strike.at.number != crossing.number:
            return False
        if strike.at.name != crossing.name:
            raise Astray(f"{crossing} where {strike.at} was")
        return strike.moment == moment


# ── Redis ────────────────────────────────────────────────────────────────────────────────────────────────


class SeenRedis(redis.Redis):
    """Every command passes the door; a script under its own name."""

    door: Door

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """One command, with redis-py's own repetitions."""
        name, record = _named(args), _record(args)
        if record:
            self.door.step = record
        return self.door.passes("redis", name, partial(super().execute_command, *args, **options))

    def pipeline(self, transaction: Any = True, shard_hint: Any = None) -> redis.client.Pipeline:
        """One whose execution passes the door."""
        made = _SeenPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        made.door = self.door
        return made


class _SeenPipeline(redis.client.Pipeline):
    """Several commands in one go."""

    door: Door

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        """All that were queued."""
        return self.door.passes("redis", "PIPELINE", partial(super().execute, raise_on_error))


class _SeenConnection(redis.Connection):
    """Strikes when the answer lies in the socket, unread."""

    door: Door

    def read_response(self, *args: Any, **options: Any) -> Any:
        struck = self.door.in_flight
        if struck is not None and self.door.strike and struck.door == "redis":
            self.door.in_flight = None
            self.can_read(10)
            self.door.strike.deed(struck)
            if self.door.strike.cuts:
                self.disconnect()  # type: ignore[no-untyped-call]
                raise redis.ConnectionError("cut by the test")
        return super().read_response(*args, **options)


def seen_redis(url: str, door: Door) -> redis.Redis:
    """As the program's own connection, watched."""
    kind = type("_Seen", (_SeenConnection,), {"door": door})
    pool = redis.ConnectionPool.from_url(
        url, connection_class=kind, socket_timeout=10, retry=Retry(NoBackoff(), TRIES),
        retry_on_error=[redis.ConnectionError, redis.TimeoutError],
    )  # fmt: skip
    client = SeenRedis(connection_pool=pool)
    client.door = door
    return client


def _named(args: tuple[Any, ...]) -> str:
    return scripts().get(str(args[1]), "EVALSHA") if args[0] == "EVALSHA" else str(args[0])


def _record(args: tuple[Any, ...]) -> str:
    """The step that is due in a record that is written."""
    for each in args:
        if isinstance(each, str) and each.startswith("{") and '"steps"' in each:
            run = json.loads(each)
            return str(run["steps"][min(run["at"], len(run["steps"]) - 1)]["name"])
    return ""


@cache
def scripts() -> dict[str, str]:
    """Every piece of Lua in the engine: SHA-1 → the name that it has there."""
    return {hashlib.sha1(text.encode()).hexdigest(): name for name, text in _texts().items()}


@cache
def _texts() -> dict[str, str]:
    """By name. Not all of them are Lua."""
    found: dict[str, str] = {}
    for each in pkgutil.iter_modules(workflows.engine.__path__):
        module = import_module(f"workflows.engine.{each.name}")
        found |= {name: text for name, text in vars(module).items() if name.isupper() and isinstance(text, str)}
    return found


def teach(client: redis.Redis) -> None:
    """Redis knows every script, as after it has run for a while: one that it has to be told first is two crossings."""
    for text, known in zip(_texts().values(), client.script_exists(*scripts()), strict=True):
        if not known:
            with suppress(redis.ResponseError):
                client.script_load(text)


# ── AWS ──────────────────────────────────────────────────────────────────────────────────────────────────


class SeenClients(Clients):
    """Another's clients, each of whose calls passes the door."""

    def __init__(self, real: Clients, door: Door) -> None:
        super().__init__()
        self.silence = real.silence
        self._real = real
        self._door = door

    def of(self, service: str, region: str) -> Any:
        return _SeenClient(self._real.of(service, region), self._door)


class _SeenClient:
    def __init__(self, client: Any, door: Door) -> None:
        self._client = client
        self._door = door

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        action = self._client.meta.method_to_api_mapping.get(name)
        return partial(self._called, found, action) if action else found

    def _called(self, call: Callable[..., Any], action: str, **params: Any) -> Any:
        return self._door.passes("aws", action, partial(call, **params))
