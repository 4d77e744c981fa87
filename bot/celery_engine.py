"""Runs worked on by other machines, over Celery. What goes there is only a hint: look at run X.

Whoever takes up a hint asks Redis for the run as a thread of the worker would; so the broker may lose hints, delay or
repeat them, and nothing happens. Loaded only where `engine = "celery"`.
"""

import logging
import re
import ssl
import warnings
from collections.abc import Iterable, Sequence
from datetime import datetime
from threading import Event, Lock
from typing import Any

from apscheduler.executors.base import BaseExecutor
from celery import Celery, signals
from celery.exceptions import CPendingDeprecationWarning
from kombu.exceptions import OperationalError

from bot.buckets import archive_of
from bot.engine_room import EngineRoom
from bot.hands import Hands
from bot.metrics import Gauge
from bot.settings import HealthTable, Settings
from workflows.archive import Archive
from workflows.engine.board import Board
from workflows.engine.connection import Away

log = logging.getLogger(__name__)

TASK, QUEUE = "firedrill.look", "firedrill"
#: So many hints may wait: enough for the machines to find work at once, and no more, since whoever is done with a run
#: takes up the next one that is due by itself.
WAITING = 100
#: Seconds after which a hint is worth nothing: the run has been handed out again by then.
EXPIRES = 300
#: What every run's id looks like. Whoever can write to the broker can send anything.
RUN_ID = re.compile(r"[A-Z]-\d{4,12}")

#: Early acknowledgement, no retries, nothing kept of results: the runs in Redis know better. JSON only, and no remote
#: control. The keys in Redis stand in the table at the head of workflows/engine/store.py.
CONF: dict[str, Any] = {
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_ignore_result": True,
    "task_acks_late": False,
    "task_default_queue": QUEUE,
    "task_publish_retry": False,
    "worker_prefetch_multiplier": 1,
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
    "worker_redirect_stdouts": False,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
}
_REDIS = {"global_keyprefix": "dr:celery:", "socket_timeout": 10, "socket_connect_timeout": 5}


def app_of(settings: Settings) -> Celery:
    """Over FIREDRILL_BROKER_URL, else over the Redis in which the runs are."""
    return app_over(settings.environment.firedrill_broker_url or settings.environment.firedrill_redis_url)


def app_over(broker: str) -> Celery:
    """With TLS to Redis the certificate is verified, as it is for the runs, unless the URL's own `ssl_…` say otherwise:
    left alone, kombu takes any."""
    app = Celery("firedrill", broker=broker, set_as_current=False)
    own = _REDIS if broker.startswith("redis") else {}
    app.conf.update(CONF, broker_transport_options={"max_retries": 1, **own})
    if broker.startswith("rediss:"):
        app.conf.broker_use_ssl = {"ssl_cert_reqs": ssl.CERT_REQUIRED}
    return app


class _Sender(BaseExecutor):  # type: ignore[misc]
    """APScheduler's executor whose threads are elsewhere: a job that was sent is over for this scheduler."""

    def __init__(self, slots: "Sent") -> None:
        super().__init__()
        self._slots = slots

    def submit_job(self, job: Any, run_times: Sequence[datetime]) -> None:
        self._slots.send(*job.args)

    def _do_submit_job(self, job: Any, run_times: Sequence[datetime]) -> None:
        raise NotImplementedError


class Sent:
    """Slots elsewhere: hints on their way. Not more of them than `most`, whatever is due: else an overload would grow
    by itself, since what is not taken up is handed out again."""

    here = False

    def __init__(self, app: Celery, most: int = WAITING) -> None:
        self.executor = _Sender(self)
        self._app = app
        self._most = most
        self._leaving = 0
        self._lock = Lock()
        self._line: Any = None
        self._waiting = 0
        self._gone = False
        with app.connection_for_write() as line:
            self._away = (OperationalError, OSError, Away, *line.connection_errors, *line.channel_errors)

    def free(self) -> int:
        try:
            self._line = self._line or self._app.connection_for_write().channel()
            self._waiting = int(self._line.queue_declare(queue=QUEUE, durable=True, auto_delete=False).message_count)
            self._gone = False
        except self._away as error:
            log.warning("Celery's broker is away (%s); nothing is lost, the runs wait", type(error).__name__)
            self._line = None
            return 0
        return self._most - self._waiting - self._leaving

    def take(self, many: int) -> None:
        with self._lock:
            self._leaving += many

    def send(self, run_id: str) -> None:
        """A hint that cannot be sent is sent again by a later dispatch; and so are those after it, without a try: each
        try would hold up the scheduler for seconds, and with it whatever keeps time."""
        try:
            if not self._gone:
                self._app.send_task(TASK, args=[run_id], queue=QUEUE, expires=EXPIRES, retry=False)
        except self._away as error:
            self._gone = True
            log.warning("run=%s Celery's broker is away (%s); sent again later", run_id, type(error).__name__)
        finally:
            self.take(-1)

    def look(self, run_id: str) -> None:
        """Done by whoever gets the hint."""

    def close(self) -> None:
        if self._line is not None:
            self._line.connection.client.release()
            self._line = None

    def gauges(self) -> Iterable[Gauge]:
        yield (
            "firedrill_hints_waiting",
            "Hints in Celery's queue that nobody has taken up, when last counted",
            self._waiting,
        )


def taking(app: Celery, hands: Hands) -> None:
    """From now on this process knows what to do with a hint."""

    def look(run_id: object) -> None:
        if isinstance(run_id, str) and RUN_ID.fullmatch(run_id):
            hands.work(run_id)
        else:
            log.warning("a hint that names no run was dropped")

    app.task(look, name=TASK, ignore_result=True, max_retries=0, shared=False)


def port_of(health: HealthTable) -> int:
    """Where a machine's worker tells how it is. Its own port, since a worker may be on the same machine."""
    return health.worker if health.celery is None else health.celery


def run(settings: Settings) -> int:
    """A machine's worker, until a signal tells it to stop. What is in hand is done first. Gives the exit status."""
    ending = Event()
    room = EngineRoom(settings, port_of(settings.file.health), ending)
    store = room.parts.store
    after = _After(room.parts.board, archive_of(settings, store))
    hands = Hands(room.engine, store, after.ended)
    app = app_of(settings)
    taking(app, hands)

    def rest(**_: object) -> None:
        hands.resting = True

    def leave_logs_alone(**_: object) -> None:
        """As they are: masked, on standard error."""

    warnings.simplefilter("ignore", CPendingDeprecationWarning)  # of defaults that CONF sets
    signals.worker_shutting_down.connect(rest, weak=False)
    signals.setup_logging.connect(leave_logs_alone, weak=False)
    worker = app.Worker(
        pool="threads", concurrency=settings.file.threads, quiet=True, without_gossip=True, without_mingle=True,
        without_heartbeat=True,
    )  # fmt: skip
    log.info("taking up runs over Celery, %d at a time", settings.file.threads)
    worker.start()
    ending.set()
    return int(worker.exitcode or 0)


class _After:
    """What follows from a run's end, on whatever machine it ended."""

    def __init__(self, board: Board, archive: Archive | None) -> None:
        self._board = board
        self._archive = archive

    def ended(self, run_id: str) -> None:
        try:
            self._board.want_inventory()
            if self._archive is not None:
                self._archive.keep(run_id)
        except Away as error:
            log.warning("run=%s Redis is away (%s); a worker keeps its report later", run_id, type(error).__name__)
