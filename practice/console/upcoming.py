"""What happens next by the clock, and running ahead to it."""

import math
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from workflows.digest import USUAL, weekly
from workflows.engine.agenda import Agenda
from workflows.engine.ahead import MovableClock
from workflows.engine.connection import Away, connect
from workflows.schedules.calendar import Calendar, Standing

if TYPE_CHECKING:
    from practice.world import World

#: Seconds. What is due sooner is simply waited for.
SOON = 5.0
#: Seconds by which the clock is past what it ran ahead to.
PAST = 1.0
#: Seconds before scheduled work begins at which it is announced, and how that is said.
AHEAD = ((86400.0, "is announced"), (3600.0, "is an hour away"), (0.0, "begins"))


class NothingAhead(RuntimeError):
    """There is nothing to run ahead to."""


class Upcoming:
    """Looked up anew at each question. What waits for it alone: questions that expire, scheduled work, the digest."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def shown(self) -> dict[str, Any]:
        """`next` is {at, text}, or None; `ahead` are seconds."""
        clock = self._world.clock
        return {"now": clock.now(), "ahead": round(clock.ahead), "next": self._next()}

    def go(self) -> None:
        """Raises NothingAhead, also when Redis is dead."""
        coming = self._next()
        if coming is None:
            raise NothingAhead(
                "Nothing waits for the clock. A drill that asks for an approval does, and a schedule, and the digest."
            )
        clock = self._world.clock
        try:
            clock.run_ahead(self._world.redis.url, math.ceil(coming["at"] - clock.now() + PAST))
        except Away as error:
            raise NothingAhead("Redis is dead, and the clock stands in it. Start Redis first.") from error

    def _next(self) -> dict[str, Any] | None:
        soon = self._world.clock.now() + SOON
        coming = [each for each in (*self._questions(), *self._scheduled(), *self._digest()) if each[0] > soon]
        if not coming:
            return None
        at, text = min(coming)
        return {"at": at, "text": text}

    def _questions(self) -> Iterator[tuple[float, str]]:
        for run in self._world.runs():
            if run.status.open and run.question:
                yield run.question.expires_at, f"the question of {run.id} expires"

    def _scheduled(self) -> Iterator[tuple[float, str]]:
        for each in self._schedules():
            if each.next is not None:
                title = f"{each.schedule.id}, {each.schedule.title[:1].lower()}{each.schedule.title[1:]}"
                yield from ((each.next - before, f"{title}, {what}") for before, what in AHEAD)

    def _digest(self) -> Iterator[tuple[float, str]]:
        """As this world's firedrill.toml says."""
        text = (self._world.folder / "firedrill.toml").read_text(encoding="utf-8")
        table = tomllib.loads(text).get("announcements", {})
        rule = weekly(table.get("digest", USUAL), table.get("zone", "UTC"))
        at = rule.next(self._world.clock.now() + SOON) if rule else None
        if at is not None:
            yield at, "the week's digest comes"

    def _schedules(self) -> list[Standing]:
        """None while Redis is away."""
        with suppress(Away):
            client = connect(self._world.redis.url)
            clock = MovableClock(client)
            return Calendar(Agenda(client, clock), clock).all()
        return []
