"""A Windows server's image by VSS: the server asks AWS for it itself, while VSS holds its applications still.

The image has the name that the run's image has in any case, and AWS keeps names unique: so however often this is begun,
and whether it or CreateImage comes first, there is one. The step that creates the image finds it by its name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workflows.aws import Aws, tags
from workflows.aws.commands import Invocation
from workflows.aws.images import VISIBLE_WITHIN, Image
from workflows.engine.run import Json
from workflows.engine.runbook import Wait, step
from workflows.errors import AwsRefused
from workflows.facts.evidence import Recorded
from workflows.facts.profile import Profile
from workflows.freeze_errors import VssFailed
from workflows.steps.marks import marks_of
from workflows.steps.scripts import SCRIPT_PATIENCE
from workflows.steps.source import Source
from workflows.words import cut, safe

APPLICATION, CRASH = "application-consistent", "crash-consistent"
#: What AWS's own document tags an image with: whether VSS has held until the snapshots existed.
#: https://docs.aws.amazon.com/ebs/latest/userguide/dlm-script-tags.html
_PROOF, _HELD = "AppConsistent", "true"


@dataclass(frozen=True)
class ByVss:
    """What came of it. `why` says why the image is no more than crash-consistent; of a tag's length."""

    reached: str
    why: str = ""


def wanted(values: Mapping[str, Json]) -> bool:
    """Whether the profile wants VSS, and no reboot takes its place."""
    how = values["profile"].get("freeze")
    return bool(how) and bool(how.get("vss")) and not values["reboot"]


def _told(found: ByVss) -> str:
    return (
        f"{found.reached}: {safe(found.why)}" if found.why else f"{found.reached}: VSS held until the snapshots existed"
    )


@step("Ask VSS for the image", gives="by_vss", effect=True, tell=_told, when=wanted)
def ask_vss(
    home: Aws, server: str, instance_id: str, run_key: str, profile: Profile, launch: str, source: Source,
    facts: Recorded, retries: int, intended: float, kept: dict[str, Any], now: float,
    hold: Callable[[], float], keep: str = "",
) -> ByVss | Wait:  # fmt: skip
    """The command is looked for by its comment, and a retry looks for the run's image first. Raises VssFailed where the
    profile requires VSS and there is no image by it."""
    name = tags.image_name(server, run_key)
    marks = marks_of(home, server, instance_id, run_key, CRASH, facts, launch, source, keep)
    if "command_id" not in kept:
        if retries and (image := home.images.named(name, run_key, now)):
            return _judged(home, image, marks, "an earlier try had asked for the image", hold)
        comment = f"Firedrill {run_key} asks VSS, try {retries + 1}"
        return _asked(home, instance_id, profile, name, marks, comment, intended, hold)
    done = home.commands.result(kept["command_id"], instance_id)
    if done.open:
        return Wait(f"VSS on {instance_id}", f"SSM says {done.status}", SCRIPT_PATIENCE)
    image = home.images.named(name, run_key, now)
    late = now - kept.get("ended", now) > VISIBLE_WITHIN
    if done.status == "Success" and not late and not _whole(image):
        missing = "AWS does not show the image yet" if image is None else "its tag or its snapshots are not there yet"
        return Wait(
            f"the image by VSS of {instance_id}", missing, SCRIPT_PATIENCE, keep={"ended": kept.get("ended", now)}
        )
    why = f"VSS did not hold: {_said(done)}"
    return _judged(home, image, marks, why, hold) if image else _without(profile, why)


def _asked(
    home: Aws, instance_id: str, profile: Profile, name: str, marks: Mapping[str, str], comment: str, intended: float,
    hold: Callable[[], float],
) -> ByVss | Wait:  # fmt: skip
    try:
        sent = home.commands.ensure_image_asked(instance_id, name, marks, comment, intended, hold)
    except AwsRefused as refused:
        return _without(profile, f"VSS could not be asked for: {refused.text}")
    return Wait(f"VSS on {instance_id}", "it was handed to SSM", SCRIPT_PATIENCE, keep={"command_id": sent})


def _whole(image: Image | None) -> bool:
    """Whether AWS shows all that is looked at: the document's tag, and the ids of the snapshots."""
    return image is not None and _PROOF in image.tags and bool(image.snapshots) and all(image.snapshots.values())


def _held(image: Image) -> bool:
    return image.tags.get(_PROOF, "").lower() == _HELD


def _judged(home: Aws, image: Image, marks: Mapping[str, str], why: str, hold: Callable[[], float]) -> ByVss:
    """It never says more than what AWS's document has tagged. What the image could not be given by text it is given
    now, and its snapshots whose they are, without which nothing of ours removes them; what the image has of the rest
    stays, since a worker that wakes late must not take a proof away."""
    found = ByVss(APPLICATION) if _held(image) else ByVss(CRASH, cut(why, 250))
    own = {key: marks[key] for key in (tags.INSTALLATION, tags.SERVER, tags.RUN)}
    home.images.tag(image, own, snapshots=True, hold=hold)
    more = {key: value for key, value in marks.items() if key not in image.tags}
    marks = {**more, tags.CONSISTENCY: found.reached, tags.CONSISTENCY_REASON: found.why}
    home.images.tag(image, marks, hold=hold)
    return found


def _without(profile: Profile, why: str) -> ByVss:
    assert profile.freeze is not None
    if profile.freeze.required:
        raise VssFailed(safe(why))
    return ByVss(CRASH, cut(why, 250))


def _said(done: Invocation) -> str:
    text = " ".join((done.stderr or done.stdout).split())
    return f"its command ended as {done.status} (exit {done.code}): {cut(text, 150) or 'it printed nothing'}"
