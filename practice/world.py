"""The practice world: Redis, lab cloud and workspace in this process, and the unmodified bot and worker beside it."""

import getpass
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from threading import Event

import redis

from practice.cloud import Delays, LabCloud
from practice.redis_server import RedisServer
from practice.servers import SERVERS, settings_text
from practice.workspace import Workspace
from workflows.engine.clock import SharedClock
from workflows.engine.store import Store
from workflows.facts.script import recognised

MANIFEST = Path(__file__).resolve().parent.parent / "deploy" / "slack-manifest.yaml"
PROCFILE = MANIFEST.parent.parent / "Procfile"
CHANNEL = "C0DROPS"
#: A folder that bears this file was made here, and only such a one is ever emptied.
MARK = ".firedrill-practice"


class World:
    """Everything of one start, in one folder. `processes` are the Procfile's: `bot` and `worker`."""

    def __init__(self, folder: Path, delays: Delays | None = None) -> None:
        self.folder = folder
        self._delays = delays or Delays()
        self.redis = RedisServer(folder / "redis")
        self.lab = LabCloud(folder / "cloud", accepts=recognised, delays=self._delays)
        self.workspace = Workspace(MANIFEST)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.instances: dict[str, str] = {}

    def start(self) -> None:
        """Everything up, three servers seeded, the bot connected."""
        _emptied(self.folder)
        self.redis.start()
        self.lab.start()
        self.workspace.start()
        login = getpass.getuser()
        (self.folder / "firedrill.toml").write_text(settings_text(login, self.lab.region), encoding="utf-8")
        for server in SERVERS:
            self.instances[server.name] = self.lab.add_server(server.name, server.disks, tags=dict(server.tags))
        self.start_process("worker")
        self.start_process("bot")
        self.workspace.wait_connected(60)

    def start_process(self, name: str) -> None:
        """One line of the Procfile, with the environment that this process may have and no more."""
        words = procfile()[name].split()
        command = [sys.executable, "-m", "bot", *words[1:]] if words[0] == "firedrill" else words
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=self.folder, env=self.environment(name), stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def environment(self, name: str) -> dict[str, str]:
        """The bot gets Slack's variables and none of AWS's, the worker the reverse. No proxy reaches either."""
        kept = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG", "VIRTUAL_ENV")}
        own: Mapping[str, str] = self.workspace.environment() if name == "bot" else self.lab.environment()
        return {
            **kept,
            **own,
            "PYTHONPATH": str(PROCFILE.parent),
            "FIREDRILL_REDIS_URL": self.redis.url,
            "FIREDRILL_CONFIG": str(self.folder / "firedrill.toml"),
        }

    def kill(self, name: str) -> None:
        """As a power cut would."""
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait()

    def store(self) -> Store:
        """The runs as the processes have recorded them."""
        client = redis.Redis.from_url(self.redis.url)
        return Store(client, SharedClock(client))

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

    def __enter__(self) -> "World":
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def procfile() -> dict[str, str]:
    """The Procfile's lines by name."""
    lines = (line.partition(":") for line in PROCFILE.read_text(encoding="utf-8").splitlines() if line.strip())
    return {name.strip(): command.strip() for name, _, command in lines}


def keep_open(folder: Path | None) -> None:
    """`firedrill practice`: open until Ctrl-C."""
    own = folder is None
    where = Path(tempfile.mkdtemp(prefix="firedrill-practice-")) if folder is None else folder
    closed = Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: closed.set())
    with World(where) as world:
        say = sys.stdout.write
        say("The practice world is open. Nothing in it is AWS or Slack; its servers are folders on this machine.\n\n")
        say(f"  The channel:  {world.workspace.url}\n")
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
