"""For how long something is not tried, by a clock that may be set back meanwhile. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pause:
    """Of so many `seconds`, that began at `since`. A clock that shows a time longer before that was set back, and the
    pause is over: it never lasts more than twice as long."""

    since: float = 0.0
    seconds: float = 0.0

    def over(self, now: float) -> bool:
        return abs(now - self.since) >= self.seconds
