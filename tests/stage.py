"""The whole of Firedrill in one process, on real parts and a clock driven by hand: Redis, lab cloud, desk, engine."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import redis

from handlers.access import Access
from handlers.answers import Answers
from practice.cloud import COPY_PROFILE, Delays, Disk, LabCloud
from practice.servers import SERVERS
from tests.clock import HandClock
from workflows import inventory
from workflows.aws import Aws, Home
from workflows.aws.clients import Clients
from workflows.aws.limits import Limits
from workflows.catalogue import RUNBOOKS
from workflows.chainer import Chainer
from workflows.desk import Asking, Desk
from workflows.engine.agenda import Agenda
from workflows.engine.board import Board, Cards
from workflows.engine.buckets import Buckets
from workflows.engine.engine import Engine
from workflows.engine.ledger import Ledger
from workflows.engine.pace import Pace
from workflows.engine.run import Actor, Run, Status
from workflows.engine.sightings import Sightings
from workflows.engine.store import Store
from workflows.engine.trail import Trail
from workflows.facts.profile import Profile
from workflows.facts.script import recognised
from workflows.keeping import EVERYTHING_STAYS, Keeping
from workflows.policy import BASE, Directory, Policy, Rule, about_run
from workflows.report.history import LOOKED_AT, last_time
from workflows.report.reading import seal
from workflows.retention import rule_of
from workflows.schedules.calendar import Calendar
from workflows.steps.isolation import DrillRules
from workflows.steps.launching import others_of
from workflows.turns import whose_turn

OPERATOR = Actor("U0OPERATOR", "operator")
APPROVER = Actor("U0APPROVER", "approver")
APPROVER2 = Actor("U0APPROVER2", "second-approver")
ASKING = Asking(by=OPERATOR, channel="C0DROPS")
_DEFAULT = Profile("default", optional=("/srv", "/data"))
#: Boto3 remembers it as long as the clients.
_LOGIN = ("LABKSTAGE", "known to this process alone")
#: Not the practice world's: tests turn their own faults on.
DELAYS = Delays(image=60, boot=10, checks=60, agent=20, command=2, stop=10)


class _KeptClients(Clients):
    """boto3's clients are made once for all labs of this process: that takes longer than all else of a stage."""

    port = 0
    _of_url: ClassVar[dict[str, dict[tuple[str, str], Any]]] = {}

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self._made = self._of_url.setdefault(endpoint, {})

    def hang_up(self) -> None:
        """A connection that stays open is one to a lab that is over."""
        for each in self._made.values():
            each.close()


