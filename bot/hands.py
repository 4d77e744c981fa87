"""Who works on runs: takes up the run of a hint, then whatever else is due, until nothing is."""

import logging
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Protocol

from apscheduler.executors.base import BaseExecutor
from apscheduler.executors.pool import ThreadPoolExecutor

from bot.metrics import Gauge
from workflows.engine.connection import Away
from workflows.engine.engine import Engine
from workflows.engine.store import Store

log = logging.getLogger(__name__)

#: Seconds until a hint is repeated.
HINT = 5.0


class Slots(Protocol):
    """Where due runs are worked on. The worker hands out as many as are `free`."""

    #: The executor that a job of `look` is submitted to.
    executor: BaseExecutor
    #: Whether what is submitted begins at once, here: then a run that the worker is told of needs no dispatch.
    here: bool

    def free(self) -> int: ...

    def take(self, many: int) -> None:
        """So many are about to be submitted."""

    def look(self, run_id: str) -> None:
        """The job."""

    def gauges(self) -> Iterable[Gauge]: ...


class Hands:
    """`ended` hears of each run that has ended here, and `idle` that nothing more is due at the moment."""

    def __init__(
        self, engine: Engine, store: Store, ended: Callable[[str], None], idle: Callable[[], None] = lambda: None
    ) -> None:
        self._engine = engine
        self._store = store
        self._ended = ended
        self._idle = idle
        #: Set when the process is about to end: what is in hand is done, and nothing more is begun.
        self.resting = False

    def due(self, most: int) -> list[str]:
        """Up to so many due runs, each handed to nobody else for a while."""
        try:
            return self._store.dispatch(most, HINT) if most > 0 else []
        except Away as error:
            log.warning("Redis is away (%s); nothing is lost, the runs wait", type(error).__name__)
            return []

    def work(self, run_id: str) -> None:
        following = [run_id]
        while following:
            self._advance(following[0])
            following = [] if self.resting else self.due(1)
        if not self.resting:
            self._idle()

    def _advance(self, run_id: str) -> None:
        try:
            status = self._engine.advance(run_id)
            if status is not None and not status.open:
                self._ended(run_id)
        except Away as error:
            log.warning("run=%s Redis is away (%s); taken up again later", run_id, type(error).__name__)


class Threads:
    """Slots in this process."""

    here = True

    def __init__(self, hands: Hands, most: int) -> None:
        self.executor = ThreadPoolExecutor(most)
        self._hands = hands
        self._most = most
        self._busy = 0
        self._lock = Lock()

    def free(self) -> int:
        return self._most - self._busy

    def take(self, many: int) -> None:
        with self._lock:
            self._busy += many

    def look(self, run_id: str) -> None:
        try:
            self._hands.work(run_id)
        finally:
            self.take(-1)

    def gauges(self) -> Iterable[Gauge]:
        yield "firedrill_threads", "Runs that this worker works on at the same time, at most", self._most
        yield "firedrill_threads_busy", "Runs that it works on now", self._busy
