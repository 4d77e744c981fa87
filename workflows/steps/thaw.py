"""The server is thawed as soon as the snapshots exist, and only then it is known which consistency was reached."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workflows.aws import Aws, tags
from workflows.aws.images import VISIBLE_WITHIN
from workflows.engine.runbook import Wait, step
from workflows.errors import NotFound, NotVisibleYet
from workflows.facts.freeze_script import read_thawed, thaw_script
from workflows.facts.profile import Profile
from workflows.steps.freeze import Frozen, freezing_of, wanted
from workflows.steps.image import Asked
from workflows.steps.scripts import run_script
from workflows.steps.source import Source
from workflows.words import cut, safe

APPLICATION, CRASH = "application-consistent", "crash-consistent"
#: Seconds by which the clocks of worker and server may run apart while a freeze lasts.
CLOCKS_APART = 5.0
#: Characters of a tag's value.
_LONGEST = 256
_HINT = "Its watchdog thaws the server by itself. `/dr retry` thaws and looks again."


@dataclass(frozen=True)
class Consistency:
    """What the image turned out to be; `why` says why it is no more than that."""

    reached: str
    why: str = ""


def _told(found: Consistency) -> str:
    return f"{found.reached}: {safe(found.why)}" if found.why else f"{found.reached}: the freeze held"


@step("Thaw the file systems", gives="consistency", effect=True, tell=_told, when=wanted)
def thaw_file_systems(
    home: Aws, instance_id: str, run_key: str, profile: Profile, source: Source, asked: Asked, frozen: Frozen,
    retries: int, intended: float, kept: dict[str, Any], now: float, hold: Callable[[], float],
) -> Consistency | Wait:  # fmt: skip
    """AWS fixes the content at the request; it is safe to say so once the snapshots exist. Then the server thaws, and
    tells whether the freeze had held until then. What it cannot prove stays as the image was tagged: crash-consistent.
    """
    if "command_id" not in kept and not frozen.failed and now < frozen.until + CLOCKS_APART:
        missing = _missing(home, asked, source)
        if missing:
            return Wait(f"the snapshots of {asked.image_id}", missing, up_to=3600)
    script = thaw_script(frozen.token, freezing_of(profile))
    comment = f"Firedrill {run_key} thaws, try {retries + 1}"
    done = run_script(home, instance_id, script, comment, intended, kept, _HINT, hold)
    if isinstance(done, Wait):
        return done
    why = _doubt(frozen, asked) or read_thawed(done.stdout, frozen.token).why
    found = Consistency(CRASH, why) if why else Consistency(APPLICATION)
    _tag(home, asked, found, now, hold)
    return found


def _missing(home: Aws, asked: Asked, source: Source) -> str:
    """What AWS does not show yet of the snapshots, pending or not; empty when each disk has one."""
    try:
        image = home.images.get(asked.image_id)
    except NotFound:
        return "AWS does not show the image yet"
    there = home.images.snapshots(image.snapshots.values())
    have = sum(1 for disk in source.disks if image.snapshots.get(disk.device) in there)
    return "" if have == len(source.disks) else f"AWS shows {have} of {len(source.disks)}"


def _doubt(frozen: Frozen, asked: Asked) -> str:
    if frozen.failed:
        return f"the freeze failed: {frozen.failed}"
    if asked.freeze != frozen.token:
        return "an earlier try had asked for the image before this freeze"
    return ""


def _tag(home: Aws, asked: Asked, found: Consistency, now: float, hold: Callable[[], float]) -> None:
    try:
        image = home.images.get(asked.image_id)
    except NotFound as missing:
        raise NotVisibleYet(f"AWS does not show {asked.image_id} yet.") from missing
    if not image.tags and now - asked.at < VISIBLE_WITHIN:
        raise NotVisibleYet(f"AWS does not show the tags of {asked.image_id} yet.")
    marks = {tags.CONSISTENCY: found.reached, tags.CONSISTENCY_REASON: cut(found.why, _LONGEST)}
    home.images.tag(image, marks, hold=hold)
