"""A bot's notifier over a run, and what the practice workspace holds of it in the end."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from slack_sdk import WebClient

from handlers.access import Access
from handlers.notifier import Notifier
from practice.workspace import Message
from tests.faults.doors import Door
from tests.faults.world import World
from tests.stage import ASKING
from workflows.engine.board import Cards

#: More tries than any run needs until its last card is painted.
MOST_TRIES = 300


class Dead(BaseException):
    """The end of a notifier: nothing in it runs on."""


class _SeenSlack(WebClient):
    """Every method passes the door."""

    door: Door

    def api_call(self, api_method: str, **how: Any) -> Any:
        return self.door.passes("slack", api_method, lambda: WebClient.api_call(self, api_method, **how))


class Teller:
    """Paints what is behind, whenever it is told to tick; another takes its place when it dies."""

    def __init__(self, world: World, door: Door) -> None:
        self._world = world
        self._door = door
        self._cards = Cards(world.client, world.clock)
        self._notifier = self._another()

    def tick(self) -> None:
        """Everything that is due now."""
        try:
            while self._notifier.tick():
                pass
        except Dead:
            self._notifier = self._another()

    def finish(self, tick: Callable[[], object] | None = None) -> bool:
        """The clock goes on, and `tick` with it, until nothing is left to be painted. False if that does not come."""
        for _ in range(MOST_TRIES):
            due = self._cards.next_due()
            if due is None:
                return True
            self._world.wait_until(due)
            (tick or self.tick)()
        return False

    def _another(self) -> Notifier:
        stage, space = self._world.stage, self._world.space
        slack = _SeenSlack(space.bot_token, base_url=space.api_url, retry_handlers=[])
        slack.door = self._door
        return Notifier(stage.store, self._cards, slack, Access(stage.policy, lambda _: stage.directory), "")


def messages(world: World) -> Counter[str]:
    """What stands in the channel, each message by what it is of, the card with its text; without times and numbers."""
    found = Counter[str]()
    for card in world.space.messages(ASKING.channel):
        found[f"card: {_plain(card.text)}"] += 1
        found.update(f"in its thread: {_of(each)}" for each in world.space.thread(card))
    return found


def _of(message: Message) -> str:
    payload = (message.metadata or {}).get("event_payload", {})
    return _plain(str(payload.get("message") or message.text))


def _plain(text: str) -> str:
    """Without numbers and the random part of keys, which may be letters alone."""
    return re.sub(r"[0-9a-f]*\d[0-9a-f]*", "#", re.sub(r"(?<=\d-)[0-9a-f]{8}\b", "#", text))
