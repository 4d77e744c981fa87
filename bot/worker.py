"""The worker: APScheduler as clock and thread pool. What it hands to a thread is a hint: look at run X."""

import logging
import os
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Lock, Thread
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from bot.buckets import anchorage_of, archive_of
from bot.engine_room import EngineRoom, beyond
from bot.hands import Hands, Slots, Threads
from bot.health import Health, Pulse
from bot.settings import Settings
from bot.wiring import Parts, desk_of, directory
from workflows.anchorage import Anchorage
from workflows.archive import Archive
from workflows.aws import Home
from workflows.chainer import Chainer
from workflows.checkup import Answering, Checkup
from workflows.engine.board import Board
from workflows.engine.checkups import Checkups
from workflows.engine.connection import Away
from workflows.engine.engine import Engine
from workflows.engine.set_back import SetBack
from workflows.engine.store import Store
from workflows.engine.watchbook import Watchbook
from workflows.errors import FiredrillError
from workflows.schedules.calendar import Calendar
from workflows.schedules.gate import Gate
from workflows.schedules.hindrances import Hindrances
from workflows.schedules.timetable import Timetable
from workflows.survey import Survey
from workflows.watch import Watch

log = logging.getLogger(__name__)

#: Seconds: between ticks, two looks at the inventory, at reports that are not kept, two anchors of the audit, and two
#: looks at whether Redis's clock was set back.
TICK, INVENTORY, ARCHIVE, ANCHOR, CLOCK = 1.0, 60.0, 3600.0, 3600.0, 60.0
#: Seconds between two looks at the inventory that were asked for.
SPACING = 2.0
#: Seconds after which a tick that has not come never will: longer than any outage of Redis keeps one.
STILL = 300.0


class Worker:
    """Any number of them share one Redis."""

    def __init__(
        self, engine: Engine, store: Store, board: Board, chainer: Chainer, survey: Survey, timetable: Timetable,
        slots: Callable[[Hands], Slots], archive: Archive | None = None, anchorage: Anchorage | None = None,
    ) -> None:  # fmt: skip
        self._hands = Hands(engine, store, self._ended, self._come_back)
        self._slots = slots(self._hands)
        self._store = store
        self._set_back = SetBack(store)
        self._board = board
        self._chainer = chainer
        self._survey = survey
        self._timetable = timetable
        self._archive = archive
        self._anchorage = anchorage
        self._lock = Lock()
        self._adding = Lock()
        self._ending = False
        self._stale = Event()
        self._looked = float("-inf")
        self._pulse = Pulse("tick", STILL)
        self._name = f"{socket.gethostname()}-{os.getpid()}"
        self._scheduler = BackgroundScheduler(
            executors={
                "default": self._slots.executor,
                "tick": ThreadPoolExecutor(1),
                "inventory": ThreadPoolExecutor(1),
                "archive": ThreadPoolExecutor(1),
                "anchor": ThreadPoolExecutor(1),
                "timetable": ThreadPoolExecutor(1),
            },
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
            timezone="UTC",
        )

    def work(self, stop: Event, health: Health) -> bool:
        """Until told to stop. False when the scheduler's thread has died: then a supervisor must start anew."""
        self._scheduler.start()
        health.watch(self._scheduler._thread, "scheduler")
        log.info("worker %s looks after %s", self._name, ", ".join(self._survey.regions))
        self._add(self._tick, "interval", seconds=TICK, executor="tick", id="tick")
        self._add(self._take_inventory, "interval", seconds=INVENTORY, executor="inventory", id="inventory")
        self._want_inventory()
        self._add(self._mend_times, "interval", seconds=CLOCK, executor="tick", id="clock")
        self._add(self._keep_time, "interval", seconds=TICK, executor="timetable", id="timetable")
        self._add(self._keep_reports, "interval", seconds=ARCHIVE, executor="archive", id="archive")
        self._add(self._keep_reports, executor="archive")
        self._add(self._anchor, "interval", seconds=ANCHOR, executor="anchor", id="anchor")
        self._add(self._anchor, executor="anchor")
        health.watch(Thread(target=self._listen, args=(stop,), name="nudges", daemon=True)).start()
        health.add(self._pulse.look, self._slots.gauges)
        alive = True
        while alive and not stop.wait(TICK):
            alive = self._scheduler._thread.is_alive()
        self._hands.resting = True
        with self._adding:
            self._ending = True
        self._scheduler.shutdown(wait=alive)
        return alive

    def _add(self, job: Callable[..., None], trigger: str | None = None, **how: Any) -> None:
        """Nothing once this worker is ending: its scheduler waits for its threads then, and holds the lock that a new
        job needs, so a thread that asked for one would wait for ever."""
        with self._adding:
            if not self._ending:
                self._scheduler.add_job(job, trigger, **how)

    def _listen(self, stop: Event) -> None:
        with self._board.nudges() as nudged:
            while not stop.is_set():
                word = nudged(TICK)
                if word == "inventory":
                    self._on_wanted()
                elif word == "halt":
                    self._dispatch()
                elif word:
                    self._told_of(word)

    def _tick(self) -> None:
        self._pulse.beat()
        try:
            self._board.beat(self._name)
        except Away as error:
            log.warning("Redis is away (%s); nothing is lost, the runs wait", type(error).__name__)
            return
        self._on_wanted()
        self._dispatch()
        self._chain()

    def _mend_times(self) -> None:
        try:
            if many := self._set_back.mend():
                log.warning("Redis's clock was set back; %s that waited for a time to come are looked at now", many)
        except Away as error:
            log.warning("Redis is away (%s); its clock is looked at later", type(error).__name__)

    def _keep_time(self) -> None:
        """What recurs: made ahead of time, begun when it is due."""
        try:
            self._timetable.tick()
        except Away as error:
            log.warning("Redis is away (%s); what is due is begun within its grace", type(error).__name__)

    def _chain(self) -> None:
        """What has happened goes into the audit; what is old goes out of it."""
        try:
            self._chainer.catch_up()
            self._chainer.let_go()
        except Away as error:
            log.warning("Redis is away (%s); what has happened is chained later", type(error).__name__)

    def _told_of(self, run_id: str) -> None:
        """A run is due now. Every worker is told; whoever begins it first has it, and the others find it taken."""
        if not self._slots.here:
            self._dispatch()
            return
        with self._lock:
            if self._ending or self._slots.free() <= 0:
                return  # a slot that becomes free takes up whatever is due
            self._slots.take(1)
        self._add(self._slots.look, args=[run_id], executor="default")

    def _dispatch(self) -> None:
        """Hand out as many due runs as there are free slots."""
        if self._ending:
            return
        with self._lock:
            ids = self._hands.due(self._slots.free())
            self._slots.take(len(ids))
        for run_id in ids:
            self._add(self._slots.look, args=[run_id], executor="default")
        self._come_back()

    def _come_back(self) -> None:
        """A run that is due before the next tick does not wait for it: else each look would come half a second late."""
        try:
            due = self._store.next_due()
            wait = due - self._store.clock.now() if due is not None else TICK
        except Away:
            return
        if 0 < wait < TICK:
            at = datetime.now(UTC) + timedelta(seconds=wait + 0.001)
            self._add(self._dispatch, "date", run_date=at, executor="tick", id="soon", replace_existing=True)

    def _ended(self, run_id: str) -> None:
        self._want_inventory()
        self._want_report(run_id)

    def _want_report(self, run_id: str) -> None:
        if self._archive is not None:
            self._add(self._keep_reports, args=[run_id], executor="archive")

    def _keep_reports(self, run_id: str = "") -> None:
        """Of one run, or of all that may be missing in the bucket, if there is one. What is not kept when this worker
        ends, another keeps, or the next: nobody waits for S3."""
        if self._archive is None or self._ending:
            return
        try:
            if run_id:
                self._archive.keep(run_id)
            else:
                self._archive.sweep(lambda: not self._ending)
        except Away as error:
            log.warning("Redis is away (%s); reports are kept later", type(error).__name__)

    def _anchor(self) -> None:
        """The audit's head into its bucket, if there is one."""
        if self._anchorage is None:
            return
        try:
            self._chainer.catch_up()
            self._anchorage.keep(self._chainer.newest(), self._store.clock.now())
        except Away as error:
            log.warning("Redis is away (%s); the audit's head is anchored later", type(error).__name__)

    def _on_wanted(self) -> None:
        try:
            wanted = self._board.take_wanted()
        except Away:
            return
        if wanted:
            self._want_inventory()

    def _want_inventory(self) -> None:
        """Soon, once: looks that are asked for before the next one become that one. A thousand runs that end in a
        minute want thirty looks, not one after the other without a pause."""
        if self._stale.is_set():
            return
        self._stale.set()
        wait = max(0.0, self._looked + SPACING - time.monotonic())
        at = datetime.now(UTC) + timedelta(seconds=wait)
        self._add(self._take_wanted_inventory, "date", run_date=at, executor="inventory")

    def _take_wanted_inventory(self) -> None:
        self._stale.clear()
        self._looked = time.monotonic()
        self._take_inventory()

    def _take_inventory(self) -> None:
        try:
            self._survey.take()
        except (FiredrillError, Away) as error:
            log.warning("the inventory could not be taken: %s", error)


