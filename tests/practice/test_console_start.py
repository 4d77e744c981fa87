"""Practice does not start beside credentials of a live account, unless it is told to set them aside."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from practice.world import PROCFILE, check_alone
from tests.practice.console_world import LONG

LIVE = {"AWS_ACCESS_KEY_ID": "AKIALIVE", "AWS_SECRET_ACCESS_KEY": "live", "AWS_SESSION_TOKEN": "live",
        "SLACK_BOT_TOKEN": "xoxb-live", "SLACK_APP_TOKEN": "xapp-live",
        "SLACK_SIGNING_SECRET": "live"}  # fmt: skip


def test_the_program_refuses_to_start_beside_live_credentials_and_tells_their_names_alone(tmp_path: Path) -> None:
    environment = {**os.environ, **LIVE, "AWS_PROFILE": "production", "PYTHONPATH": str(PROCFILE.parent)}
    command = [sys.executable, "-m", "bot", "practice", "--folder", str(tmp_path / "world")]
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert all(name in ended.stderr for name in (*LIVE, "AWS_PROFILE", "--beside-live"))
    assert not any(value in ended.stderr + ended.stdout for value in ("AKIALIVE", "xoxb-live", "xapp-live"))
    assert not (tmp_path / "world").exists()


def test_a_region_alone_is_no_live_account() -> None:
    check_alone({"AWS_REGION": "eu-central-1", "AWS_PAGER": "", "AWS_PROFILE": "", "PATH": "/bin"})


def test_the_program_sets_live_credentials_aside_when_told_to_and_prints_both_addresses(tmp_path: Path) -> None:
    environment = {**os.environ, **LIVE, "AWS_PROFILE": "production", "PYTHONPATH": str(PROCFILE.parent)}
    command = [sys.executable, "-m", "bot", "practice", "--beside-live", "--folder", str(tmp_path / "world")]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        lines: list[str] = []
        while not lines or (lines[-1] and "Ctrl-C" not in lines[-1]):
            lines.append(program.stdout.readline())
        program.send_signal(signal.SIGTERM)
        assert program.wait(LONG) == 0
    told = "".join(lines)
    assert all(name in told for name in (*LIVE, "AWS_PROFILE"))
    assert "AKIALIVE" not in told
    assert "/?key=" in told
    assert "/world/cloud?key=" in told
