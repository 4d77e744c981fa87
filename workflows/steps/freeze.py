"""The server is made to stand still while its image is asked for, if its profile says how."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workflows.aws import Aws
from workflows.engine.run import Json
from workflows.engine.runbook import Release, Wait, step
from workflows.errors import CommandFailed, FactsUnreadable
from workflows.facts.freeze_script import freeze_script, read_frozen, thaw_script, token_of
from workflows.facts.freezing import Freezing
from workflows.facts.profile import Profile
from workflows.freeze_errors import FreezeFailed
from workflows.steps.scripts import run_script
from workflows.words import cut, duration


@dataclass(frozen=True)
class Frozen:
    """What came of the freeze. `token` names it on the server and on the image. After `until`, in seconds since the
    epoch, the watchdog has thawed for certain. `failed` says why the server does not stand still."""

    token: str
    until: float
    required: bool
    failed: str = ""
    left: float = 0.0


def wanted(values: Mapping[str, Json]) -> bool:
    """Whether a run of these values freezes at all: its profile says how, and no reboot takes its place. VSS thaws by
    itself, and has a step of its own: vss.py."""
    how = values["profile"].get("freeze")
    return bool(how) and not how.get("vss") and not values["reboot"]


def freezing_of(profile: Profile) -> Freezing:
    """How the profile freezes. A plan without one has no such step."""
    assert profile.freeze is not None
    return profile.freeze


@step("Let go")
def let_go(
    home: Aws, instance_id: str, run_key: str, profile: Profile, retries: int, intended: float,
    frozen: Frozen | None = None,
) -> None:  # fmt: skip
    """The run ends: thaw without waiting for what comes of it. The watchdog does it otherwise. A retry that is about
    to freeze may still have an earlier try's freeze in its record."""
    for token in {token_of(run_key, retries), *([frozen.token] if frozen else [])}:
        script = thaw_script(token, freezing_of(profile), let_go=True)
        home.commands.ensure_sent(instance_id, script, f"Firedrill {token} lets go", intended)


def _told(frozen: Frozen) -> str:
    if frozen.failed:
        return f"goes on without: {frozen.failed}"
    return f"the watchdog on the server thaws in {duration(frozen.left)} at the latest"


@step(
    "Freeze the file systems",
    gives="frozen",
    effect=True,
    tell=_told,
    when=wanted,
    release=Release(let_go, until="thaw_file_systems"),
)
def freeze_file_systems(
    home: Aws, instance_id: str, run_key: str, profile: Profile, retries: int, intended: float, kept: dict[str, Any],
    now: float, hold: Callable[[], float],
) -> Frozen | Wait:  # fmt: skip
    """The watchdog is started before anything is frozen. Raises FreezeFailed where the profile requires the freeze. A
    worker that has lost the run freezes nothing: nobody would thaw it before the watchdog does."""
    how, token = freezing_of(profile), token_of(run_key, retries)
    comment = f"Firedrill {run_key} freezes, try {retries + 1}"
    if "command_id" not in kept:
        home.images.set_aside()  # no server stands still in a line
    try:
        script = freeze_script(token, how)
        done = run_script(home, instance_id, script, comment, intended, kept, hint="", hold=hold)
        if isinstance(done, Wait):
            return done
        left = read_frozen(done.stdout, token)
    except (FreezeFailed, CommandFailed, FactsUnreadable) as failed:
        reason = failed.reason if isinstance(failed, FreezeFailed) else failed.text
        if how.required:
            raise FreezeFailed(reason) from failed
        return Frozen(token, now, how.required, failed=cut(reason, 200))
    return Frozen(token, now + left, how.required, left=left)
