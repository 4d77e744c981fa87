"""The practice world: Redis, lab cloud and workspace in this process, and the unmodified bot and worker beside it."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Self

import redis

from practice.clock import WorldClock
from practice.cloud import Delays
from practice.console import ADDRESS, WELCOME, Console, OpenLab, plays
from practice.redis_server import RedisServer, free_port
from practice.servers import SERVERS, settings_text
from practice.workspace import Workspace
from workflows.engine.ahead import MovableClock
from workflows.engine.run import Run
from workflows.engine.store import Store
from workflows.errors import UserError
from workflows.facts.script import recognised
from workflows.facts.tables import Profiles, read_profiles
from workflows.logins import login

MANIFEST = Path(__file__).resolve().parent.parent / "deploy" / "slack-manifest.yaml"
PROCFILE = MANIFEST.parent.parent / "Procfile"
CHANNEL = plays.CHANNEL
#: A folder that bears this file was made here, and only such a one is ever emptied.
MARK = ".firedrill-practice"


class World:
    """Everything of one start, in one folder. `processes` are the Procfile's: `bot` and `worker`, or those of `lines`.

    With `http` Slack reaches the bot by signed requests instead of Socket Mode. `settings` makes firedrill.toml from
    the login of whoever uses the shell, and the Region. `also` stands in both processes' environment.
    """

    def __init__(
        self,
        folder: Path,
        delays: Delays | None = None,
        *,
        http: bool = False,
        settings: Callable[[str, str], str] = settings_text,
        also: Mapping[str, str] | None = None,
        lines: Path = PROCFILE,
    ) -> None:
        self.folder = folder
        self._delays = delays or Delays()
        self._settings = settings
        self._lines = lines
        self._port = free_port() if http else None
        self.clock = WorldClock()
        self._also = dict(also or {})
        self.redis = RedisServer(folder / "redis", password=secrets.token_hex(12))
        self.lab = OpenLab(folder / "cloud", accepts=self.accepts, delays=self._delays, now=self.clock.now)
        self.workspace = Workspace(
            MANIFEST,
            now=self.clock.now,
            request_url=self.request_url,
            extra=Console(self).add_to,
            tabs=[("Cloud", ADDRESS)],
            welcome=WELCOME,
            tiers=True,
        )
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.instances: dict[str, str] = {}

    def start(self) -> None:
        """Everything up, three servers seeded, the bot connected."""
        _emptied(self.folder)
        self.redis.start()
        self.lab.start()
        self.workspace.start()
        (self.folder / "firedrill.toml").write_text(self._settings(login(), self.lab.region), encoding="utf-8")
        for server in SERVERS:
            self.instances[server.name] = self.lab.add_server(server.name, server.disks, tags=dict(server.tags))
        for name in sorted(procfile(self._lines), reverse=True):
            self.start_process(name)
        self.wait_reachable()

    def profiles(self) -> Profiles:
        """What this world's firedrill.toml says now."""
        text = (self.folder / "firedrill.toml").read_text(encoding="utf-8")
        return read_profiles(tomllib.loads(text).get("profiles", {}))[0]

    def accepts(self, script: str) -> bool:
        """Without bwrap the lab runs only what measures one of these profiles."""
        return recognised(script, self.profiles().all)

    @property
    def cloud_url(self) -> str:
        """The address of the page beside the channel, with the key of this start."""
        return self.workspace.url.replace("/?", f"{ADDRESS}?", 1)

    @property
    def request_url(self) -> str | None:
        """Where Slack sends its requests; None in Socket Mode."""
        return f"http://127.0.0.1:{self._port}/slack/events" if self._port else None

    def wait_reachable(self, seconds: float = 60.0) -> None:
        """Until Slack reaches the bot. Raises TimeoutError."""
        if self._port is None:
            self.workspace.wait_connected(seconds)
            return
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if _listening(self._port):
                return
            time.sleep(0.05)
        raise TimeoutError(f"nothing listens on port {self._port} after {seconds} s")

    def start_process(self, name: str, called: str = "", **other: str) -> None:
        """One line of the Procfile, with the environment that this process may have and no more, but for what is
        given `other`. A second process of the same line is `called` something else."""
        words = procfile(self._lines)[name].split()
        command = [sys.executable, "-m", "bot", *words[1:]] if words[0] == "firedrill" else words
        own = called or name
        with (self.folder / f"{own}.log").open("ab") as log:
            self.processes[own] = subprocess.Popen(
                command, cwd=self.folder, env=self.environment(name) | other, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def environment(self, name: str) -> dict[str, str]:
        """The bot gets Slack's variables and none of AWS's, workers the reverse, the shell neither. No proxy reaches
        any."""
        kept = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG", "VIRTUAL_ENV")}
        own: Mapping[str, str] = {}
        if name == "bot":
            own = self._slack() | self._also
        elif name != "shell":
            own = self.lab.environment() | self._also
        return {
            **kept,
            **own,
            "PYTHONPATH": str(PROCFILE.parent),
            "FIREDRILL_REDIS_URL": self.redis.url,
            "FIREDRILL_CONFIG": str(self.folder / "firedrill.toml"),
        }

    def _slack(self) -> dict[str, str]:
        given = self.workspace.environment()
        if self._port is None:
            return given
        return {name: value for name, value in given.items() if name != "SLACK_APP_TOKEN"} | {
            "SLACK_PORT": str(self._port)
        }

    def kill(self, name: str) -> None:
        """As a power cut would; `redis` is Redis."""
        if name == "redis":
            self.redis.kill()
            return
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait()

    def alive(self, name: str) -> bool:
        """Whether a process runs; `redis` is Redis."""
        return _listening(self.redis.port) if name == "redis" else self.processes[name].poll() is None

    def revive(self, name: str) -> None:
        """Start one that was killed."""
        if name == "redis":
            self.redis.start()
        else:
            self.start_process(name)

    def runs(self) -> list[Run]:
        """The latest runs, the newest first; none while Redis is away."""
        with suppress(redis.ConnectionError):
            return self.store().latest(20)
        return []

    def store(self) -> Store:
        """The runs as the processes have recorded them."""
        client = redis.Redis.from_url(self.redis.url)
        return Store(client, MovableClock(client))

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def stop(self) -> None:
        """Everything down, in the order that loses nothing."""
        for each in self.processes.values():
            each.terminate()
        for each in self.processes.values():
            try:
                each.wait(timeout=15)
            except subprocess.TimeoutExpired:
                each.kill()
                each.wait()
        self.workspace.stop()
        self.lab.stop()
        self.redis.stop()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _listening(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def procfile(path: Path = PROCFILE) -> dict[str, str]:
    """Its lines by name."""
    lines = (line.partition(":") for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    return {name.strip(): command.strip() for name, _, command in lines}


# What could log in somewhere. A mere Region or pager could not.
_LIVE = (
    *("AWS_ACCESS_KEY", "AWS_SECRET", "AWS_SESSION", "AWS_SECURITY", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ROLE"),
    *("AWS_WEB_IDENTITY", "AWS_CONTAINER", "SLACK_BOT", "SLACK_APP", "SLACK_SIGNING"),
)


def set_aside() -> list[str]:
    """Take what could reach a live account out of this process's environment. Gives the variables' names."""
    found = sorted(name for name in os.environ if name.startswith(("AWS_", "SLACK_")))
    for name in found:
        del os.environ[name]
    return found


def check_alone(environment: Mapping[str, str]) -> None:
    """Practice beside the credentials of a live account or workspace is refused: a rehearsal ends with a habit, and the
    next terminal is the real one. Raises UserError with the variables' names, never their values.
    """
    found = sorted(name for name, value in environment.items() if value and name.startswith(_LIVE))
    if found:
        raise UserError(
            f"Practice does not start beside a live account: {', '.join(found)} stand in this shell.",
            "Start it in a shell without them, or add --beside-live: then nothing in the practice world gets them.",
        )


def keep_open(folder: Path | None, beside_live: bool = False) -> None:
    """`firedrill practice`: open until Ctrl-C. Raises UserError beside live credentials, unless `beside_live`."""
    if not beside_live:
        check_alone(os.environ)
    aside = set_aside()
    own = folder is None
    where = Path(tempfile.mkdtemp(prefix="firedrill-practice-")) if folder is None else folder
    closed = Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: closed.set())
    with World(where) as world:
        say = sys.stdout.write
        say("The practice world is open. Nothing in it is AWS or Slack; its servers are folders on this machine.\n\n")
        if aside:
            say(f"Set aside from your shell, so that nobody in here gets it: {', '.join(aside)}.\n\n")
        say(f"  The channel:  {world.workspace.url}\n")
        say(f"  The cloud:    {world.cloud_url}\n")
        say(f"  The servers:  {', '.join(world.instances)} in {where / 'cloud'}\n")
        say(f"  Logs:         {where / 'bot.log'} and worker.log\n\n")
        say(
            "Type /dr drill orders-db --live in the channel, then switch to Arun Approver and approve. Ctrl-C closes.\n"
        )
        sys.stdout.flush()
        closed.wait()
    if own:
        shutil.rmtree(where)


def _emptied(folder: Path) -> None:
    """A fresh folder of ours. Raises RuntimeError rather than touch one that is not."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise RuntimeError(f"{folder} is not empty and was not made by the practice world; name another folder.")
        for each in folder.iterdir():
            shutil.rmtree(each) if each.is_dir() else each.unlink()
    (folder / MARK).touch()
