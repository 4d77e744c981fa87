"""What can die."""

from typing import TYPE_CHECKING

from practice.console.panel import Fault, Words

if TYPE_CHECKING:
    from practice.world import World

_WATCH = {
    "worker": "A run stands still until a worker is there again, and then goes on without doing anything twice.",
    "bot": "Buttons and commands are not heard. Runs go on, and their cards catch up when the bot is back.",
    "redis": "Everything waits for Redis. It was told to keep each write, so all runs are there again.",
}
_CALLED = {"worker": "the worker", "bot": "the bot", "redis": "Redis"}


def process_faults(world: "World") -> list[Fault]:
    """Of the processes of this world, Redis among them."""
    return [_fault(world, name) for name in _CALLED]


def _fault(world: "World", name: str) -> Fault:
    called = _CALLED[name]

    def dead() -> Words:
        return [] if world.alive(name) else [("", f"{called[0].upper()}{called[1:]} is dead.")]

    return Fault(
        f"kill_{name}",
        "Processes",
        f"Kill {called}",
        f"The power of {called} is cut, until you start it again.",
        _WATCH[name],
        begin=lambda _: world.kill(name),
        end=lambda _: world.revive(name),
        on=dead,
        ends=f"Start {called}",
    )
