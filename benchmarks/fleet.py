"""Slack's calls while a fleet is backed up at once, and whether every last state arrives.

One person asks for all of them in the practice workspace, which keeps Slack's rate limits. The bot is the Procfile's;
the runs are moved by the engine, in place of a worker, through steps that only take their time: so many backups in the
lab would take half an hour.
"""

import argparse
import re
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.budgets import Bars, Budget, Measured, Outcome, number
from benchmarks.ground import Ground, say
from practice.world import CHANNEL
from workflows.backup import BACKUP
from workflows.engine.engine import Engine
from workflows.engine.pace import Pace
from workflows.engine.run import Run, Status
from workflows.engine.runbook import Runbook, Step, Wait, step_of
from workflows.engine.store import Store
from workflows.errors import RunFailed

TITLE = "A fleet of backups in Slack: calls a minute, and every last state right"
CALLS = Budget("Slack calls in the busiest minute of a fleet of 500 runs", 40, "calls")
RIGHT = Budget("last states of that fleet that are right in Slack", 100, "%", least=True)
BUDGETS = (CALLS, RIGHT)
#: What is waited for in each of them, how often it is looked at, and one in how many fails there.
LONG, LOOKS, FAILS = "wait_for_image", 3, 50
TICK = 0.25


def options(parser: argparse.ArgumentParser) -> None:
    """What of this benchmark can be asked for otherwise."""
    parser.add_argument("--fleet", type=int, default=500, help="how many servers are backed up at once (500)")
    parser.add_argument("--lasting", type=float, default=90, help="seconds that their backups take together (90)")
    parser.add_argument("--patience", type=float, default=60, help="seconds for Slack to be told of the rest (60)")


def run(options: argparse.Namespace) -> Outcome:
    with (
        tempfile.TemporaryDirectory(prefix="firedrill-bench-") as folder,
        Ground(Path(folder), ("bot",)) as ground,
    ):
        ground.seen(options.fleet, Fleet="yes")
        before = len(ground.workspace.calls)
        ground.workspace.say("operator", CHANNEL, "/dr backup tag:Fleet=yes")
        store = ground.store()
        moves = _moved(store, options.fleet, options.lasting)
        late = _settled(store, options.patience)
        calls = [each for each in ground.workspace.calls[before:] if each.method != "respond"]
        runs = store.latest(options.fleet)
        texts = _texts(ground)
    listed = _listed(texts)
    right = sum(1 for each in runs if _is_right(each, texts, listed))
    busiest = _busiest([each.at for each in calls])
    refused = sum(1 for each in calls if each.outcome == "ratelimited")
    say(f"{len(runs)} runs, {moves:,} moves; {len(calls):,} Slack calls, {busiest} in the busiest minute, "
        f"{refused} of them refused by rate; {right} last states are right, the last after {late:.0f} s")  # fmt: skip
    return _outcome(busiest, 100 * right / max(1, len(runs)), moves * 60 / options.lasting, {
        "runs": len(runs), "moves": moves, "calls": Counter(each.method for each in calls), "refused": refused,
        "busiest_minute": busiest, "right": right, "seconds_until_the_last": late,
    })  # fmt: skip


def _book() -> Runbook:
    """The backup's steps by name, which take time and make nothing."""

    def at_once() -> None:
        pass

    def wait(run_id: str, kept: dict[str, Any]) -> Wait | None:
        looks = int(kept.get("looks", 0))
        if looks < LOOKS:
            done = round(100 * looks / LOOKS)
            return Wait("the image", f"AWS has copied {done} % of the blocks", 7200, done, {"looks": looks + 1})
        if int(run_id.rpartition("-")[2]) % FAILS == 0:
            raise RunFailed("AWS could not make the image.", "Nothing was terminated. `/dr retry` asks for a new one.")
        return None

    def of(step: Step) -> Step:
        if step.name == LONG:
            return step_of(step.name, step.title, wait, {"run_id": str, "kept": dict}, None)
        return step_of(step.name, step.title, at_once, {}, None)

    return Runbook(BACKUP.name, BACKUP.letter, BACKUP.title, [], [of(each) for each in BACKUP.steps])


def _moved(store: Store, fleet: int, lasting: float) -> int:
    """Every run from its beginning to its end, so many at a time that it takes that long. Gives the number of moves."""
    engine = Engine(store, {BACKUP.name: _book()}, {}, store.clock, Pace(first=1, growth=1, most=1))
    at_once = max(1, round(fleet * (LOOKS + 1) * TICK / lasting))
    until = time.monotonic() + 3 * lasting + 60
    begun = 0
    while begun < fleet or store.next_due() is not None:
        if time.monotonic() > until:
            raise TimeoutError(f"{begun} of {fleet} runs were begun, and not all have ended")
        time.sleep(TICK)
        for run_id in store.dispatch(at_once, pause=60):
            engine.advance(run_id)
        begun = len(store.latest(fleet)) if begun < fleet else begun
    return int(store.redis.xlen("dr:events"))


def _settled(store: Store, patience: float) -> float:
    """Seconds until Slack has been told of everything, or `patience`."""
    began = time.monotonic()
    while store.redis.zcard("dr:unpainted") and time.monotonic() < began + patience:
        time.sleep(0.2)
    return time.monotonic() - began


def _texts(ground: Ground) -> str:
    """Everything that the channel shows, threads too."""
    space = ground.workspace
    said = [each for message in space.messages(CHANNEL) for each in (message, *space.thread(message))]
    return "\n".join(f"{each.text}\n{each.plain()}" for each in said)


def _listed(texts: str) -> dict[str, Status]:
    """How each run ended, by what the batch's list at its end says."""
    found: dict[str, Status] = {}
    words = {"Done": Status.SUCCEEDED, "Failed": Status.FAILED, "Cancelled": Status.CANCELLED}
    state = None
    for head, run_id in re.findall(r"\b(\w+) \([\d,]+\):|\b([A-Z]-\d{4,}) node", texts):
        if head:
            state = words.get(head)
        elif state:
            found[run_id] = state
    return found


def _is_right(run: Run, texts: str, listed: dict[str, Status]) -> bool:
    """The batch's list says how it ended; and so does its own card, if it has one."""
    own = re.findall(rf"\b{run.id}, [^\n]*: (\w+)\.", texts)
    return listed.get(run.id) is run.status and set(own) <= {run.status.value}


def _busiest(times: Sequence[float]) -> int:
    """The most calls in any sixty seconds."""
    return max((sum(1 for other in times if at <= other < at + 60) for at in times), default=0)


def _outcome(busiest: int, right: float, moves: float, figures: dict[str, Any]) -> Outcome:
    beside = f"a message a run, updated at each move: {number(moves)} a minute"
    bars = (("Firedrill, its busiest minute", float(busiest)), ("One call for each move", moves))
    return Outcome(
        (
            Measured(CALLS, busiest, f"{beside}, where Slack takes 50 updates"),
            Measured(RIGHT, right, f"{figures['runs']} runs, {figures['right']} right"),
        ),
        figures | {"moves_a_minute": moves},
        (Bars("Slack calls a minute while 500 servers are backed up", "calls", bars, CALLS.limit),),
    )
