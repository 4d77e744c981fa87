"""What runs cost that wait for their images: ten of them, a thousand of them, and boto3's waiters in as many threads.

One backup is really made up to its wait; the others are its record and its image again. The worker is the Procfile's.
"""

import argparse
import secrets
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3

from benchmarks.budgets import TIMES, Bars, Budget, Measured, Outcome, number
from benchmarks.ground import OPERATOR, Ground, say
from benchmarks.processes import Child, cpu_seconds, memory, threads
from practice.cloud import Delays, Disk
from workflows.desk import Asking
from workflows.engine.run import Run
from workflows.engine.store import Store

TITLE = "Runs that wait for their images, beside boto3 waiters in threads"
CALLS = Budget("EC2 calls a minute of 1,000 waiting runs, beside those of 10", 1.5, TIMES)
MEMORY = Budget("the worker's memory with 1,000 waiting runs", 200, "MB")
CORE = Budget("the worker's processor time with 1,000 waiting runs", 10, "% of a core")
BUDGETS = (CALLS, MEMORY, CORE)
_WHY_CORE = (
    "nearly half of it is botocore reading AWS's XML of a thousand pending images and their snapshots, some times a "
    "minute; the rest is mostly five round trips to Redis a look, and there are seventy looks a second."
)
#: Nothing becomes ready while it is measured.
_DELAYS = Delays(image=1e6, command=0.1, hydrate=None)
_DISK = Disk("/dev/xvda", 8, "/", {"/srv/app/VERSION": b"4.2.1\n"})
_PROFILE = '[profiles.bench]\nservers = ["node"]\npaths = ["/srv"]\n'
#: Looks that a run has behind it: its pauses have grown to the longest by then.
_LOOKS = 30


@dataclass(frozen=True)
class Cost:
    """What waiting costs a minute: EC2's calls, part of a core, bytes, threads. `named` are the calls counted."""

    calls: float
    core: float
    memory: int
    threads: int
    named: Mapping[str, int] = field(default_factory=dict)

    def told(self, name: str) -> str:
        return (
            f"{name}: {self.calls:,.0f} EC2 calls a minute, {self.core:.1%} of a core, {self.memory / 1e6:.0f} MB, "
            f"{self.threads:,} threads"
        )


def options(parser: argparse.ArgumentParser) -> None:
    """What of this benchmark can be asked for otherwise."""
    parser.add_argument("--waiting", type=int, default=1000, help="how many runs wait, beside ten (1000)")
    parser.add_argument("--window", type=float, default=60, help="seconds for which each is counted (60)")
    parser.add_argument("--settle", type=int, default=2, help="looks that each has behind it when the count begins (2)")


def run(options: argparse.Namespace) -> Outcome:
    few = min(10, options.waiting)
    with (
        tempfile.TemporaryDirectory(prefix="firedrill-bench-") as folder,
        Ground(Path(folder), ("worker",), _PROFILE, _DELAYS) as ground,
    ):
        sown = Field(ground)
        sown.sow(few)
        sown.settle(options.settle)
        made = threading.Thread(target=sown.images, args=(options.waiting,))
        made.start()
        costs = {f"Firedrill, {few}": sown.weigh(options.window)}
        made.join()
        sown.sow(options.waiting)
        sown.settle(options.settle)
        costs[f"Firedrill, {options.waiting:,}"] = sown.weigh(options.window)
        ground.kill("worker")
        for many, seconds in ((few, 15), (options.waiting, 30)):
            costs[f"boto3 waiters, {many:,}"] = sown.weigh_waiters(many, min(seconds, options.window))
    for name, cost in costs.items():
        say(cost.told(name))
    return _outcome(costs, few, options.waiting)


