"""The Procfile's own lines, started as a process manager starts them, each with its own secrets and no others."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from practice.world import World, procfile
from tests.processes.play import BACKUP_ONCE, Play


def test_the_two_lines_of_the_procfile_with_an_environment_each_make_a_backup(play: Play) -> None:
    lines = procfile()
    assert set(lines) == {"bot", "worker"}
    for name in lines:
        play.world.kill(name)
    with _started(play.world, "worker", lines["worker"]) as worker, _started(play.world, "bot", lines["bot"]) as bot:
        play.world.wait_reachable()
        play.check_done_once(play.ask("backup"), BACKUP_ONCE)
        assert _secrets(bot) == {"SLACK"}
        assert _secrets(worker) == {"AWS"}


def test_the_bot_holds_no_credentials_of_aws_and_the_worker_no_token_of_slack(play: Play) -> None:
    assert _secrets(play.world.processes["bot"].pid) == {"SLACK"}
    assert _secrets(play.world.processes["worker"].pid) == {"AWS"}


@contextmanager
def _started(world: World, name: str, line: str) -> Iterator[int]:
    """A line in a shell and a session of its own, as honcho does. Gives the shell's process id."""
    environment = world.environment(name)
    path = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    with (world.folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            line, shell=True, cwd=world.folder, env={**environment, "PATH": path}, start_new_session=True,
            stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _secrets(pid: int) -> set[str]:
    """Whose variables a process and its children were started with."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    found = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    names = {each.partition(b"=")[0].decode().partition("_")[0] for each in found}
    return (names & {"AWS", "SLACK"}).union(*(_secrets(int(child)) for child in children))
