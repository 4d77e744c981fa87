"""A live drill from its request to its verdict, beside a straight boto3 script that does the same seven steps.

Both work at the same time, on servers that are alike, in one lab. What AWS takes its time for goes ten times as fast
there, and so both look ten times as often: Firedrill's pace and boto3's waiters at a tenth of their defaults.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from benchmarks.budgets import TIMES, Bars, Budget, Measured, Outcome, number
from benchmarks.ground import APPROVER, OPERATOR, Ground, say
from benchmarks.peers.straight_drill import MEASURE
from benchmarks.processes import Child
from practice.cloud import Delays, Disk
from workflows.desk import Asking, Desk
from workflows.engine.run import Run, Status

TITLE = "A live drill, beside a straight boto3 script that does the same seven steps in the same lab"
TIME = Budget("a live drill's wall time", 1.05, TIMES)
CALLS = Budget("a live drill's API calls", 1.1, TIMES)
BUDGETS = (TIME, CALLS)
SCRIPT = "straight boto3 script"
#: A tenth of the defaults: of `[pace]`, and of boto3's waiters.
PACE, DELAY = "[pace]\nfirst = 0.2\nmost = 1.5\nlease = 31\n", 1.5
_WHY = (
    "before each effect Firedrill looks for what an earlier try may have done, asks AWS by DryRun before the question "
    "and at the click, looks there again at everything that the approval rests on (settings and keys too), asks which "
    "target groups the server is in and how far the disks are hydrated, and its first looks come closer together than "
    "a waiter's; of all that the script looks only at image, snapshots and volumes once more."
)
_FILES = {f"/data/orders/day-{day:03d}.csv": f"order,amount\n{day},42.00\n".encode() * 400 for day in range(60)}
_DISKS = (
    Disk("/dev/xvda", 8, "/", {"/srv/app/VERSION": b"4.2.1\n"}),
    Disk("/dev/sdf", 20, "/data", _FILES),
)
_PROFILE = f'[profiles.bench]\nservers = ["ours"]\npaths = ["/data"]\n\n{PACE}'
T = TypeVar("T")


@dataclass(frozen=True)
class Drilled:
    """`calls` by name; `standing` are those among them that a worker makes once a minute whatever is going on."""

    seconds: float
    calls: Counter[str]
    standing: int = 0

    @property
    def count(self) -> int:
        return sum(self.calls.values())


def options(parser: argparse.ArgumentParser) -> None:
    """What of this benchmark can be asked for otherwise."""
    parser.add_argument("--drills", type=int, default=3, help="how many pairs of drills, one after the other (3)")
    parser.add_argument("--haste", type=float, default=1, help="how many times as fast the lab is (1)")


def run(options: argparse.Namespace) -> Outcome:
    """Each pair in a lab of its own, whose times differ, so that no side is lucky with when it looks."""
    chance = random.Random(7)
    pairs = []
    for turn in range(options.drills):
        delays = _delays(chance, options.haste)
        with (
            tempfile.TemporaryDirectory(prefix="firedrill-bench-") as folder,
            Ground(Path(folder), ("worker",), _PROFILE, delays, [MEASURE.format(paths="data")]) as ground,
        ):
            pairs.append(_pair(ground, turn))
    return _outcome(pairs)


def _delays(chance: random.Random, haste: float) -> Delays:
    def some(least: float, most: float) -> float:
        return chance.uniform(least, most) / haste

    return Delays(
        image=some(6, 12), boot=some(1, 2.5), checks=some(6, 10), agent=some(1, 3), command=some(0.2, 0.6),
        stop=some(1, 3), hydrate=None,
    )  # fmt: skip


def _pair(ground: Ground, turn: int) -> tuple[Drilled, Drilled]:
    for name in ("ours", "script"):
        ground.lab.add_server(name, _DISKS)
    words = ("benchmarks.peers.straight_drill", "script", "--delay", str(DELAY))
    desk = ground.desk()
    planned = desk.drill(Asking(by=OPERATOR), "ours", accept_loss=False)
    with Child(*words, environment=ground.lab.environment(), log=ground.folder / "script.log", ask=True) as script:
        script.line()
        before = len(ground.lab.calls)
        script.tell("go\n")
        ours = _drilled(ground, desk, planned, before)
        told = json.loads(script.said())
    if not told["same"]:
        raise RuntimeError("the script's drill did not find the same files")
    other = Drilled(told["seconds"], Counter(told["calls"]))
    mine = Drilled(ours.seconds, ours.calls - other.calls, ours.standing)
    say(f"drill {turn + 1}: {_shown('Firedrill', mine)}; {_shown(SCRIPT, other)}")
    return mine, other


def _shown(name: str, drilled: Drilled) -> str:
    return f"{name} {drilled.seconds:.1f} s, {drilled.count} calls"


def _drilled(ground: Ground, desk: Desk, planned: Run, before: int) -> Drilled:
    """Asked for, approved as soon as it asks, and followed to its end. All of the lab's calls are counted, until both
    have ended: the script's are taken off by whoever knows them."""
    began = time.monotonic()
    run = desk.start(planned)
    asked = _until(lambda: _at(desk, run, Status.ASKING))
    desk.answer(asked.id, APPROVER, True)
    ended = _until(lambda: _at(desk, run, Status.SUCCEEDED))
    seconds = time.monotonic() - began
    if ended.values["evidence"]["verdict"] != "same":
        raise RuntimeError(f"the drill came to {ended.values['evidence']['verdict']}")
    return Drilled(seconds, Counter(each.action for each in ground.lab.calls[before:]))


def _at(desk: Desk, run: Run, status: Status) -> Run | None:
    now = desk.store.read(run.id)
    if not now.status.open and now.status is not status:
        raise RuntimeError(f"{run.id} {now.status.sentence()}: {now.problem}")
    return now if now.status is status else None


def _until(look: Callable[[], T | None], seconds: float = 300) -> T:
    """Looks a hundred times a second: Redis has time for it, and the drill is not kept waiting."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.01)
    raise TimeoutError(f"nothing came within {seconds:.0f} s")


def _outcome(pairs: list[tuple[Drilled, Drilled]]) -> Outcome:
    time_ratio = statistics.median(ours.seconds / other.seconds for ours, other in pairs)
    call_ratio = statistics.median(ours.count / other.count for ours, other in pairs)
    seconds = [statistics.median(each[side].seconds for each in pairs) for side in (0, 1)]
    calls = [statistics.median(each[side].count for each in pairs) for side in (0, 1)]
    ours, other = pairs[-1]
    return Outcome(
        (
            Measured(TIME, time_ratio, f"{SCRIPT} {number(seconds[1])} s; ours {number(seconds[0])} s"),
            Measured(CALLS, call_ratio, f"{SCRIPT} {number(calls[1])} calls; ours {number(calls[0])}", _WHY),
        ),
        {
            "drills": [
                {"ours": vars(a) | {"count": a.count}, "script": vars(b) | {"count": b.count}} for a, b in pairs
            ],
            "ratio_of_seconds": time_ratio,
            "ratio_of_calls": call_ratio,
            "calls_more_or_fewer": {name: ours.calls[name] - other.calls[name] for name in ours.calls | other.calls},
        },
        (
            Bars("Wall time of a live drill", "s", (("Firedrill", seconds[0]), (SCRIPT, seconds[1]))),
            Bars("API calls of a live drill", "calls", (("Firedrill", calls[0]), (SCRIPT, calls[1]))),
        ),
    )