class Stage:
    """`orders-db` stands on it, with a root and a data volume. Nothing moves unless `drive` is called."""

    def __init__(self, client: redis.Redis, clock: HandClock, folder: Path, installation: str = "test") -> None:
        self.clock = clock
        self.store = Store(client, clock)
        self.board = Board(client)
        self.cards = Cards(client, clock)
        self.profiles = {each.name: Profile(each.name, each.paths) for each in SERVERS}
        self.lab = self._opened(folder)
        self.ledger = Ledger()
        self.clients = _KeptClients(self.lab.url)
        self.home = Home(
            installation, self.lab.url, self.ledger.note, self.clients,
            shelf=Sightings(client, clock), limits=Limits(Buckets(client, clock), sleep=clock.forward),
        )  # fmt: skip
        self.chainer = Chainer(Trail(client, clock), clock)
        self.policy = Policy(
            Rule(BASE, operators=(OPERATOR.id,), approvers=(OPERATOR.id, APPROVER.id, APPROVER2.id), minutes=30)
        )
        self.directory = Directory()
        self.drill_rules = DrillRules(COPY_PROFILE)
        self.retention = EVERYTHING_STAYS
        self.desk = Desk(self.store, self.board, clock, self.profile_for, patience=0.2)
        self.agenda = Agenda(client, clock)
        self.calendar = Calendar(self.agenda, clock)
        self.answers = Answers(self.desk, Access(self.policy, lambda _: self.directory), self.calendar)
        self.services: dict[str, Callable[[Run], object]] = {
            "home": lambda run: self.home.of(run.target.account, run.target.region, whose_turn(run)),
            "terms": lambda run: self.policy.terms(about_run(run)),
            "directory": lambda _: self.directory,
            "last_time": lambda run: last_time(self.store.latest(LOOKED_AT), run.target),
            "drill_rules": lambda _: self.drill_rules,
            "others": lambda run: others_of(run, self.profile_for),
            "retention": lambda run: rule_of(run.target.server, run.tags, self.profile_for, self.retention),
        }
        self.engine = Engine(
            self.store, RUNBOOKS, self.services, clock, Pace(), random.Random(7), seal=seal, ledger=self.ledger
        )

    def _opened(self, folder: Path) -> LabCloud:
        """Where the last one of this process was, unless somebody else is there by now."""

        def lab(port: int) -> LabCloud:
            return LabCloud(
                folder, accepts=self.accepts, now=self.clock.now, delays=DELAYS, regions=("us-east-1",), port=port,
                login=_LOGIN,
            )  # fmt: skip

        try:
            made = lab(_KeptClients.port)
            made.start()
        except OSError:
            made = lab(0)
            made.start()
        _KeptClients.port = int(made.url.rpartition(":")[2])
        return made

    def needs(self, approvals: int) -> None:
        """From now on the policy wants so many."""
        self.policy = replace(self.policy, base=replace(self.policy.base, approvals=approvals))

    def profile_for(self, server: str, tags: Mapping[str, str], name: str) -> Profile:
        return self.profiles.get(name or server, _DEFAULT)

    def accepts(self, script: str) -> bool:
        return recognised(script, (*self.profiles.values(), _DEFAULT))

    @property
    def aws(self) -> Aws:
        return self.home.region("us-east-1")

    def seed(self, name: str = "orders-db", disks: Sequence[Disk] = SERVERS[0].disks, **options: object) -> str:
        """A server in the lab, and in the inventory."""
        made = self.lab.add_server(name, disks, **options)  # type: ignore[arg-type]
        self.look()
        return made

    def lose(self, instance_id: str) -> None:
        """Somebody terminates it, and no run."""
        self.aws.instances.ensure_terminated(instance_id, hold=lambda: None)

    def look(self) -> None:
        """What a worker does once a minute."""
        self.clock.forward(1)
        seen = inventory.taken(self.home, ["us-east-1"], self.clock.now())
        self.board.put_inventory(inventory.to_json(seen))

    def drive(self, run: Run, until: Callable[[Run], bool] = lambda run: False, hours: float = 3) -> Run:
        """Work like a worker until the run ends, asks, meets `until`, or nothing is due for so many hours."""
        last = self.clock.now() + hours * 3600
        while True:
            run = self.store.read(run.id)
            due = self.store.next_due()
            if until(run) or run.status is Status.ASKING or due is None or due > last or not run.status.open:
                return run
            self.clock.time = max(self.clock.time, due)
            self.step()

    def step(self) -> None:
        """One dispatch, and whatever it hands out."""
        for run_id in self.store.dispatch(10, pause=5):
            self.engine.advance(run_id)

    def backup(self, target: str = "orders-db", reboot: bool = False, accept_loss: bool = False) -> Run:
        """A backup, driven to its end."""
        planned = self.desk.backup(ASKING, target, reboot=reboot, accept_loss=accept_loss)[0]
        ended = self.drive(self.desk.start(planned))
        self.look()
        return ended

    def restore(self, target: str = "orders-db", **options: object) -> Run:
        """A restore, driven to its end."""
        self.look()
        return self.drive(self.desk.start(self.desk.restore(ASKING, target, **options)))  # type: ignore[arg-type]

    def drill(self, target: str = "orders-db", accept_loss: bool = False) -> Run:
        """A live drill, driven to its question or its end."""
        return self.drive(self.desk.start(self.desk.drill(ASKING, target, accept_loss=accept_loss)))

    def clone(self, target: str = "orders-db", which: str = "latest") -> Run:
        """A clone drill, driven to its question or its end."""
        return self.drive(self.desk.start(self.desk.clone(ASKING, target, which=which)))

    def approve(self, run: Run, by: Actor = APPROVER) -> Run:
        """The approver's click, and what follows from it."""
        assert self.desk.answer(run.id, by, True) == f"You approved `{run.id}`."
        self.clock.forward(1)
        self.step()
        return self.drive(run)

    def keeps(self, rule: Keeping) -> None:
        """From now on firedrill.toml says so."""
        self.retention = self.desk.retention = rule

    def audit(self) -> list[dict[str, Any]]:
        """Everything that the audit tells, in its order."""
        self.chainer.catch_up()
        return [json.loads(line) for line in self.chainer.export()][:-1]

    def count(self, call: str) -> int:
        """How often the lab has carried a call out."""
        return sum(1 for effect in self.lab.effects if effect.call == call)

    def close(self) -> None:
        broken = self.lab.broken
        self.clients.hang_up()
        self.lab.stop()
        assert not broken, "\n".join(broken)
