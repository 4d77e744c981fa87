"""From a request to the first step, and how many steps a second one worker does, beside task queues.

Firedrill's Redis syncs its append-only file at every write, as Firedrill asks for; the queues have one that keeps
nothing on disk, as it comes. All workers have eight threads (RQ: one process), and stand idle while another is asked.
"""

import argparse
import random
import signal
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from benchmarks.budgets import TIMES, Bars, Budget, Measured, Outcome, number, quantile
from benchmarks.ground import Ground, say
from benchmarks.noop import STAMPS
from benchmarks.queues import OURS, PEERS, Queue, queues

TITLE = "Request to first step, and no-op steps a second on one worker, beside task queues"
FIRST = Budget("from request to first step, median", 3, "ms")
STEPS = Budget("no-op steps a second on one worker", 1000, "a second", least=True)
BUDGETS = (FIRST, STEPS)
_WHY_FIRST = (
    "two writes lie on the way (the run is made, and taken), and Redis syncs each of them to disk before it answers, "
    "while the queues' Redis keeps nothing on disk; and what a worker is told of passes three threads: who listens, "
    "APScheduler's own, and one of its pool."
)
_WHY_STEPS = (
    "each step is one commit that Redis syncs to disk, and half a millisecond of Python: the record as JSON, and the "
    "client of Redis."
)
#: Seconds: the longest that anything may take, and between two requests.
PATIENCE, GAPS = 60.0, (0.03, 0.12)


def options(parser: argparse.ArgumentParser) -> None:
    """What of this benchmark can be asked for otherwise."""
    parser.add_argument("--requests", type=int, default=60, help="how many single requests each gets, in turns (60)")
    parser.add_argument("--steps", type=int, default=2000, help="how many steps at once, at most (2000)")
    parser.add_argument("--bursts", type=int, default=3, help="how often so many, in turns (3)")
    parser.add_argument("--peers", default=",".join(PEERS), help="which task queues (all), or none of them")


def run(options: argparse.Namespace) -> Outcome:
    peers = [each for each in options.peers.split(",") if each not in ("", "none")]
    with (
        tempfile.TemporaryDirectory(prefix="firedrill-bench-") as folder,
        Ground(Path(folder)) as ground,
        queues(ground, peers) as found,
    ):
        waits = _single(found, options.requests)
        rates = _bursts(found, options.steps, options.bursts)
    for name in waits:
        median, high = statistics.median(waits[name]), quantile(waits[name], 0.99)
        say(f"{name:16} first step {median:7.1f} ms (p99 {high:6.1f}); {statistics.median(rates[name]):7,.0f} a second")
    return _outcome(waits, rates)


def _single(found: Sequence[Queue], requests: int) -> dict[str, list[float]]:
    """Milliseconds from before a request until its step or task has begun, in turns; the first round warms up."""
    waits: dict[str, list[float]] = {each.name: [] for each in found}
    chance = random.Random(7)
    for turn in range(requests + 1):
        for queue in found:
            time.sleep(chance.uniform(*GAPS))
            asked = time.monotonic()
            queue.ask(1)
            took = (_stamp(queue) - asked) * 1000
            if turn:
                waits[queue.name].append(took)
    return waits


def _bursts(found: Sequence[Queue], steps: int, bursts: int) -> dict[str, list[float]]:
    """Steps or tasks a second: asked for while the worker is held, and counted from when it may go on."""
    rates: dict[str, list[float]] = {each.name: [] for each in found}
    for _ in range(bursts):
        for queue in found:
            many = min(steps, queue.most)
            queue.child.signal(signal.SIGSTOP)
            try:
                stamps = queue.ask(many)
            finally:
                queue.child.signal(signal.SIGCONT)
            began = time.monotonic()
            last = max(_stamp(queue) for _ in range(stamps))
            rates[queue.name].append(many / (last - began))
    return rates


def _stamp(queue: Queue) -> float:
    """When the next step or task began. Raises TimeoutError with the end of the worker's log."""
    got = cast(tuple[bytes, bytes] | None, queue.redis.blpop([STAMPS], timeout=PATIENCE))
    if got is None:
        raise TimeoutError(f"{queue.name} does not begin:\n{queue.child.log.read_text(errors='replace')[-2000:]}")
    return float(got[1])


def _outcome(waits: dict[str, list[float]], rates: dict[str, list[float]]) -> Outcome:
    first = {name: statistics.median(each) for name, each in waits.items()}
    steps = {name: statistics.median(each) for name, each in rates.items()}
    others = [name for name in first if name != OURS]
    return Outcome(
        (
            Measured(FIRST, first[OURS], _beside(first, others, "ms"), _WHY_FIRST),
            Measured(STEPS, steps[OURS], _beside(steps, others, "a second"), _WHY_STEPS),
        ),
        {
            "first_step_ms": {
                name: {"p50": statistics.median(each), "p99": quantile(each, 0.99)} for name, each in waits.items()
            },
            "steps_a_second": steps,
            "ratio_of_first_steps": {name: first[OURS] / first[name] for name in others},
            "ratio_of_steps": {name: steps[OURS] / steps[name] for name in others},
        },
        (
            Bars("From a request until its first step has begun, median", "ms", tuple(first.items()), FIRST.limit),
            Bars("Steps or tasks that do nothing, on one worker", "a second", tuple(steps.items()), STEPS.limit),
        ),
    )


def _beside(figures: dict[str, float], others: Sequence[str], unit: str) -> str:
    return "; ".join(
        f"{name} {number(figures[name])} {unit} ({number(figures[OURS] / figures[name])} {TIMES})" for name in others
    )
