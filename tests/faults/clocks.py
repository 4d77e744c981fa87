"""The clocks of a case: driven by hand, the same in every child process; and one that goes ahead."""

import mmap
import struct
from dataclasses import dataclass

from tests.clock import HandClock


class SharedClock(HandClock):
    """Driven by hand, and the same in every child."""

    def __init__(self) -> None:
        self._held = mmap.mmap(-1, 8)
        super().__init__()

    @property
    def time(self) -> float:
        return float(struct.unpack("d", self._held[:8])[0])

    @time.setter
    def time(self, now: float) -> None:
        self._held[:8] = struct.pack("d", now)


@dataclass
class Skewed:
    """Somebody's clock that is `ahead` by so many seconds."""

    true: HandClock
    ahead: float = 0.0

    def now(self) -> float:
        return self.true.now() + self.ahead

    def for_sure(self) -> float:
        return self.now()
