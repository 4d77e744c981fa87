"""`python -m tests.faults storm`: many backups on real worker processes, of which some are killed every minute and
started again; then the oracle over everything."""

import argparse
import json
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from practice.cloud import Delays
from practice.world import World
from tests.faults.machine import say
from tests.processes.play import DISKS
from tests.stage import ASKING
from workflows.chainer import Chainer
from workflows.desk import Desk
from workflows.engine.board import Board
from workflows.engine.clock import SharedClock
from workflows.engine.run import Run, Status
from workflows.engine.store import Store
from workflows.engine.trail import Trail
from workflows.errors import Busy, UserError

_DELAYS = Delays(image=2, boot=1, checks=1, agent=1, command=0.3, stop=1)
_SETTINGS = """installation = "practice"
regions = ["us-east-1"]
threads = 8

[access]
operators = ["U0OPERATOR"]
approvers = ["U0APPROVER"]

[pace]
first = 0.5
most = 3.0
lease = 10.0
"""
#: Seconds: between two looks of whoever starts runs, and after which a storm that does not end is given up.
LOOK, LONGEST = 0.5, 3600.0


@dataclass
class Storm:
    """`servers` take turns: each has one backup at a time."""

    world: World
    runs: int
    workers: int
    servers: Sequence[str]
    rng: random.Random
    begun: list[str] = field(default_factory=list)
    killed: int = 0

    def __post_init__(self) -> None:
        client = self.world.store().redis
        self.clock = SharedClock(client)
        self.store = Store(client, self.clock)
        self.chainer = Chainer(Trail(client, self.clock), self.clock)
        self.desk = Desk(self.store, Board(client), self.clock, self.world.profiles().choose, patience=30.0)
        self._open: dict[str, str] = {}
        self._ended: dict[str, Run] = {}

    @property
    def names(self) -> list[str]:
        return [f"storm-{number}" for number in range(self.workers)]

    def start_workers(self) -> None:
        """As many as wanted, in place of the world's own."""
        self.world.kill("worker")
        del self.world.processes["worker"]
        for name in self.names:
            self.world.start_process("worker", name)

    def feed(self) -> int:
        """A backup for each server that has none going on. Gives how many have ended."""
        for server, run_id in list(self._open.items()):
            run = self.store.read(run_id)
            if not run.status.open:
                self._ended[run_id] = run
                del self._open[server]
        for server in self.servers:
            if server in self._open or len(self.begun) >= self.runs:
                continue
            try:
                planned = self.desk.backup(ASKING, server, reboot=False, accept_loss=False)[0]
                self._open[server] = self.desk.start(planned).id
                self.begun.append(self._open[server])
            except (Busy, UserError):
                return len(self._ended)  # the workers have not looked at that server yet
        return len(self._ended)

    def kill_one(self) -> None:
        """A random worker gets SIGKILL; its supervisor starts another at once."""
        name = self.rng.choice(self.names)
        process = self.world.processes[name]
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        self.world.start_process("worker", name)
        self.killed += 1

    def rage(self, seconds: float, kills: float) -> float:
        """Kills so many a minute for so long, then waits for the last run. Gives seconds."""
        start, told = time.monotonic(), 0.0
        strike = start + self.rng.expovariate(kills / 60) if kills else float("inf")
        while True:
            now, ended = time.monotonic(), self.feed()
            if ended >= self.runs or now - start > LONGEST:
                return now - start
            if now >= strike and now - start < seconds:
                self.kill_one()
                strike = now + self.rng.expovariate(kills / 60)
            if now - told > 30:
                say(f"{now - start:4.0f} s: {ended} of {self.runs} runs have ended, {self.killed} workers were killed")
                told = now
            time.sleep(LOOK)

    def faults(self) -> list[str]:
        """Everything that is not right, in words."""
        runs = [self.store.read(each) for each in self.begun]
        bad = [each for each in runs if each.status is not Status.SUCCEEDED]
        found = [f"{each.id} is {each.status.value} in {each.step.name}: {each.problem}" for each in bad]
        found += [f"{self.runs - len(runs)} runs were never begun"] if len(runs) < self.runs else []
        done = Counter(each.call for each in self.world.lab.effects)
        done["launch template versions"] = done["CreateLaunchTemplate"] + done["CreateLaunchTemplateVersion"]
        once = {"CreateImage": 1, "CreateSnapshot": len(DISKS), "SendCommand": 1, "launch template versions": 1}
        never = ("TerminateInstances", "RunInstances", "DeregisterImage", "RebootInstances")
        wanted = {call: n * self.runs for call, n in once.items()} | dict.fromkeys(never, 0)
        found += [f"{call}: {done[call]} instead of {n}" for call, n in wanted.items() if done[call] != n]
        if not self.runs <= done["CreateTags"] <= self.runs + self.killed:
            found.append(f"CreateTags: {done['CreateTags']}")
        return found + self._left() + self._untold(runs)

    def _left(self) -> list[str]:
        redis = self.store.redis
        found = [f"the lock {each!r} is left" for each in redis.scan_iter("dr:lock:*")]
        found += [f"{each!r} is still due" for each in redis.zrange("dr:due", 0, -1)]
        leased = [each for each in self.begun if redis.hget(f"dr:run:{each}", "lease") != b"0"]
        return found + [f"{each} is still leased" for each in leased]

    def _untold(self, runs: Sequence[Run]) -> list[str]:
        """The audit is whole, and tells the two moves of each image once."""
        self.chainer.catch_up()
        found = list(self.chainer.verdict().faults)
        told = Counter[tuple[str, str]]()
        for line in self.chainer.export():
            made = json.loads(line)
            told[made.get("run", ""), made.get("what", "")] += 1
        for run in runs:
            for what in ("begins create_image", "did create_image", "did verify_recovery_point"):
                if told[run.id, what] != 1:
                    found.append(f"the audit tells {told[run.id, what]} times that {run.id} {what}")
        return found


def main(words: Sequence[str]) -> int:
    """For the shell: 1 if anything was not right."""
    options = _parser().parse_args(words)
    with tempfile.TemporaryDirectory(prefix="firedrill-storm-", ignore_cleanup_errors=True) as folder:
        place = Path(folder) / "world"
        with World(place, _DELAYS, settings=lambda _login, _region: _SETTINGS) as world:
            servers = [f"storm-{number:03d}" for number in range(min(options.servers, options.runs))]
            for each in servers:
                world.lab.add_server(each, DISKS)
            storm = Storm(world, options.runs, options.workers, servers, random.Random(options.seed))
            storm.start_workers()
            took = storm.rage(options.minutes * 60, options.kills)
            faults = storm.faults()
    say(f"{options.runs} backups of {len(servers)} servers on {options.workers} workers in {took:.0f} s, "
        f"{storm.killed} workers killed: {'oracle clean' if not faults else f'{len(faults)} faults'}")  # fmt: skip
    for each in faults[:20]:
        say(f"  {each}")
    return 1 if faults else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults storm", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=10, help="for how long workers are killed")
    parser.add_argument("--kills", type=float, default=10, help="a minute, at random")
    parser.add_argument("--servers", type=int, default=100, help="that take turns")
    parser.add_argument("--seed", type=int, default=7)
    return parser
