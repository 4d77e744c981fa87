"""boto3's clients: with time limits and without hidden retries, made when first needed.

Loaded with the first call to AWS: bot and shell make none, and boto3 takes as long to load as all of the engine.
"""

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from workflows.aws.silence import Silence
from workflows.aws.times import moment

#: Seconds. Their sum is the longest that one call takes; the lease of a run is longer.
CONNECT_TIMEOUT, READ_TIMEOUT = 5, 25

_CONFIG = Config(
    connect_timeout=CONNECT_TIMEOUT,
    read_timeout=READ_TIMEOUT,
    retries={"total_max_attempts": 1, "mode": "standard"},
    user_agent_extra="firedrill",
)


class _Leaving(threading.local):
    """What is asked before this thread's call leaves."""

    hold: Callable[[], object] | None = None


class Clients:
    """Those of one endpoint; None is AWS's own. Safe to share between threads. `silence` is where nothing answers."""

    _building = threading.Lock()
    _leaving = _Leaving()

    def __init__(self, endpoint: str | None = None) -> None:
        self.silence = Silence()
        self._endpoint = endpoint
        self._session: Any = None
        self._made: dict[tuple[str, str], Any] = {}

    def of(self, service: str, region: str) -> Any:
        with self._building:
            if (service, region) not in self._made:
                self._session = self._session or _session()
                made = self._session.client(service, region_name=region, endpoint_url=self._endpoint, config=_CONFIG)
                made.meta.events.register_first("before-send", self._ask)
                self._made[service, region] = made
            return self._made[service, region]

    @contextmanager
    def last(self, hold: Callable[[], object]) -> Iterator[None]:
        """`hold` is called when the call that this thread makes within is signed, directly before it is sent: to sign
        it, botocore may fetch new credentials first, and that takes as long as it takes. What it raises keeps the call
        from leaving."""
        self._leaving.hold = hold
        try:
            yield
        finally:
            self._leaving.hold = None

    @classmethod
    def _ask(cls, **_: Any) -> None:
        if cls._leaving.hold is not None:
            cls._leaving.hold()


def _session() -> Any:
    """One for a set of clients. Sessions are not safe between threads: only the one that builds may use it."""
    core = botocore.session.get_session()
    core.register_component("data_loader", _loader())
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=moment)
    return boto3.Session(botocore_session=core)


@functools.cache
def _loader() -> Any:
    """One for all: 1.3 instead of 20 MB a client."""
    return botocore.session.get_session().get_component("data_loader")
