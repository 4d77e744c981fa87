"""How long AWS takes, changed while it runs, and without ever taking back a state that somebody has seen.

The lab computes every state from the age of a thing and from a delay. Let `since` be the seconds since a change: a
delay of at most `since` has ended for all that is older than the change, and a longer delay that is at most `since`
concerns nothing that is older than it.
"""

from collections.abc import Callable

from practice.cloud import Delays


class Pace(Delays):
    """Delays that the lab reads anew at every look."""

    def __init__(self, usual: Delays, now: Callable[[], float]) -> None:
        self._usual = usual
        self._now = now
        self._finished = float("-inf")
        self._slow_since = 0.0
        self.slow = 0.0
        """Seconds that images take which are asked for from now on; 0 for the usual delay."""

    def finish(self) -> None:
        """What has begun so far has had its time. What begins later takes as long as ever."""
        self._finished = self._now()

    def slow_images(self, seconds: float) -> None:
        """For images that are asked for from now on."""
        self._slow_since, self.slow = self._now(), seconds

    def usual_images(self) -> None:
        """Slow images that are under way become ready once they have had the usual time."""
        self.slow = 0.0

    @property
    def image(self) -> float:
        slow = min(self.slow, self._now() - self._slow_since) if self.slow else 0.0
        return min(max(self._usual.image, slow), self._left(0.0))

    @property
    def boot(self) -> float:
        return min(self._usual.boot, self._left(0.0))

    @property
    def checks(self) -> float:
        return min(self._usual.checks, self._left(self.boot))

    @property
    def agent(self) -> float:
        return min(self._usual.agent, self._left(self.boot))

    @property
    def command(self) -> float:
        return self._usual.command

    @property
    def stop(self) -> float:
        return min(self._usual.stop, self._left(0.0))

    def _left(self, spent: float) -> float:
        """The longest that a delay may be, if it begins `spent` seconds after its thing does."""
        return self._now() - self._finished - spent
