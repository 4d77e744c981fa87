"""Celery's way from a due run to whoever works on it, in this process: the queue is a real one, and whoever drives the
clock decides when a hint is taken out of it."""

from queue import Empty

from bot.celery_engine import QUEUE, TASK, WAITING, Sent, app_over, taking
from bot.hands import Hands


class Hints:
    """`send` as the worker, `take` as a machine, with its `hands`."""

    def __init__(self, broker: str, hands: Hands, most: int = WAITING) -> None:
        self.app = app_over(broker)
        self.slots = Sent(self.app, most)
        self._hands = hands
        taking(self.app, hands)
        self._line = self.app.connection_for_read()
        self._queue = self._line.SimpleQueue(QUEUE)

    def send(self) -> list[str]:
        """One dispatch: as many hints as may wait. Gives the runs."""
        ids = self._hands.due(self.slots.free())
        self.slots.take(len(ids))
        for each in ids:
            self.slots.send(each)
        return ids

    def take(self) -> bool:
        """The oldest hint is taken up, and its run worked on until that lets go of it. False when there is none."""
        try:
            message = self._queue.get_nowait()
        except Empty:
            return False
        message.ack()
        assert message.headers["task"] == TASK
        args, _, _ = message.payload
        self.app.tasks[TASK](*args)
        return True

    def close(self) -> None:
        self._queue.close()
        self._line.release()
        self.slots.close()
        self.app.close()
