"""What the tests of the flows share: a small server, what befalls a cloud by itself, and workers that die."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from handlers.cards import card
from practice.cloud import Disk
from practice.cloud.records import Call
from practice.cloud.sandbox import Outcome
from tests.stage import Stage
from workflows.aws import Home
from workflows.aws.calls import Calls
from workflows.catalogue import RUNBOOKS
from workflows.engine.engine import Engine
from workflows.engine.pace import Pace
from workflows.engine.run import Run, Status

SMALL = (
    Disk("/dev/xvda", 8, "/", {"/srv/app/config.ini": b"port = 5432\n", "/srv/app/VERSION": b"4.2.1\n"}),
    Disk("/dev/sdf", 20, "/data", {"/data/orders/day-000.csv": b"order,amount\n1,42.00\n"}),
)
#: What a live drill that meets no trouble makes and destroys; what is tagged or measured stands beside it.
ONCE = {"CreateImage": 1, "TerminateInstances": 1, "RunInstances": 1}


def cloud(stage: Stage) -> Calls:
    """Somebody else's hand on the account: the console, another program."""
    return Calls("us-east-1", stage.lab.url, clients=stage.clients)


def zone_of(stage: Stage, instance_id: str) -> str:
    found = cloud(stage)("ec2", "describe_instances", InstanceIds=[instance_id])
    return str(found["Reservations"][0]["Instances"][0]["Placement"]["AvailabilityZone"])


def words(run: Run) -> str:
    """What a person reads of the failure."""
    assert run.problem is not None, run.status
    return f"{run.problem.text} {run.problem.hint}"


def shown(run: Run) -> str:
    """Everything that the card says."""
    painted = card(run)
    return f"{painted.text} {painted.blocks}"


def made(stage: Stage, call: str) -> list[str]:
    """The ids of what a call has carried out."""
    return [each.id for each in stage.lab.effects if each.call == call]


def asked_for(stage: Stage, action: str) -> list[Call]:
    """Every try of an action, but for rehearsals."""
    return [each for each in stage.lab.calls if each.action == action and not each.params.get("DryRun")]


def once(stage: Stage) -> dict[str, int]:
    """How often the three calls that must not happen twice were carried out."""
    return {call: stage.count(call) for call in ONCE}


def retried(stage: Stage, run: Run) -> Run:
    """The asker's click on Retry, and what follows from it."""
    assert "goes on from" in stage.desk.retry(run.id, run.asked_by)
    stage.clock.forward(1)
    stage.step()
    return stage.drive(run)


def nothing_lost(stage: Stage, source: str) -> bool:
    """The source lives, with its disks."""
    return (
        source not in made(stage, "TerminateInstances")
        and stage.aws.instances.get(source).state == "running"
        and stage.lab.tree(source).is_dir()
    )


@dataclass(frozen=True)
class Clean:
    """What a run that met no trouble did: the actions in their order, and how often each was carried out."""

    actions: list[str]
    effects: Counter[str]

    @property
    def changes(self) -> list[str]:
        return [each for each in self.actions if not each.startswith(("Describe", "Get", "List"))]

    @property
    def looks(self) -> list[str]:
        return [each for each in self.actions if each.startswith(("Describe", "Get", "List"))]


@dataclass(frozen=True)
class Mark:
    """A place in the lab's books."""

    calls: int
    effects: int


def mark(stage: Stage) -> Mark:
    return Mark(len(stage.lab.calls), len(stage.lab.effects))


def since(stage: Stage, then: Mark) -> Clean:
    """What was done since a mark."""
    actions = list(dict.fromkeys(each.action for each in stage.lab.calls[then.calls :]))
    return Clean(actions, Counter(each.call for each in stage.lab.effects[then.effects :]))


def clean_drill(stage: Stage, name: str = "clean") -> Clean:
    """A live drill of a server of its own that meets no trouble."""
    stage.seed(name, SMALL)
    then = mark(stage)
    ended = stage.approve(stage.drill(name))
    assert ended.status is Status.SUCCEEDED, ended.problem
    return since(stage, then)


@dataclass
class Watch:
    """Reads the record and the card after every move. `calm` ends the faults so many seconds after the first look."""

    stage: Stage
    calm: float | None = None
    troubles: list[str] = field(default_factory=list)
    cards: list[str] = field(default_factory=list)
    looks: int = 0
    _began: float | None = None

    def __call__(self, run: Run) -> bool:
        if self._began is None:
            self._began = self.stage.clock.now()
        self.looks += 1
        assert self.looks < 1000, "the run goes round without end"
        if run.step.trouble:
            self.troubles.append(run.step.trouble)
            self.cards.append(shown(run))
        if self.calm is not None and self.stage.clock.now() >= self._began + self.calm:
            self.stage.lab.faults.clear()
        return False

    def silent(self, actions: Iterable[str]) -> list[str]:
        """Those actions whose trouble was never told."""
        told = " ".join(self.troubles)
        return [each for each in actions if f"{each} " not in f"{told} ".replace(".", " ")]


