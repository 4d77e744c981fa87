"""Where nothing answers, one look at a time tries: else those who wait for a dark Region take every thread of a worker,
for as long as a call may hang, and a restore in another Region waits behind them."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from workflows.errors import FiredrillError, HeldBack, Unreachable

#: So many answers lost one after the other are a silence. One that is lost is nothing.
LOST = 3

#: A Region, and what is called there.
Look = tuple[str, str]


class Silence:
    """What one process has heard of each look. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lost: Counter[Look] = Counter()
        self._trying: Counter[Look] = Counter()

    @contextmanager
    def asking(self, look: Look) -> Iterator[bool]:
        """Around a call. Gives whether it may be made: not where nothing answers, and somebody tries already."""
        with self._lock:
            may = self._lost[look] < LOST or not self._trying[look]
            self._trying[look] += may
        lost: bool | None = None
        try:
            yield may
            lost = False
        except FiredrillError as error:
            lost = _lost(error)
            raise
        finally:
            if may:
                self._heard(look, lost)

    def _heard(self, look: Look, lost: bool | None) -> None:
        """None: it was not asked after all."""
        with self._lock:
            self._trying[look] -= 1
            if lost is not None:
                self._lost[look] = self._lost[look] + 1 if lost else 0


def _lost(error: FiredrillError) -> bool | None:
    """Whether AWS said nothing at all; None where it was not asked."""
    if isinstance(error, HeldBack):
        return None
    return isinstance(error, Unreachable) and not isinstance(error.__cause__, ClientError)
