"""An HTTP server of this process's own: it listens from the first moment on, and closes in its own thread."""

import socket
from threading import Thread
from typing import Any

from waitress.server import create_server


class Door:
    """One WSGI application at one address. Raises OSError where nothing can listen."""

    def __init__(self, app: Any, host: str, port: int, name: str, threads: int = 4) -> None:
        # waitress itself would listen on every address that the name has, and such a server cannot be told to close.
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self._server = create_server(app, sockets=[listening], threads=threads)
        self._thread = Thread(target=self._server.run, name=name, daemon=True)
        self._thread.start()

    @property
    def open(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        """Gives what is being answered five seconds."""
        self._server.trigger.pull_trigger(self._server.close)  # another thread would take the socket away from under it
        self._thread.join(5)
