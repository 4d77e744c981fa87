"""An HTTP server of this process's own: it listens from the first moment on, and answers what it took in before it
closes."""

import socket
import time
from threading import Event, Thread
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

#: Seconds for what is being answered when the door closes.
LAST_ANSWERS = 5
#: Seconds for what has reached this machine by then, and was not read yet.
MOMENT = 0.5


class Door:
    """One WSGI application at one address. Raises OSError where nothing can listen."""

    def __init__(self, app: Any, host: str, port: int, name: str, threads: int = 4) -> None:
        # waitress itself would listen on every address that the name has, and such a server cannot be told to close.
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self._sockets: dict[int, Any] = {}
        self._server = create_server(app, map=self._sockets, sockets=[listening], threads=threads)
        self._closing = Event()
        self._thread = Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    @property
    def open(self) -> bool:
        return self._thread.is_alive()

    def _serve(self) -> None:
        """waitress's own close takes its trigger away first, the pipe that wakes this loop: whoever ends an answer
        after that, or tells it to close, writes to a descriptor that may be another's by then. So here it goes last."""
        while not self._closing.is_set() and self._server.accepting:  # it closes itself where accepting breaks it
            self._turn()
        wasyncore.dispatcher.close(self._server)
        while set(self._sockets.values()) - {self._server.trigger}:
            for channel in list(self._server.active_channels.values()):
                channel.close_when_flushed = channel.close_when_flushed or _idle(channel)
            self._turn()

    def _turn(self) -> None:
        wasyncore.loop(timeout=MOMENT, use_poll=True, map=self._sockets, count=1)  # select() ends at descriptor 1,023

    def close(self) -> None:
        """Nobody new comes in, who only keeps a connection is let go, and what is being answered has LAST_ANSWERS."""
        self._closing.set()
        if self.open:
            self._server.pull_trigger()
        self._thread.join(LAST_ANSWERS)
        if not self.open:
            self._server.task_dispatcher.shutdown(timeout=LAST_ANSWERS)
            self._server.trigger.close()


def _idle(channel: Any) -> bool:
    """Whether nothing is being answered or read, and what was on its way when the door closed has had its moment."""
    return not channel.requests and channel.request is None and time.time() - channel.last_activity > MOMENT