# ── workers ──────────────────────────────────────────────────────────────────────────────────────────────


class Died(BaseException):
    """The end of a worker's process: nothing in it runs on, nothing is written."""


def worker(stage: Stage, home: Home | None = None) -> Engine:
    """Another worker on the same Redis, with its own view of the account."""
    there = home or Home("test", stage.lab.url, clients=stage.clients)
    services = {**stage.services, "home": lambda run: there.region(run.target.region)}
    return Engine(stage.store, RUNBOOKS, services, stage.clock, Pace(), random.Random(11))


def dying(stage: Stage, step: str) -> Engine:
    """A worker that dies when it has begun a step and before it has done anything of it."""

    def home(run: Run) -> Any:
        return die(step) if run.step.name == step else stage.home.region(run.target.region)

    return Engine(stage.store, RUNBOOKS, {**stage.services, "home": home}, stage.clock, Pace(), random.Random(13))


def die(step: str) -> NoReturn:
    raise Died(step)


def work(stage: Stage, engine: Engine, run_id: str) -> Run:
    """One worker alone, until the run asks or ends. It waits for the end of another's lease."""
    while True:
        for each in stage.store.dispatch(10, pause=5):
            engine.advance(each)
        run = stage.store.read(run_id)
        due = stage.store.next_due()
        if run.status is Status.ASKING or not run.status.open or due is None:
            return run
        stage.clock.time = max(stage.clock.time, due)


def after_the_disaster(stage: Stage, befalls: Callable[[], None]) -> None:
    """`befalls` happens when the source is terminated and its end was not answered yet."""
    stage.lab.faults.after("TerminateInstances", befalls)


# ── what befalls a cloud ─────────────────────────────────────────────────────────────────────────────────


def _room(stage: Stage, action: str) -> Any:
    """The part of the lab that answers an action: what is done to it, AWS does to itself and no call does."""
    server = stage.lab._server
    assert server is not None
    return getattr(server._door._table["ec2", action], "__self__")  # noqa: B009  # a bound method, typed as a call


def slow_images(stage: Stage, seconds: float) -> None:
    """From now on an image takes so long."""
    stage.lab._parts.delays = replace(stage.lab._parts.delays, image=seconds)


def snapshot_fails(stage: Stage, snapshot_id: str) -> None:
    kept = _room(stage, "DescribeSnapshots").kept
    kept[snapshot_id] = replace(kept[snapshot_id], fails=True)


def snapshot_vanishes(stage: Stage, snapshot_id: str) -> None:
    del _room(stage, "DescribeSnapshots").kept[snapshot_id]


def snapshot_appears_at_the_second_look(stage: Stage, looked: Callable[[], None]) -> None:
    """The first DescribeSnapshots does not show the newest one yet. `looked` happens at both looks."""
    kept = _room(stage, "DescribeSnapshots").kept
    hidden: dict[str, Any] = {}

    def hide() -> None:
        looked()
        hidden.update([kept.popitem()])

    stage.lab.faults.before("DescribeSnapshots", hide)
    stage.lab.faults.after("DescribeSnapshots", lambda: kept.update(hidden))
    stage.lab.faults.before("DescribeSnapshots", looked)


def image_fails(stage: Stage, image_id: str) -> None:
    kept = _room(stage, "DescribeImages")._kept
    kept[image_id] = replace(kept[image_id], fails=True)


def image_loses_volume(stage: Stage, image_id: str) -> None:
    kept = _room(stage, "DescribeImages")._kept
    kept[image_id] = replace(kept[image_id], disks=kept[image_id].disks[:1])


def content_of(stage: Stage, older: Run, newer: Run) -> None:
    """The newer point's snapshots hold the older one's bytes."""
    folder = stage.lab.tree("i-").parents[1] / "snapshots"
    images = [stage.aws.images.get(run.values["point"]["image_id"]) for run in (older, newer)]
    for device, snapshot in images[1].snapshots.items():
        file = folder / f"{snapshot}.tar"
        content = (folder / f"{images[0].snapshots[device]}.tar").read_bytes()
        file.unlink()
        file.write_bytes(content)


def prints(stage: Stage, instance_id: str, code: int, stdout: str) -> None:
    """The last script on an instance ended so, whatever it did."""
    last = [each for each in stage.lab._commands._kept.values() if each.instance == instance_id][-1]
    last.outcome = Outcome(code, stdout, "")
