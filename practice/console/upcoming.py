"""What happens next by the clock, and running ahead to it."""

import math
from typing import TYPE_CHECKING, Any

from workflows.engine.connection import Away

if TYPE_CHECKING:
    from practice.world import World

#: Seconds. What is due sooner is simply waited for.
SOON = 5.0
#: Seconds by which the clock is past what it ran ahead to.
PAST = 1.0


class NothingAhead(RuntimeError):
    """There is nothing to run ahead to."""


class Upcoming:
    """Looked up anew at each question. Questions that expire are what waits for the clock alone."""

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
            raise NothingAhead("Nothing waits for the clock. A drill that asks for an approval does.")
        clock = self._world.clock
        try:
            clock.run_ahead(self._world.redis.url, math.ceil(coming["at"] - clock.now() + PAST))
        except Away as error:
            raise NothingAhead("Redis is dead, and the clock stands in it. Start Redis first.") from error

    def _next(self) -> dict[str, Any] | None:
        asking = [(run.question.expires_at, run) for run in self._world.runs() if run.status.open and run.question]
        coming = [each for each in asking if each[0] > self._world.clock.now() + SOON]
        if not coming:
            return None
        at, run = min(coming, key=lambda each: each[0])
        return {"at": at, "text": f"the question of {run.id} expires"}