class Field:
    """Runs that wait in one practice world, and their images."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._source = ground.lab.add_server("node", [_DISK])
        self._store: Store = ground.store()
        given = ground.lab.environment()
        self._ec2 = boto3.client(
            "ec2", region_name=given["AWS_REGION"], endpoint_url=given["AWS_ENDPOINT_URL"],
            aws_access_key_id=given["AWS_ACCESS_KEY_ID"], aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
        )  # fmt: skip
        self._first = self._backed_up()
        image_id = self._first.values["asked"]["image_id"]
        self._tags = self._ec2.describe_images(ImageIds=[image_id])["Images"][0]["Tags"]
        self._made = [(self._first.key, image_id)]
        self._runs = 1

    def _backed_up(self) -> Run:
        """A backup that has come to its wait. Raises TimeoutError."""
        desk = self._ground.desk()
        (planned,) = desk.backup(Asking(by=OPERATOR), "node", reboot=False, accept_loss=False)
        run = desk.start(planned)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            run = self._store.read(run.id)
            if run.step.name == "wait_for_image" and run.step.looks:
                return run
            time.sleep(0.05)
        raise TimeoutError(f"the backup does not come to its wait: {run}\n{self._ground.log('worker')[-2000:]}")

    def images(self, many: int) -> None:
        """As many images of the server, each tagged as a run's own."""
        for at in range(len(self._made), many):
            key = f"B-{at + 1:04d}-{secrets.token_hex(4)}"
            marks = [{"Key": each["Key"], "Value": key if each["Value"] == self._first.key else each["Value"]}
                     for each in self._tags]  # fmt: skip
            made = self._ec2.create_image(
                InstanceId=self._source, Name=f"bench-{key}", NoReboot=True,
                TagSpecifications=[{"ResourceType": kind, "Tags": marks} for kind in ("image", "snapshot")],
            )  # fmt: skip
            self._made.append((key, made["ImageId"]))

    def sow(self, many: int) -> None:
        """So many runs wait, with those that did before."""
        self.images(many)
        for key, image_id in self._made[self._runs : many]:
            self._store.create(self._again(key, image_id))
        self._runs = max(self._runs, many)

    def _again(self, key: str, image_id: str) -> Run:
        """The record of the first run, of another server and image."""
        first = self._first
        steps = tuple(replace(each, looks=_LOOKS) if each.state == "waiting" else each for each in first.steps)
        values: dict[str, Any] = {**first.values, "asked": {**first.values["asked"], "image_id": image_id}}
        run_id = self._store.next_id("B")
        target = replace(first.target, server=f"node-{run_id}")
        return replace(first, id=run_id, key=key, target=target, steps=steps, values=values)

    def settle(self, looks: int) -> None:
        """Until each of them has been looked at so often: as they all begin at once here, the first looks come one by
        one. After four minutes the count begins all the same."""
        until = time.monotonic() + 240
        late = {each.id for each in self._store.open_runs()} - {self._first.id}
        while late and time.monotonic() < until:
            late = {each for each in late if self._store.read(each).step.looks < _LOOKS + looks}
            time.sleep(0.5)
        if late:
            say(f"{len(late)} runs were not looked at {looks} times when the count began")

    def weigh(self, seconds: float) -> Cost:
        """What the worker does in that time; the images that are being made are not its calls."""
        pid = self._ground.processes["worker"].pid
        calls, core, began = len(self._ground.lab.calls), cpu_seconds(pid), time.monotonic()
        most = 0
        while time.monotonic() < began + seconds:
            time.sleep(min(0.5, seconds))
            most = max(most, memory(pid))
        passed = time.monotonic() - began
        made = [each for each in self._ground.lab.calls[calls:] if each.action.startswith("Describe")]
        named = Counter(each.action for each in made)
        return Cost(len(made) * 60 / passed, (cpu_seconds(pid) - core) / passed, most, threads(pid), named)

    def weigh_waiters(self, many: int, seconds: float) -> Cost:
        """The same of a process with one waiter an image, from when all of them have begun."""
        environment, log = self._ground.lab.environment(), self._ground.folder / "waiters.log"
        with Child("benchmarks.peers.waiters", environment=environment, log=log, ask=True) as child:
            child.tell(" ".join(image_id for _, image_id in self._made[:many]) + "\n")
            while self._asked(child) < many:
                time.sleep(0.2)
            calls, core, began = self._asked(child), cpu_seconds(child.pid), time.monotonic()
            time.sleep(seconds)
            passed = time.monotonic() - began
            core = (cpu_seconds(child.pid) - core) / passed
            return Cost((self._asked(child) - calls) * 60 / passed, core, memory(child.pid), threads(child.pid))

    def _asked(self, child: Child) -> int:
        child.tell("\n")
        return int(child.line())


def _outcome(costs: dict[str, Cost], few: int, many: int) -> Outcome:
    small, large, waiters_small, waiters = costs.values()
    ratio, beside = large.calls / small.calls, waiters.calls / max(1.0, waiters_small.calls)
    names: Sequence[str] = tuple(costs)
    slow = f"boto3 waiters in threads: {number(beside)} {TIMES}, {waiters.calls:,.0f} calls a minute"
    ours = f"ours {large.calls:,.0f} for {many:,}, {small.calls:,.0f} for {few}"
    held = f"{waiters.memory / 1e6:.0f} MB, {waiters.threads:,} threads; ours has {large.threads}"
    return Outcome(
        (
            Measured(CALLS, ratio, f"{slow}; {ours}"),
            Measured(MEMORY, large.memory / 1e6, f"boto3 waiters: {held}"),
            Measured(CORE, large.core * 100, f"boto3 waiters: {waiters.core:.1%}", _WHY_CORE),
        ),
        {name: vars(cost) for name, cost in costs.items()} | {"ratio_of_calls": ratio},
        (
            Bars("EC2 calls a minute while runs wait for their images", "a minute",
                 tuple((name, costs[name].calls) for name in names)),
            Bars("Memory while runs wait for their images", "MB",
                 tuple((name, costs[name].memory / 1e6) for name in names), MEMORY.limit),
        ),
    )  # fmt: skip