def timetable_of(settings: Settings, built: Parts, home: Home) -> Timetable:
    """Everything that recurs: what was made in Slack, and what the file declares."""
    hold, channel = settings.file.hold, settings.file.slack.channel
    gate = Gate(
        settings.policy, lambda: directory(built.board), settings.freezes, built.clock, channel,
        Hindrances(home, hold.calendars, hold.alarms, built.clock), holds_backups=not hold.backups,
    )  # fmt: skip
    return Timetable(built.agenda, desk_of(settings, built).hasty(), built.clock, settings.schedules, gate.check)


def run(settings: Settings, stop: Event) -> bool:
    """Until told to stop. Raises SettingsError when Redis is not there. False: see Worker.work."""
    file = settings.file
    elsewhere = beyond() if file.engine == "celery" else None
    room = EngineRoom(settings, file.health.worker, stop)
    built = room.parts
    anchorage = anchorage_of(settings)
    calendar = Calendar(built.agenda, built.clock, settings.schedules)
    survey = Survey(
        built.store, built.board, built.clock, room.home, file.regions, settings.profiles.choose, calendar,
        Watch(Watchbook(built.redis), calendar.all),
    )  # fmt: skip

    def slots(hands: Hands) -> Slots:
        return elsewhere.Sent(elsewhere.app_of(settings)) if elsewhere else Threads(hands, file.threads)

    worker = Worker(
        room.engine, built.store, built.board, built.chainer, survey, timetable_of(settings, built, room.home), slots,
        archive_of(settings, built.store), anchorage,
    )  # fmt: skip
    checkup = Checkup(room.home, file.regions, anchorage.doubts if anchorage else None)
    answering = Answering("worker", Checkups(built.redis, built.clock), checkup.findings)
    room.health.watch(Thread(target=answering.work, args=(stop,), name="doctor", daemon=True)).start()
    return worker.work(stop, room.health)
