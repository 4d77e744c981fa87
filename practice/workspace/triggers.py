"""Trigger ids: what lets an app open a modal, once, for three seconds after somebody did something."""

import secrets
from collections.abc import Callable

from practice.workspace.refusals import Refused

TRIGGER_LIFE = 3.0


class Triggers:
    """Issues them and takes each of them back once."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._issued: dict[str, tuple[str, float]] = {}
        self._used: set[str] = set()

    def issue(self, person: str) -> str:
        trigger = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._issued[trigger] = (person, self._now())
        return trigger

    def exchange(self, trigger: str) -> str:
        """The person who pulled it. Refused: invalid_trigger_id, exchanged_trigger_id, expired_trigger_id."""
        if trigger in self._used:
            raise Refused("exchanged_trigger_id")
        if trigger not in self._issued:
            raise Refused("invalid_trigger_id")
        person, at = self._issued.pop(trigger)
        if self._now() - at > TRIGGER_LIFE:
            self._issued[trigger] = (person, at)
            raise Refused("expired_trigger_id")
        self._used.add(trigger)
        return person
