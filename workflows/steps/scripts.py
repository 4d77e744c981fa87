"""A script on an instance, over SSM: sent once, then looked at until it has ended."""

from collections.abc import Callable
from typing import Any

from workflows.aws import Aws
from workflows.aws.commands import Invocation
from workflows.engine.runbook import Wait
from workflows.errors import CommandFailed
from workflows.words import cut, safe

#: Seconds: SSM's delivery and the script's own limit, and some.
SCRIPT_PATIENCE = 4200.0


def run_script(
    home: Aws, instance_id: str, script: str, comment: str, intended: float, kept: dict[str, Any], hint: str,
    hold: Callable[[], object],
) -> Invocation | Wait:  # fmt: skip
    """`comment` names this try of this step: a command of that comment is adopted; whom `hold` refuses sends nothing.
    Raises CommandFailed, with `hint`, when the script has ended without an answer."""
    what = f"the script on {instance_id}"
    if "command_id" not in kept:
        sent = home.commands.ensure_sent(instance_id, script, comment, intended, hold)
        return Wait(what, "it was handed to SSM", SCRIPT_PATIENCE, keep={"command_id": sent})
    done = home.commands.result(kept["command_id"], instance_id)
    if done.open:
        return Wait(what, f"SSM says {done.status}", SCRIPT_PATIENCE)
    if done.status == "Success" or done.stdout.strip():
        return done
    if done.status == "TimedOut":
        raise CommandFailed(
            f"The script on `{instance_id}` ended as `TimedOut`: AWS ends a script that its agent does not take in "
            "2 minutes, or that runs for longer than an hour.",
            hint,
        )
    words = safe(cut(" ".join(done.stderr.split()), 300)) or "it printed nothing"
    raise CommandFailed(f"The script on `{instance_id}` ended as `{done.status}` (exit {done.code}): {words}", hint)
