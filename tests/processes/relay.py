"""A cable that can be pulled: a way to a port or a socket, through here; and what comes of it when it is."""

import selectors
import socket
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Protocol

from practice.world import World
from tests.processes.play import BACKUP_ONCE, LONG, Play


class Relay:
    """While it is cut, whoever is connected hears nothing and is not told; who connects anew waits as well."""

    def __init__(self, to: int | tuple[str, int] | Path, at: str | Path = "127.0.0.1") -> None:
        """`to` a port of this machine or another's, or a socket in a file; `at` an address, or a file to be made."""
        self._to = ("127.0.0.1", to) if isinstance(to, int) else to
        if isinstance(at, Path):
            self._door = socket.socket(socket.AF_UNIX)
            self._door.bind(str(at))
            self._door.listen()
            self.port = 0
        else:
            self._door = socket.create_server((at, 0))
            self.port = int(self._door.getsockname()[1])
        self._whole = Event()
        self._whole.set()
        self._lock = Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        Thread(target=self._accept, name="relay", daemon=True).start()

    def cut(self) -> None:
        self._whole.clear()

    def mend(self) -> None:
        """What was on its way is lost: the connections of before are dead."""
        with self._lock:
            for pair in self._pairs:
                for each in pair:
                    with suppress(OSError):
                        each.shutdown(socket.SHUT_RDWR)
            self._pairs.clear()
        self._whole.set()

    def close(self) -> None:
        self._door.close()
        self.mend()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._door.accept()
                Thread(target=self._pass_on, args=(near,), name="relay", daemon=True).start()

    def _reached(self) -> socket.socket:
        if not isinstance(self._to, Path):
            return socket.create_connection(self._to)
        found = socket.socket(socket.AF_UNIX)
        found.connect(str(self._to))
        return found

    def _pass_on(self, near: socket.socket) -> None:
        self._whole.wait()
        with suppress(OSError), near, self._reached() as far:
            with self._lock:
                self._pairs.append((near, far))
            with selectors.DefaultSelector() as both:
                both.register(near, selectors.EVENT_READ, far)
                both.register(far, selectors.EVENT_READ, near)
                while True:
                    for key, _ in both.select():
                        self._whole.wait()
                        data = key.fileobj.recv(65536)  # type: ignore[union-attr]
                        if not data:
                            return
                        key.data.sendall(data)


class Far(Protocol):
    """A machine that can be cut off."""

    def start(self, line: str) -> None:
        """The process `far` of the world, which works there."""

    def cut(self) -> None: ...

    def mend(self) -> None: ...

    def close(self) -> None: ...


class BehindRelay(Relay):
    """Here, but for its way to Redis."""

    def __init__(self, world: World) -> None:
        super().__init__(world.redis.port)
        self._world = world

    def start(self, line: str) -> None:
        url = self._world.redis.url.replace(f":{self._world.redis.port}/", f":{self.port}/")
        self._world.start_process(line, "far", FIREDRILL_REDIS_URL=url)


def cut_off(play: Play, line: str, far: Far) -> None:
    """It alone is at work when its run comes to the image. Another goes on meanwhile; then it is back."""
    world, cut, back = play.world, Event(), Event()

    def pull() -> None:
        far.cut()
        cut.set()
        back.wait(LONG)

    world.kill(line)
    far.start(line)
    try:
        world.lab.faults.before("CreateImage", pull)
        run = play.ask("backup")
        assert cut.wait(LONG)
        world.start_process(line)
        done = play.ended(run)
        far.mend()
        back.set()
        play.until(lambda: "another worker has taken over" in world.log("far") or None)
        assert play.check_done_once(run, BACKUP_ONCE) == done, "whoever came back has changed nothing"
    finally:
        back.set()
        world.kill("far")
        del world.processes["far"]
        far.close()
