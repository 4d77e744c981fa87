"""What this process last saw in Redis. A thread looks, every few seconds: so whoever asks how the process is never
waits for Redis, and a hundred who ask cost no more than one."""

import time
from threading import Event, Thread

from workflows.engine.connection import Away
from workflows.engine.gauges import Gauges, Standing

#: Seconds: between two looks, and after which silence means that Redis is away.
EVERY, SILENT = 5.0, 30.0


class Sight:
    """`last` is safe to ask from any thread."""

    def __init__(self, gauges: Gauges) -> None:
        self._gauges = gauges
        self._seen = Standing()
        self._at = float("-inf")
        self._trouble = "it has not answered yet"

    def start(self, stop: Event) -> None:
        Thread(target=self._work, args=(stop,), name="sight", daemon=True).start()

    def look(self) -> None:
        try:
            self._seen = self._gauges.read()
        except (Away, ValueError) as error:
            self._trouble = type(error).__name__
            return
        self._at = time.monotonic()
        self._trouble = "it does not answer"

    def last(self) -> tuple[Standing, str]:
        """What was seen last, and why Redis is away; empty if it is not."""
        return self._seen, self._trouble if time.monotonic() - self._at > SILENT else ""

    def _work(self, stop: Event) -> None:
        while not stop.is_set():
            self.look()
            stop.wait(EVERY)
