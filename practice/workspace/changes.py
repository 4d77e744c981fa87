"""The one lock of the workspace, and the bell that rings whenever something in it has changed."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

LOOK_AGAIN = 0.1
"""Seconds after which a waiting predicate is asked again even if nothing rang: it may look at other things too."""


class Changes:
    """Counts changes, wakes the threads that wait, and calls the listeners."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._listeners: list[Callable[[], None]] = []
        self.version = 0

    @contextmanager
    def reading(self) -> Iterator[None]:
        with self._condition:
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock, and ring at the end, also when what was tried was refused halfway."""
        with self._condition:
            try:
                yield
            finally:
                self.version += 1
                self._condition.notify_all()
                listeners = list(self._listeners)
        for listener in listeners:
            listener()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have `listener` called, in the thread that changes; the result takes it away again."""
        with self._condition:
            self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def wait_for(self, predicate: Callable[[], T | None], timeout: float) -> T | None:
        """The predicate's first truthy answer, or None after `timeout` seconds.

        It is asked without the lock, so that it may do what it likes.
        """
        end = time.monotonic() + timeout
        while True:
            seen = self.version
            answer = predicate()
            if answer:
                return answer
            left = end - time.monotonic()
            if left <= 0:
                return None
            with self._condition:
                if self.version == seen:
                    self._condition.wait(min(left, LOOK_AGAIN))
