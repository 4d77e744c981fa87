"""How soon a slash command is acknowledged while many come, beside a bare Bolt app that does nothing else.

Both are processes of their own, reached by Socket Mode from a practice workspace each. Firedrill's bot carries every
command out and answers it: that work goes on while the next ones come.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

from benchmarks.budgets import TIMES, Bars, Budget, Measured, Outcome, number, quantile
from benchmarks.ground import Ground, say
from benchmarks.processes import Child, cpu_seconds
from practice.workspace import Delivery, Workspace
from practice.world import CHANNEL, MANIFEST

TITLE = "Acknowledgement of a slash command, beside a bare Bolt app that only acknowledges"
ACK = Budget("ack of a slash command at 50 a second, p99", 1.5, TIMES)
BUDGETS = (ACK,)
#: What is typed, in turns: answers that are read from Redis, help, and words that the grammar refuses.
TYPED = ("/dr status", "/dr runs", "/dr help backup", "/dr points", "/dr bakcup orders-db")
BARE, OURS = "Bolt app that only acks", "Firedrill's bot"
PEOPLE = 32


def options(parser: argparse.ArgumentParser) -> None:
    """What of this benchmark can be asked for otherwise."""
    parser.add_argument("--rate", type=float, default=50, help="slash commands a second (50)")
    parser.add_argument("--seconds", type=float, default=5, help="how long each side is asked in one round (5)")
    parser.add_argument("--turns", type=int, default=5, help="how many rounds (5)")


def run(options: argparse.Namespace) -> Outcome:
    """The sides in turns, the order changing; the first second of each is left out."""
    with (
        tempfile.TemporaryDirectory(prefix="firedrill-bench-") as folder,
        Ground(Path(folder), runs=("bot",)) as ground,
        Workspace(MANIFEST) as other,
        Child("benchmarks.peers.bolt_app", environment=other.environment(), log=Path(folder) / "bolt.log") as bare,
        ThreadPoolExecutor(PEOPLE) as people,
    ):
        ground.seen(100)
        other.wait_connected(30)
        spaces = {OURS: (ground.workspace, ground.processes["bot"].pid), BARE: (other, bare.pid)}
        took: dict[str, list[float]] = {name: [] for name in spaces}
        busy = dict.fromkeys(spaces, 0.0)
        for turn in range(options.turns):
            for name in sorted(spaces, reverse=bool(turn % 2)):
                space, pid = spaces[name]
                _asked(people, space, options.rate, min(1.0, options.seconds / 2))
                before = cpu_seconds(pid)
                took[name] += _asked(people, space, options.rate, options.seconds)
                busy[name] += (cpu_seconds(pid) - before) / options.seconds / options.turns
    return _outcome(took, busy)


def _asked(people: ThreadPoolExecutor, space: Workspace, rate: float, seconds: float) -> list[float]:
    """Milliseconds from sending to the ack, of as many as come in that time. Raises RuntimeError when one has none."""
    sent: list[Future[Delivery]] = []
    start, typed = time.monotonic(), cycle(TYPED)
    for number_ in range(max(1, round(rate * seconds))):
        time.sleep(max(0.0, start + number_ / rate - time.monotonic()))
        sent.append(people.submit(space.say, "operator", CHANNEL, next(typed)))
    delivered = [each.result() for each in sent]
    failed = [each.error for each in delivered if each.acked_in is None]
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(sent)} slash commands were not acknowledged: {failed[0]}")
    return [each.acked_in * 1000 for each in delivered if each.acked_in is not None]


def _outcome(took: dict[str, list[float]], busy: dict[str, float]) -> Outcome:
    ours, bare = (_told(name, took[name], busy[name]) for name in (OURS, BARE))
    ratio = ours["p99"] / bare["p99"]
    peers = f"{BARE}: p99 {number(bare['p99'])} ms; ours {number(ours['p99'])} ms, and it answers"
    rows = tuple(
        (f"{name}, {part}", side[part]) for part in ("p50", "p99") for name, side in ((OURS, ours), (BARE, bare))
    )
    return Outcome(
        (Measured(ACK, ratio, peers),),
        {OURS: ours, BARE: bare, "ratio_of_p99": ratio, "ratio_of_p50": ours["p50"] / bare["p50"]},
        (Bars("From a slash command to its acknowledgement", "ms", rows),),
    )


def _told(name: str, took: Sequence[float], busy: float) -> dict[str, float]:
    parts = {"p50": quantile(took, 0.5), "p99": quantile(took, 0.99), "most": max(took)}
    shown = ", ".join(f"{part} {value:.1f} ms" for part, value in parts.items())
    say(f"{name:24} {shown}; {busy:.0%} of a core; {len(took)} commands")
    return {**parts, "core": busy, "commands": len(took)}
