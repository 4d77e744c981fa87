"""A cable that can be pulled: TCP to a port of this machine, through here."""

import selectors
import socket
from contextlib import suppress
from threading import Event, Lock, Thread

from tests.processes.play import BACKUP_ONCE, LONG, Play


class Relay:
    """While it is cut, whoever is connected hears nothing and is not told; who connects anew waits as well."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._door = socket.create_server(("127.0.0.1", 0))
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

    def _pass_on(self, near: socket.socket) -> None:
        self._whole.wait()
        with suppress(OSError), near, socket.create_connection(("127.0.0.1", self._to)) as far:
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


def cut_off(play: Play, line: str) -> None:
    """It alone is at work when its run comes to the image. Another goes on meanwhile; then it is back."""
    world, relay = play.world, Relay(play.world.redis.port)
    cut, back = Event(), Event()

    def pull() -> None:
        relay.cut()
        cut.set()
        back.wait(LONG)

    world.kill(line)
    world.start_process(
        line, "far", FIREDRILL_REDIS_URL=world.redis.url.replace(f":{world.redis.port}/", f":{relay.port}/")
    )
    try:
        world.lab.faults.before("CreateImage", pull)
        run = play.ask("backup")
        assert cut.wait(LONG)
        world.start_process(line)
        done = play.ended(run)
        relay.mend()
        back.set()
        play.until(lambda: "another worker has taken over" in world.log("far") or None)
        assert play.check_done_once(run, BACKUP_ONCE) == done, "whoever came back has changed nothing"
    finally:
        back.set()
        world.kill("far")
        del world.processes["far"]
        relay.close()
