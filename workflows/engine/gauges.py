"""How the work stands, in numbers: what a watcher of both processes wants to know. Changes nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import redis

from workflows.engine.board import workers_of
from workflows.engine.clock import Clock
from workflows.engine.keys import key, millis, text, texts
from workflows.engine.looking import fields_of


@dataclass(frozen=True)
class Standing:
    """`open` counts the open runs by status. Ages are in seconds, 0 where nothing is late: `overdue` is how long the
    oldest run has been due without anybody working on it, `behind` how long the oldest card has been behind its record.
    """

    open: Mapping[str, int] = field(default_factory=dict)
    overdue: float = 0.0
    cards: int = 0
    behind: float = 0.0
    halted: bool = False
    workers: int = 0


class Gauges:
    """Reads them from Redis, some calls a thousand open runs."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        self._redis = client
        self._clock = clock

    def read(self) -> Standing:
        now = millis(self._clock.now())
        runs = fields_of(self._redis, "run", texts(self._redis.zrange(key("due"), 0, -1)), "status", "due", "lease")
        cards = cast(list[tuple[bytes, float]], self._redis.zrange(key("unpainted"), 0, -1, withscores=True))
        noted = fields_of(self._redis, "card", [text(each) for each, _ in cards], "behind")
        since = [min(score, float(behind or score)) for (_, score), (behind,) in zip(cards, noted, strict=True)]
        return Standing(
            open=Counter(text(status) for status, _, _ in runs if status),
            overdue=_oldest(now, [max(float(due or now), float(lease or 0)) for _, due, lease in runs]),
            cards=len(cards),
            behind=_oldest(now, since),
            halted=bool(self._redis.exists(key("halt"))),
            workers=workers_of(self._redis),
        )


def _oldest(now: int, times: Sequence[float]) -> float:
    """Seconds since the earliest of these milliseconds."""
    return max([0.0, *((now - each) / 1000 for each in times)])
