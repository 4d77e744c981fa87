"""A machine of its own, with no way to Redis and AWS but a cable: a network namespace of Linux."""

import secrets
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path

from practice.world import PROCFILE, World, procfile
from tests.processes.relay import Relay


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@cache
def why_none() -> str:
    """Why there can be none here; empty if there can."""
    if shutil.which("ip") is None:
        return "there is no ip, of iproute2, here"
    name = f"fdtry{secrets.token_hex(3)}"
    try:
        _ip("netns", "add", name)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no network namespace can be made here ({type(error).__name__})"
    _ip("netns", "del", name)
    return ""


class Host:
    """Its processes reach Redis and the lab at ports of their own loopback, and from there over a cable to a second
    namespace, which reaches them by sockets in files: so this machine's own network never changes, which browsers that
    are at work on it would take for a fault."""

    def __init__(self, world: World) -> None:
        self._world = world
        name = secrets.token_hex(3)
        self._far, self._near = f"fdfar{name}", f"fdnear{name}"
        self._folder = Path(tempfile.mkdtemp(prefix="fd"))
        self._relays: list[Relay] = []
        self._ways: list[subprocess.Popen[str]] = []
        with ExitStack() as undone:
            undone.callback(self.close)
            self._redis, self._lab = self._laid()
            undone.pop_all()

    def _laid(self) -> list[str]:
        """The cable and all behind it; gives the ports of Redis and of the lab at the far end."""
        world, here, there = self._world, "10.213.0.1", "10.213.0.2"
        _ip("netns", "add", self._near)
        _ip("netns", "add", self._far)
        _ip("-n", self._near, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", self._far)
        for name, address in ((self._near, here), (self._far, there)):
            _ip("-n", name, "addr", "add", f"{address}/30", "dev", "cable")
            _ip("-n", name, "link", "set", "cable", "up")
        _ip("-n", self._far, "link", "set", "lo", "up")
        files = [self._folder / "redis", self._folder / "lab"]
        ports = [world.redis.port, int(world.lab.url.rsplit(":", 1)[1])]
        self._relays += [Relay(port, file) for port, file in zip(ports, files, strict=True)]
        crossed = self._way(self._near, here, [str(each) for each in files])
        return self._way(self._far, "127.0.0.1", [f"{here}:{port}" for port in crossed])

    def _way(self, name: str, at: str, to: list[str]) -> list[str]:
        """The ports at which that namespace reaches each of them."""
        words = [*_inside(name), "-m", "tests.processes.hosts", at, *to]
        way = subprocess.Popen(
            words, cwd=PROCFILE.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )  # fmt: skip
        self._ways.append(way)
        assert way.stdout
        return way.stdout.readline().split()

    def start(self, line: str) -> None:
        world = self._world
        own = {
            "FIREDRILL_REDIS_URL": world.redis.url.replace(f":{world.redis.port}/", f":{self._redis}/"),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._lab}",
        }
        words = procfile()[line].split()
        with (world.folder / "far.log").open("ab") as log:
            world.processes["far"] = subprocess.Popen(
                [*_inside(self._far), "-m", "bot", *words[1:]], cwd=world.folder, env=world.environment(line) | own,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def cut(self) -> None:
        _ip("-n", self._near, "link", "set", "cable", "down")

    def mend(self) -> None:
        _ip("-n", self._near, "link", "set", "cable", "up")

    def close(self) -> None:
        for each in self._relays:
            each.close()
        for way in self._ways:
            way.kill()
            way.communicate()
        shutil.rmtree(self._folder)
        for name in (self._far, self._near):
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "del", name)


def _inside(name: str) -> list[str]:
    return ["ip", "netns", "exec", name, sys.executable]


def _ways(at: str, *to: str) -> None:
    """Inside: says at which ports of its address each of them is reached, until whoever reads that is gone."""
    relays = []
    for each in to:
        host, _, port = each.rpartition(":")
        relays.append(Relay((host, int(port)) if host else Path(each), at))
    sys.stdout.write(" ".join(str(each.port) for each in relays) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    _ways(*sys.argv[1:])
