"""`firedrill demo`: a whole live drill played by two people, printed as the channel shows it."""

import sys
import tempfile
import time
from pathlib import Path

from practice.cloud import Delays
from practice.console.plays import Ended, Play
from practice.workspace import Message
from practice.world import CHANNEL, World, set_aside


class Screen:
    """Prints each line of the channel once, when it first appears."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._shown: set[tuple[str, str]] = set()
        self._start = time.monotonic()

    def say(self, who: str, text: str) -> None:
        stamp = time.monotonic() - self._start
        sys.stdout.write(f"{stamp:6.1f} s  {who:<13} {text}\n")
        sys.stdout.flush()

    def look(self) -> None:
        """What is new in the channel, its threads, and the notes that only one person sees."""
        space = self._world.workspace
        for message in space.messages(CHANNEL):
            self._lines("Firedrill", message)
            for reply in space.thread(message):
                self._lines("  in thread", reply)
        for name in ("operator", "approver"):
            for note in space.ephemerals(name, CHANNEL):
                self._lines(f"(to {name})", note)

    def _lines(self, who: str, message: Message) -> None:
        for line in message.plain().splitlines():
            if line.strip() and (message.ts, line) not in self._shown:
                self._shown.add((message.ts, line))
                self.say(who, line)


def play(corrupt: bool = False) -> int:
    """0 only if the verdict is *same*. With `corrupt`, one byte of the restored disk is damaged on the way."""
    set_aside()
    with tempfile.TemporaryDirectory(prefix="firedrill-demo-") as folder:
        try:
            with World(Path(folder), Delays(image=6.0, boot=2.0, checks=3.0, agent=2.0)) as world:
                screen = Screen(world)
                screen.say("", f"The practice world is up: {', '.join(world.instances)}. The channel is #dr-ops.")
                return _conclude(Play(world, screen).live_drill(corrupt))
        except TimeoutError as error:
            sys.stdout.write(f"\nThe demo did not get on: {error}\n")
            return 1


def _conclude(ended: Ended) -> int:
    evidence = ended.run.values.get("evidence", {})
    sys.stdout.write("\nEvidence, fact by fact:\n")
    for result in evidence.get("results", []):
        word = "same" if result["same"] else "DIFFERENT"
        sys.stdout.write(f"  {result['fact']:<16} {word:<10} before: {result['before']}; after: {result['after']}\n")
        for one in result["differences"]:
            sys.stdout.write(f"           {one['kind']}: {one['path']} ({one['detail']})\n")
    gone = "is gone from this machine" if not ended.disk.exists() else "IS STILL THERE"
    sys.stdout.write(f"  The disk of {ended.lost} {gone}.\n")
    sys.stdout.write(f"\nVerdict: {ended.verdict}. The run {ended.run.status.value}.\n")
    return 0 if ended.is_good else 1
