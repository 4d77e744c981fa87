"""Where a case is played: a Redis and a lab of its own, a clock that child processes share, workers as children."""

import mmap
import os
import random
import shutil
import signal
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from practice.cloud import Delays
from practice.redis_server import RedisServer
from practice.workspace import Workspace
from practice.world import MANIFEST
from tests.clock import HandClock
from tests.faults.clocks import SharedClock, Skewed
from tests.faults.doors import Astray, Crossing, Door, SeenClients, Strike, seen_redis, teach
from tests.hints import Hints
from tests.stage import Stage
from workflows.aws import Home
from workflows.aws.limits import Limits
from workflows.catalogue import RUNBOOKS
from workflows.desk import Desk
from workflows.engine.buckets import Buckets
from workflows.engine.connection import Away
from workflows.engine.engine import Engine
from workflows.engine.ledger import Ledger
from workflows.engine.pace import Pace
from workflows.engine.run import Run, Status
from workflows.engine.runbook import Runbook
from workflows.engine.sightings import Sightings
from workflows.engine.store import Store
from workflows.report.reading import seal
from workflows.turns import whose_turn

#: Shorter than the tests' own: a wait of many looks is the same crossing many times.
DELAYS = Delays(image=5, boot=3, checks=4, agent=3, command=2, stop=3, hydrate=3)
#: After so many looks a run goes round without end.
MOST_LOOKS = 3000
#: Seconds: what lives longer in Redis outlives a case.
SHORT = 120.0
#: Bytes of Redis's file that are read in no time.
LONG_LOG = 1_000_000
#: How a child says that another crossing bore the number, or that it broke.
ASTRAY, BROKEN = 71, 70


@dataclass(frozen=True)
class Broken:
    """How a worker without one of its guards is built."""

    store: type[Store] = Store
    home: Callable[[Home], Home] = lambda home: home
    runbooks: Mapping[str, Runbook] = field(default_factory=lambda: RUNBOOKS)


class Lost(Exception):
    """A run that nobody looks at any more, or that goes round without end."""


class World:
    """One a process. `open` gives an empty stage for the next case. With `celery` each hint goes through its queue."""

    def __init__(self, folder: Path, broken: Broken | None = None, *, celery: bool = False) -> None:
        self.folder = folder
        self.broken = broken or Broken()
        self.celery = celery
        self.server = RedisServer(folder / "redis")
        self.server.start()
        self.client = redis.Redis.from_url(self.server.url)
        self.clock = SharedClock()
        self.armed = mmap.mmap(-1, 1)
        self._stage: Stage | None = None
        self._space: Workspace | None = None
        self._opened = 0
        self._short: dict[Any, float] = {}

    @property
    def astray(self) -> bool:
        """Whether a guard is missing, so that crossings do not have the numbers that they had in the clean run."""
        return self.broken != Broken()

    @property
    def space(self) -> Workspace:
        """A practice workspace, empty at the beginning of each case."""
        if self._space is None:
            self._space = Workspace(MANIFEST, now=self.clock.now)
            self._space.start()
        return self._space

    @property
    def stage(self) -> Stage:
        assert self._stage is not None
        return self._stage

    def open(self) -> Stage:
        """Nothing of the last case is left."""
        self._shut()
        if self._space:
            self._space.faults.clear()
            self._space.clear()
        self._forget()
        teach(self.client)
        self._short = {}
        self.clock.time = HandClock().time
        self._opened += 1
        self._stage = Stage(self.client, self.clock, self._place)
        self._stage.lab._parts.delays = DELAYS
        if self.broken.store is not Store:
            broken = self.broken.store(self.client, self.clock)
            self._stage.desk = Desk(broken, self._stage.board, self.clock, self._stage.profile_for, patience=0.2)
        os.environ.update(self._stage.lab.environment())
        return self._stage

    def _forget(self) -> None:
        """Redis's file too: it is read again whenever a case starts Redis anew."""
        self.client.flushall()
        if self.server.log.exists() and self.server.log.stat().st_size > LONG_LOG:
            self.client.config_set("appendonly", "no")
            self.client.config_set("appendonly", "yes")
            while self.client.info("persistence")["aof_rewrite_in_progress"]:
                time.sleep(0.01)

    def close(self) -> None:
        self._shut()
        if self._space:
            self._space.stop()
        self.client.close()
        self.server.stop()

    def wait_until(self, time: float) -> None:
        """The clock goes on to that time. What lives in Redis for a short while only ends by this clock as well."""
        self.clock.time = max(self.clock.time, time)
        names = self.client.keys("dr:*")
        with self.client.pipeline(transaction=False) as pipe:
            for each in names:
                pipe.pttl(each)
            left = dict(zip(names, pipe.execute(), strict=True))
        short = {name: ms / 1000 for name, ms in left.items() if 0 < ms <= SHORT * 1000}
        self._short = {name: self._short.get(name, self.clock.time + seconds) for name, seconds in short.items()}
        for name, ends in self._short.items():
            if ends <= self.clock.time:
                self.client.delete(name)

    def mend(self) -> None:
        """Whatever a case that broke has left."""
        try:
            self.client.ping()
        except Away:
            self.server.start()
        self.client.config_set("maxmemory", 0)
        self.client.slaveof()

    def hands(self, door: Door | None = None, ahead: float = 0.0) -> "Hands":
        """A worker's engine in this process, with connections of its own."""
        return Hands(self, door or Door(), Skewed(self.clock, ahead))

    @property
    def _place(self) -> Path:
        return self.folder / f"cloud-{self._opened}"

    def _shut(self) -> None:
        if self._stage is not None:
            self._stage.close()
            self._stage = None
            shutil.rmtree(self._place, ignore_errors=True)

    # ── workers as processes ─────────────────────────────────────────────────────────────────────────────

    def child(self, work: Callable[[], None]) -> int:
        """A process that does this work and ends. Nothing of it reaches the parent but through Redis, the lab and the
        clock. Gives its pid."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which stay behind: a child needs none
            pid = os.fork()
        if pid:
            return pid
        try:
            self.client.connection_pool.reset()
            for each in self.stage.clients._made.values():
                each.close()  # the parent's connections are the parent's
            work()
        except Astray as astray:
            self._left(str(astray))
            os._exit(ASTRAY)
        except BaseException:  # noqa: BLE001 - whatever it was, it must not go on as a second parent
            self._left(traceback.format_exc())
            os._exit(BROKEN)
        os._exit(0)

    def _left(self, words: str) -> None:
        (self.folder / "words").write_text(words, encoding="utf-8")

    def words(self) -> str:
        """What the last child that broke has left."""
        return (self.folder / "words").read_text(encoding="utf-8")

    def struck(self, at: Crossing, moment: Any, by: signal.Signals) -> Strike:
        """In a child: the signal to itself at that moment; where only the lab sees the moment, the lab sends it."""
        self.armed[:1] = b"\0"

        def deed(_: Crossing) -> None:
            os.kill(os.getpid(), by)

        def arm(_: Crossing) -> None:
            self.armed[:1] = b"\1"

        return Strike(at, moment, deed, arm, elsewhere=self.astray)

    def shared(self, places: int) -> mmap.mmap:
        """So many bytes that children see, and one more."""
        return mmap.mmap(-1, places + 1)

    def strike_from_the_lab(self, pid: int, by: signal.Signals) -> None:
        """When the child's call was carried out, and before it is answered."""

        def carried_out() -> None:
            if self.armed[:1] == b"\1":
                self.armed[:1] = b"\0"
                os.kill(pid, by)
                if by is signal.SIGSTOP:
                    _wait_stopped(pid)

        self.stage.lab.faults.after("*", carried_out, times=None)


