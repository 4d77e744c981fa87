"""What a process loads before it does anything: the shell answers sooner, and the bot cannot talk to AWS by mistake."""

import os
import subprocess
import sys
from pathlib import Path

import redis

from handlers.errors import AWAY
from practice.redis_server import RedisServer
from workflows.logins import login, login_of
from workflows.words import plain

ROOT = Path(__file__).parent.parent


def _loaded(*modules: str) -> set[str]:
    """The libraries that a fresh interpreter holds once it has loaded these."""
    program = f"import sys, {', '.join(modules)}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return set(ended.stdout.split())


def test_the_shell_loads_neither_the_library_for_aws_nor_bolt_and_the_bot_no_library_for_aws() -> None:
    assert {"boto3", "slack_bolt", "moto"}.isdisjoint(_loaded("bot.__main__"))
    bot = _loaded("bot.__main__", "bot.slack_app")
    assert "slack_bolt" in bot
    assert "boto3" not in bot


def test_a_process_of_a_user_without_a_name_is_called_by_its_number() -> None:
    assert login() == login_of(os.getuid())
    assert login_of(3_999_999_999) == "uid-3999999999"


def test_a_verb_that_redis_leaves_in_the_lurch_says_so_in_words(
    redis_server: RedisServer, redis_client: redis.Redis, tmp_path: Path
) -> None:
    redis_client.config_set("maxmemory", 1)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "bot", "runs"], cwd=tmp_path, capture_output=True, text=True, check=False,
            env={"PYTHONPATH": str(ROOT), "FIREDRILL_REDIS_URL": redis_server.url},
        )  # fmt: skip
    finally:
        redis_client.config_set("maxmemory", 0)
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"{plain(AWAY)}\n")
