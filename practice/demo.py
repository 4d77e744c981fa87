"""`firedrill demo`: a whole live drill played by two people, printed as the channel shows it."""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from practice.cloud import Delays
from practice.workspace import Message
from practice.world import CHANNEL, World
from workflows.engine.run import Run, Status

T = TypeVar("T")

SERVER = "orders-db"
#: Seconds that the demo's parts may take before something is wrong.
ASKED_WITHIN, ENDED_WITHIN = 120.0, 180.0


class Screen:
    """Prints each line of the channel once, when it first appears."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._shown: set[tuple[str, str]] = set()
        self._start = time.monotonic()

    def say(self, who: str, text: str) -> None:
        stamp = time.monotonic() - self._start
        sys.stdout.write(f"{stamp:6.1f} s  {who:<11} {text}\n")
        sys.stdout.flush()

    def update(self) -> None:
        """What is new in the channel, its threads, and the notes that only one person sees."""
        space = self._world.workspace
        for message in space.messages(CHANNEL):
            self._lines("Firedrill", message)
            for reply in space.thread(message):
                self._lines("  in thread", reply)
        for name in ("operator", "approver"):
            for note in space.ephemerals(name, CHANNEL):
                self._lines(f"(to {name})"[:11], note)

    def _lines(self, who: str, message: Message) -> None:
        for line in message.plain().splitlines():
            if line.strip() and (message.ts, line) not in self._shown:
                self._shown.add((message.ts, line))
                self.say(who, line)


def play(corrupt: bool = False) -> int:
    """0 only if the verdict is *same*. With `corrupt`, one byte of the restored disk is damaged on the way."""
    with tempfile.TemporaryDirectory(prefix="firedrill-demo-") as folder:
        try:
            with World(Path(folder), Delays(image=6.0, boot=2.0, checks=3.0, agent=2.0)) as world:
                return _play(world, corrupt)
        except TimeoutError as error:
            sys.stdout.write(f"\nThe demo did not get on: {error}\n")
            return 1


def _play(world: World, corrupt: bool) -> int:
    screen = Screen(world)
    screen.say("", f"The practice world is up: {', '.join(world.instances)}. The channel is #dr-ops.")
    lost = world.instances[SERVER]
    disk = world.lab.tree(lost)
    command = f'/dr drill {SERVER} --live --reason "quarterly rehearsal"'
    screen.say("operator", command)
    world.workspace.say("operator", CHANNEL, command)
    card = _until(world, screen, lambda: _card_with(world, "Approve termination"), ASKED_WITHIN)
    if corrupt:
        world.lab.faults.corrupt_disk("/data/orders/day-042.csv")
        screen.say("", "(one byte of the disk to be restored is being damaged, as asked)")
    for person in ("operator", "approver"):
        confirm = next(each.confirm for each in card.buttons() if each.text == "Approve termination")
        screen.say(person, "presses [Approve termination] and confirms:")
        screen.say("", str((confirm or {}).get("text", {}).get("text", "")))
        world.workspace.click(person, card, "Approve termination")
        _settle(world, screen)
    run = _until(world, screen, lambda: _ended(world), ENDED_WITHIN)
    _settle(world, screen, 3.0)
    return _conclude(world, screen, run, lost, disk)


def _conclude(world: World, screen: Screen, run: Run, lost: str, disk: Path) -> int:
    evidence = run.values.get("evidence", {})
    sys.stdout.write("\nEvidence, fact by fact:\n")
    for result in evidence.get("results", []):
        word = "same" if result["same"] else "DIFFERENT"
        sys.stdout.write(f"  {result['fact']:<8} {word:<10} before: {result['before']}; after: {result['after']}\n")
        for one in result["differences"]:
            sys.stdout.write(f"           {one['kind']}: {one['path']} ({one['detail']})\n")
    gone = "is gone from this machine" if not disk.exists() else "IS STILL THERE"
    sys.stdout.write(f"  The disk of {lost} {gone}.\n")
    verdict = evidence.get("verdict", "none")
    sys.stdout.write(f"\nVerdict: {verdict}. The run {run.status.value}.\n")
    return 0 if verdict == "same" and run.status is Status.SUCCEEDED and not disk.exists() else 1


def _until(world: World, screen: Screen, look: Callable[[], T | None], within: float) -> T:
    """What `look` gives, with the channel printed meanwhile. Raises TimeoutError with the end of the logs."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        screen.update()
        found = look()
        if found is not None:
            return found
        time.sleep(0.2)
    raise TimeoutError("\n".join(f"{name}:\n{world.log(name)[-2000:]}" for name in ("worker", "bot")))


def _settle(world: World, screen: Screen, seconds: float = 1.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.1)
        screen.update()


def _card_with(world: World, button: str) -> Message | None:
    for message in world.workspace.messages(CHANNEL):
        if any(each.text == button for each in message.buttons()):
            return message
    return None


def _ended(world: World) -> Run | None:
    latest = world.store().latest(1)
    return latest[0] if latest and not latest[0].status.open else None
