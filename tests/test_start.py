"""What a process loads before it does anything: the shell answers sooner, and the bot cannot talk to AWS by mistake."""

import subprocess
import sys
from pathlib import Path

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
