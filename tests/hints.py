"""Celery's way from a due run to whoever works on it, in this process: the queue is a real one, and whoever drives the
clock decides when a hint is taken out of it."""

import os
from collections.abc import Callable
from queue import Empty
from typing import Any, Protocol, cast

from kombu import pools
from kombu.exceptions import OperationalError

from bot.celery_engine import QUEUE, TASK, WAITING, Sent, app_over, taking
from bot.hands import Hands
from workflows.engine.connection import Away

_own: set[int] = set()


def _own_connections(pid: int) -> bool:
    """Whether this process's connections are its own, and not its parent's."""
    known = pid in _own
    _own.clear()
    _own.add(pid)
    return known


class Taking(Protocol):
    """What hands do."""

    def due(self, most: int) -> list[str]: ...

    @property
    def work(self) -> Callable[[str], object]: ...


class Hints:
    """`send` as the worker, `take` as a machine, with its `hands`. Safe in a process that was forked."""

    def __init__(self, broker: str, hands: Taking, most: int = WAITING) -> None:
        if not _own_connections(os.getpid()):
            pools.reset()  # type: ignore[no-untyped-call]
        self.app = app_over(broker)
        self.slots = Sent(self.app, most)
        self._hands = hands
        taking(self.app, cast(Hands, hands))
        self._line: Any = None

    def send(self) -> list[str]:
        """One dispatch: as many hints as may wait. Gives the runs."""
        ids = self._hands.due(self.slots.free())
        self.slots.take(len(ids))
        for each in ids:
            self.slots.send(each)
        return ids

    def look(self) -> None:
        """A dispatch, and all that comes of it. Raises Away."""
        self.send()
        while self.take():
            pass

    def take(self) -> bool:
        """The oldest hint is taken up, and its run worked on until that lets go of it. False when there is none."""
        if self._line is None:
            self._line = self.app.connection_for_read()
            self._queue = self._line.SimpleQueue(QUEUE)
        try:
            message = self._queue.get_nowait()
            message.ack()
        except Empty:
            return False
        except (Away, OperationalError, OSError) as error:
            self._line = None  # the next one is new
            raise Away(str(error)) from error
        assert message.headers["task"] == TASK
        args, _, _ = message.payload
        self.app.tasks[TASK](*args)
        return True

    def close(self) -> None:
        if self._line is not None:
            self._queue.close()
            self._line.release()
        self.slots.close()
        self.app.close()
