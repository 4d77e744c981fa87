"""What the lab is told and what it tells: delays, disks of a server, the books of calls and of effects."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: So that a report made in the lab can be seen to be no report of AWS.
ACCOUNT = "000000000000"


@dataclass(frozen=True)
class Delays:
    """Seconds that things take. `checks` and `agent` count from the moment that an instance runs; `hydrate` from its
    launch, until its disks hold every block of their snapshots: None tells nothing of it, as AWS at first."""

    image: float = 3.0
    boot: float = 1.0
    checks: float = 2.0
    agent: float = 1.0
    command: float = 0.3
    stop: float = 0.5
    hydrate: float | None = 3.0


@dataclass(frozen=True)
class Disk:
    """One volume of a server to add. `mount` is "/" for the root volume, "" for a volume that no fstab names;
    `files` maps absolute paths on the server, all below `mount`, to contents. `throughput` in MiB/s."""

    device: str
    size_gib: int
    mount: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    encrypted: bool = True
    volume_type: str = "gp3"
    iops: int | None = None
    throughput: int | None = None
    delete_on_termination: bool = True


@dataclass(frozen=True)
class Effect:
    """Something was made, changed or destroyed. `id` is that of the thing; `at` in seconds since the epoch."""

    call: str
    id: str
    at: float
    request_id: str


@dataclass(frozen=True)
class Call:
    """One request and what came of it: `ok` or the error's code."""

    action: str
    params: Mapping[str, Any]
    outcome: str
    at: float


class Books:
    """What was asked and what was carried out, in order. Appended to from every thread of the server."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self.effects: list[Effect] = []
        self.calls: list[Call] = []

    def effect(self, call: str, subject: str, request_id: str) -> None:
        with self._lock:
            self.effects.append(Effect(call, subject, self._now(), request_id))

    def call(self, action: str, params: Mapping[str, Any], outcome: str) -> None:
        with self._lock:
            self.calls.append(Call(action, params, outcome, self._now()))
