"""The drill that plays by itself, for those who watch: what was done so far, and what came of it."""

import threading
from typing import TYPE_CHECKING, Any

from practice.console.plays import CHANNEL, Play
from practice.workspace import Message

if TYPE_CHECKING:
    from practice.world import World

_NAMES = {"operator": "Olga Operator", "approver": "Arun Approver"}
_OUTCOMES = {True: "The restored server shows the same facts.", False: "That did not go as it should."}


class AlreadyPlaying(RuntimeError):
    """One play at a time."""


class Stage:
    """Plays the live drill in a thread of its own, and keeps the lines of the last play."""

    def __init__(self, world: "World", pause: float) -> None:
        self._world = world
        self._pause = pause
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._lines: list[dict[str, Any]] = []
        self._verdict = ""
        self._told: set[str] = set()

    def begin(self) -> None:
        """Raises AlreadyPlaying."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                raise AlreadyPlaying("A drill is being played already.")
            self._lines, self._verdict = [], ""
            self._told = {note.ts for note, _ in self._notes()}
            self._thread = threading.Thread(target=self._played, name="practice-play", daemon=True)
            self._thread.start()

    def shown(self) -> dict[str, Any]:
        going = self._thread is not None and self._thread.is_alive()
        return {"going": going, "lines": list(self._lines), "verdict": self._verdict}

    def say(self, who: str, text: str) -> None:
        words = f"types {text}" if text.startswith("/") else text
        self._lines.append(
            {"id": len(self._lines), "at": self._world.clock.now(), "who": _NAMES.get(who, ""), "text": words}
        )

    def look(self) -> None:
        """What the bot answers one of the two alone belongs to the story; the rest is seen in the channel."""
        for note, name in self._notes():
            if note.ts not in self._told:
                self._told.add(note.ts)
                self.say("", f"(to {name} alone) {note.plain()}")

    def _notes(self) -> list[tuple[Message, str]]:
        space = self._world.workspace
        return [(note, real) for name, real in _NAMES.items() for note in space.ephemerals(name, CHANNEL)]

    def _played(self) -> None:
        try:
            ended = Play(self._world, self, self._pause).live_drill()
        except TimeoutError:
            self._verdict = "none"
            self.say("", "It did not get on. The channel and the logs say why; “clear all” ends what is in the way.")
            return
        self._verdict = ended.verdict
        run = ended.run
        self.say("", f"{run.id} {run.status.value}. Verdict: {ended.verdict}. {_OUTCOMES[ended.is_good]}")