def _wait_stopped(pid: int) -> None:
    """Until the kernel has stopped it: else the answer might still be read."""
    while True:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        if state in "TtZX":
            return
        os.sched_yield()


def rests(stage: Stage, run: Run) -> bool:
    """Whether it has ended, or asks and nobody has said anything that no worker has taken up yet."""
    inbox = stage.store.inbox(run.id)
    heard = bool(inbox.cancel or (run.question and inbox.answers_to(run.question.id)))
    return not run.status.open or (run.status is Status.ASKING and not heard)


class Hands:
    """One worker: its store, its view of AWS, its engine."""

    def __init__(self, world: World, door: Door, clock: Skewed) -> None:
        stage, broken = world.stage, world.broken
        self.world, self.door, self.clock = world, door, clock
        self.client = seen_redis(world.server.url, door)
        self.store = broken.store(self.client, clock)
        ledger, shelf = Ledger(), Sightings(self.client, clock)
        limits = Limits(Buckets(self.client, clock), sleep=world.clock.forward)
        seen = SeenClients(stage.clients, door)
        home = broken.home(Home("test", stage.lab.url, ledger.note, seen, shelf=shelf, limits=limits))
        services = {
            **stage.services,
            "home": lambda run: home.of(run.target.account, run.target.region, whose_turn(run)),
        }
        common = (services, clock, Pace(), random.Random(11))
        self.engine = Engine(self.store, broken.runbooks, *common, seal=seal, ledger=ledger)
        self.work = self.engine.advance
        self._turn = Hints(world.server.url, self).look if world.celery else self._at_once
        self.away: Callable[[], object] = lambda: None
        self.looked: Callable[[], object] = lambda: None

    def leg(self, run_id: str) -> Run:
        """Until the run asks or ends. The clock moves when nothing is due."""
        stage, clock = self.world.stage, self.world.clock
        for _ in range(MOST_LOOKS):
            self.look()
            self.looked()
            run, due = stage.store.read(run_id), stage.store.next_due()
            if rests(stage, run):
                return run
            if due is None:
                raise Lost(f"{run_id} is {run.status.value} and due never")
            self.world.wait_until(due - (self.clock.now() - clock.now()))
        raise Lost(f"{run_id} goes round without end in {run.step.name}")

    def look(self) -> None:
        """One tick of a worker. An outage of Redis is sat out."""
        try:
            self._turn()
        except Away:
            self.away()

    def _at_once(self) -> None:
        for each in self.due(10):
            self.work(each)

    def due(self, most: int) -> list[str]:
        return self.store.dispatch(min(10, most or 1), pause=5)
