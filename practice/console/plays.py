"""A whole live drill played by two people: one script of moves for the terminal and for the page."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from practice.workspace import Message
from workflows.engine.run import Run, Status

if TYPE_CHECKING:
    from practice.world import World

T = TypeVar("T")

CHANNEL, SERVER = "C0DROPS", "orders-db"
COMMAND = f'/dr drill {SERVER} --live --reason "quarterly rehearsal"'
APPROVE = "Approve termination"
#: A file of the server's second disk.
DAMAGED = "/data/orders/day-042.csv"
#: Seconds that the parts may take before something is wrong: to begin, to ask, to end.
BEGUN_WITHIN, ASKED_WITHIN, ENDED_WITHIN = 30.0, 120.0, 180.0
_LOOK = 0.2
#: Seconds after the end, for the last lines in the channel.
_AFTERWARDS = 3.0


class Audience(Protocol):
    """Who the play is shown to."""

    def say(self, who: str, text: str) -> None:
        """Somebody does something; `who` is empty for what happens by itself."""

    def look(self) -> None:
        """Called several times a second, so that the channel can be shown meanwhile."""


@dataclass(frozen=True)
class Ended:
    """What came of it. `disk` is where the lost instance's disk lay."""

    run: Run
    lost: str
    disk: Path

    @property
    def verdict(self) -> str:
        return str(self.run.values.get("evidence", {}).get("verdict", "none"))

    @property
    def is_good(self) -> bool:
        return self.verdict == "same" and self.run.status is Status.SUCCEEDED and not self.disk.exists()


class Play:
    """One performance. `pause` is the seconds between two moves."""

    def __init__(self, world: "World", audience: Audience, pause: float = 1.0) -> None:
        self._world = world
        self._audience = audience
        self._pause = pause

    def live_drill(self, corrupt: bool = False) -> Ended:
        """Ask, be refused as the asker, approve as somebody else, wait for the end. With `corrupt`, one byte of the
        restored disk is damaged on the way. Raises TimeoutError with the ends of the logs."""
        say, world = self._audience.say, self._world
        before = {run.id for run in world.runs()}
        say("operator", COMMAND)
        world.workspace.say("operator", CHANNEL, COMMAND)
        run = self._until(lambda: self._begun(before), BEGUN_WITHIN)
        card = self._until(lambda: self._card_of(run), ASKED_WITHIN)
        if corrupt:
            world.lab.faults.corrupt_disk(DAMAGED)
            say("", "(one byte of the disk to be restored is being damaged, as asked)")
        for person in ("operator", "approver"):
            self._rest(self._pause)
            self._press(person, card)
        done = self._until(lambda: self._ended(run.id), ENDED_WITHIN)
        self._rest(_AFTERWARDS)
        lost = str(done.values.get("instance_id", ""))
        return Ended(done, lost, world.lab.tree(lost))

    def _press(self, person: str, card: Message) -> None:
        """Whoever may approve is shown a window, and types the server's name."""
        space = self._world.workspace
        told = len(space.ephemerals(person))
        self._audience.say(person, f"presses [{APPROVE}]")
        space.click(person, card, APPROVE)
        self._until(lambda: space.modals(person) or space.ephemerals(person)[told:] or None, ASKED_WITHIN)
        self._rest(self._pause)
        for view in space.modals(person):
            self._audience.say(person, f"types {SERVER} into the window, and presses [{APPROVE}] there")
            space.fill(person, view, SERVER)
            self._rest(self._pause)

    def _begun(self, before: set[str]) -> Run | None:
        return next((run for run in self._world.runs() if run.id not in before and run.target.server == SERVER), None)

    def _card_of(self, run: Run) -> Message | None:
        for message in self._world.workspace.messages(CHANNEL):
            if f"{run.id}," in message.text and any(each.text == APPROVE for each in message.buttons()):
                return message
        if self._ended(run.id):
            raise TimeoutError(f"{run.id} ended before it asked for an approval.")
        return None

    def _ended(self, run_id: str) -> Run | None:
        return next((run for run in self._world.runs() if run.id == run_id and not run.status.open), None)

    def _until(self, look: Callable[[], T | None], within: float) -> T:
        until = time.monotonic() + within
        while time.monotonic() < until:
            self._audience.look()
            found = look()
            if found is not None:
                return found
            time.sleep(_LOOK)
        raise TimeoutError("\n".join(f"{name}:\n{self._world.log(name)[-2000:]}" for name in ("worker", "bot")))

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(min(_LOOK, seconds))
            self._audience.look()
