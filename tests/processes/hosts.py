"""A machine of its own, with no way to Redis and AWS but a cable: a network namespace of Linux."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from functools import cache

from practice.world import PROCFILE, World, procfile
from tests.processes.relay import Relay


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@cache
def why_none() -> str:
    """Why there can be none here; empty if there can."""
    if shutil.which("ip") is None:
        return "there is no ip, of iproute2, here"
    name = f"fdtry{os.getpid()}"
    try:
        _ip("netns", "add", name)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no network namespace can be made here ({type(error).__name__})"
    _ip("netns", "del", name)
    return ""


class Host:
    """Its processes reach Redis and the lab at ports of their own loopback, and from there over the cable."""

    def __init__(self, world: World) -> None:
        self._world = world
        number = os.getpid() % 250
        self._name, self._cable = f"fdhost{number}", f"fdcable{number}"
        here, there = f"10.213.{number}.1", f"10.213.{number}.2"
        _ip("netns", "add", self._name)
        _ip("link", "add", self._cable, "type", "veth", "peer", "name", "cable", "netns", self._name)
        _ip("addr", "add", f"{here}/30", "dev", self._cable)
        _ip("link", "set", self._cable, "up")
        for words in (["addr", "add", f"{there}/30", "dev", "cable"], ["link", "set", "cable", "up"]):
            _ip("-n", self._name, *words)
        _ip("-n", self._name, "link", "set", "lo", "up")
        lab = int(world.lab.url.rsplit(":", 1)[1])
        self._relays = [Relay(port, at=here) for port in (world.redis.port, lab)]
        ports = [str(each.port) for each in self._relays]
        self._ways = subprocess.Popen(
            [*self._inside, "-m", "tests.processes.hosts", here, *ports],
            cwd=PROCFILE.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._ways.stdout
        self._redis, self._lab = self._ways.stdout.readline().split()

    @property
    def _inside(self) -> list[str]:
        return ["ip", "netns", "exec", self._name, sys.executable]

    def start(self, line: str) -> None:
        world = self._world
        own = {
            "FIREDRILL_REDIS_URL": world.redis.url.replace(f":{world.redis.port}/", f":{self._redis}/"),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._lab}",
        }
        words = procfile()[line].split()
        with (world.folder / "far.log").open("ab") as log:
            world.processes["far"] = subprocess.Popen(
                [*self._inside, "-m", "bot", *words[1:]], cwd=world.folder, env=world.environment(line) | own,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def cut(self) -> None:
        _ip("link", "set", self._cable, "down")

    def mend(self) -> None:
        _ip("link", "set", self._cable, "up")

    def close(self) -> None:
        for each in self._relays:
            each.close()
        self._ways.kill()
        self._ways.communicate()
        for words in (["link", "del", self._cable], ["netns", "del", self._name]):
            with suppress(subprocess.CalledProcessError):
                _ip(*words)


def _ways(host: str, *ports: str) -> None:
    """Inside: says at which ports of this loopback those of the host are reached, until whoever reads that is gone."""
    sys.stdout.write(" ".join(str(Relay(int(each), host).port) for each in ports) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    _ways(*sys.argv[1:])
