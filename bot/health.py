"""How a process is, told by HTTP: /healthz for whoever starts it again, /metrics for Prometheus."""

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any, Literal

from bot.door import Door
from bot.metrics import Gauge, Metrics
from bot.settings import Settings, SettingsError
from bot.sight import Sight
from workflows.engine.gauges import Gauges

log = logging.getLogger(__name__)

#: Seconds between two looks at the loops.
GUARD = 1.0


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `restart`: only a new start mends it. `degraded`: the process does what can be
    done, and a new start would mend nothing."""

    name: str
    state: Literal["ok", "degraded", "restart"]
    says: str


Look = Callable[[], Iterable[Check]]


class Health:
    """What a process watches of itself. Parts are added while it starts; what is not there yet is not missing."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._threads: dict[str, Thread] = {}
        self._looks: list[Look] = []
        self._gauges: list[Callable[[], Iterable[Gauge]]] = []
        self.metrics = Metrics(sight, self._loops, self._also)

    def add(self, look: Look, gauges: Callable[[], Iterable[Gauge]] = tuple) -> None:
        self._looks.append(look)
        self._gauges.append(gauges)

    def watch(self, thread: Thread, name: str = "") -> Thread:
        """A loop that must not end before the process does."""
        self._threads[name or thread.name] = thread
        return thread

    def guard(self, stop: Event, lost: Event) -> None:
        """Until told to stop. A loop that ends before that takes the process with it, so that whoever supervises it
        starts it anew: half a process looks alive, and paints nothing. Then `lost` is set too."""
        while not stop.wait(GUARD):
            for name in [name for name, alive in self._loops().items() if not alive]:
                log.error("%s has ended, and so does this process: only a new start brings it back", name)
                lost.set()
                stop.set()

    def checks(self) -> list[Check]:
        seen, away = self._sight.last()
        found = [_redis(away), _halt(seen.halted)]
        found += [_loop(name, alive) for name, alive in self._loops().items()]
        return found + [check for look in list(self._looks) for check in look()]

    def report(self) -> tuple[bool, dict[str, Any]]:
        """Whether the process can stay, and why."""
        checks = self.checks()
        worst = max((each.state for each in checks), key=("ok", "degraded", "restart").index)
        told = {each.name: {"state": each.state, "says": each.says} for each in checks}
        return worst != "restart", {"status": worst, "checks": told}

    def _loops(self) -> Mapping[str, bool]:
        return {name: thread.is_alive() for name, thread in sorted(self._threads.items())}

    def _also(self) -> Iterable[Gauge]:
        for each in list(self._gauges):
            yield from each()

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """WSGI."""
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            return self.metrics.app(environ, start_response)  # type: ignore[no-any-return]
        if path != "/healthz":
            return _answer(start_response, "404 Not Found", {"paths": ["/healthz", "/metrics"]})
        stays, told = self.report()
        return _answer(start_response, "200 OK" if stays else "503 Service Unavailable", told)


def _answer(start_response: Callable[..., Any], status: str, told: Mapping[str, Any]) -> list[bytes]:
    body = (json.dumps(told, indent=1) + "\n").encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _redis(away: str) -> Check:
    if away:
        return Check("redis", "degraded", f"Redis is away ({away}). Nothing is lost, and all waits until it is back.")
    return Check("redis", "ok", "Redis answers.")


def _halt(halted: bool) -> Check:
    if halted:
        return Check("halt", "degraded", "A halt stands: `firedrill status` says whose, `firedrill resume` ends it.")
    return Check("halt", "ok", "No halt stands.")


def _loop(name: str, alive: bool) -> Check:
    if alive:
        return Check(name, "ok", "It is at work.")
    return Check(name, "restart", "It has ended, and only a new start of the process brings it back. The log says why.")


def health_of(settings: Settings, gauges: Gauges, port: int, stop: Event) -> Health:
    """Listening already, unless the port is 0: from the first moment on somebody may ask. FIREDRILL_HEALTH_PORT goes
    before the port. Raises SettingsError when it is taken."""
    given = settings.environment.firedrill_health_port
    host, port = settings.file.health.host, port if given is None else given
    sight = Sight(gauges)
    health = Health(sight)
    if port:
        _listen(health, host, port, stop)
        sight.start(stop)
    return health


def _listen(health: Health, host: str, port: int, stop: Event) -> None:
    try:
        door = Door(health, host, port, "health", threads=2)
    except OSError as error:
        raise SettingsError(
            f"Nothing can listen on {host}:{port} ({error.strerror}).",
            "[health] names the ports; FIREDRILL_HEALTH_PORT gives one process another, and 0 none.",
        ) from error
    log.info("/healthz and /metrics on %s:%d", host, port)
    Thread(target=_close_at, args=(stop, door), name="health-ends", daemon=True).start()


def _close_at(stop: Event, door: Door) -> None:
    stop.wait()
    door.close()


class Pulse:
    """Whether something that recurs is still at it: more seconds of silence than `most`, and it never comes back."""

    def __init__(self, name: str, most: float, now: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._most = most
        self._now = now
        self._at = now()

    def beat(self) -> None:
        self._at = self._now()

    def look(self) -> list[Check]:
        silence = self._now() - self._at
        if silence <= self._most:
            return [Check(self._name, "ok", "It beats.")]
        return [Check(self._name, "restart", f"It has stood still for {silence:.0f} s, and only a new start helps.")]
