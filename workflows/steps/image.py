"""The recovery point: launch settings, image, and the proof that both are whole."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from workflows.aws import Aws, tags
from workflows.aws.images import VISIBLE_WITHIN, Image, Snapshot
from workflows.engine.runbook import Done, Wait, step
from workflows.errors import AtLimit, ImageFailed, NotFound, PointIncomplete, RunFailed
from workflows.facts.evidence import Recorded
from workflows.facts.profile import Profile
from workflows.freeze_errors import FreezeOver
from workflows.points import Point, launch_settings, point_of
from workflows.steps.freeze import Frozen
from workflows.steps.marks import marks_of
from workflows.steps.settings import prints, settings_now
from workflows.steps.source import Source
from workflows.steps.vss import ByVss
from workflows.words import count, safe, when

#: Seconds. AWS: "several minutes … sometimes up to 24 hours"; then as long again, since nothing is lost by waiting.
IMAGE_PATIENCE = 48 * 3600.0


@dataclass(frozen=True)
class Asked:
    """An image that was asked for; `at` is when, in seconds since the epoch: the content is as of then.

    `consistency` is what is certain at that moment; only the thaw proves more. `freeze` names the freeze under which
    the image was asked for, `note` says why there was none although the profile has one.
    """

    image_id: str
    at: float
    consistency: str
    freeze: str = ""
    note: str = ""


@step("Keep the launch settings", gives="launch", effect=True)
def keep_launch_settings(home: Aws, server: str, instance_id: str, run_key: str) -> Done:
    """The settings as a launch template version. Gives `lt-…:version`, and beside it what they can be known by."""
    settings = settings_now(home, home.instances.get(instance_id))
    made = home.templates.ensure(server, run_key, settings)
    known_by = {} if made.adopted else prints(settings)  # an earlier try may have kept others
    return Done(made.mark, f"launch template `{made.mark}`", also={"settings": known_by})


def _asked(asked: Asked) -> str:
    held = "frozen until the thaw" if asked.freeze else asked.consistency
    return ", ".join(part for part in (f"`{asked.image_id}`", held, safe(asked.note)) if part)


@step("Create the image", gives="asked", effect=True, tell=_asked)
def create_image(
    home: Aws, server: str, instance_id: str, run_key: str, profile: Profile, reboot: bool, launch: str,
    source: Source, facts: Recorded, now: float, frozen: Frozen | None = None, by_vss: ByVss | None = None,
    keep: str = "",
) -> Asked:  # fmt: skip
    """Ask for one AMI of all the instance's volumes. Looks first: CreateImage has no ClientToken. So it finds and takes
    what VSS has made.

    It is tagged with the consistency that is certain by then: never more than it turns out to have. Raises FreezeOver.
    """
    name = tags.image_name(server, run_key)
    freeze = frozen.token if frozen and not frozen.failed else ""
    if frozen and freeze and frozen.required and now > frozen.until and not home.images.named(name, run_key, now):
        raise FreezeOver
    consistency = by_vss.reached if by_vss else "rebooted" if reboot else "crash-consistent"
    marks = marks_of(home, server, instance_id, run_key, consistency, facts, launch, source, keep)
    marks |= {tags.FREEZE: freeze} if freeze else {}
    marks |= {tags.CONSISTENCY_REASON: by_vss.why} if by_vss and by_vss.why else {}
    try:
        image = home.images.ensure(instance_id, name=name, marks=marks, reboot=reboot, now=now)
    except AtLimit as limit:
        if not (frozen and freeze and frozen.required):
            raise
        raise RunFailed(limit.text, "So the server is frozen no longer. `/dr retry` freezes it anew.") from limit
    note = "a reboot takes the freeze's place" if reboot and profile.freeze else ""
    note = by_vss.why if by_vss else note
    return Asked(image.id, image.requested or now, consistency, image.tags.get(tags.FREEZE, ""), note)


@step("Wait for the image")
def wait_for_image(home: Aws, asked: Asked, now: float, stale: float) -> Wait | None:
    """Until AWS has copied every block."""
    try:
        image = home.images.get(asked.image_id, stale)
    except NotFound:
        if now - asked.at > VISIBLE_WITHIN:
            raise
        return Wait(f"the image {asked.image_id}", "AWS does not show it yet", IMAGE_PATIENCE)
    if tags.RUN not in image.tags and now - asked.at < VISIBLE_WITHIN:
        return Wait(f"the image {asked.image_id}", "AWS does not show its tags yet", IMAGE_PATIENCE)
    if image.state == "pending":
        return _pending(image, home.images.snapshots(image.snapshots.values(), 3 * stale))
    if image.state != "available":
        raise ImageFailed(image.id, image.state, safe(image.reason))
    return None


def _pending(image: Image, snapshots: dict[str, Snapshot]) -> Wait:
    total = sum(each.size for each in snapshots.values())
    copied = round(sum(each.progress * each.size for each in snapshots.values()) / total) if total else 0
    because = f"AWS has copied {copied} % of the blocks" if snapshots else "AWS has not begun to copy"
    return Wait(f"the image {image.id}", because, IMAGE_PATIENCE, progress=copied)


@step(
    "Verify the recovery point",
    gives="point",
    tell=lambda point: f"`{point.image_id}` is available, every snapshot is completed; {safe(point.held_still)}",
)
def verify_recovery_point(
    home: Aws, asked: Asked, source: Source, facts: Recorded, launch: str, run_id: str, now: float,
    hold: Callable[[], float],
) -> Point:  # fmt: skip
    """Whole, or not a recovery point; then it says so of itself in AWS: proof `complete`, by which run and when.
    `hold` is called last: whoever lost the run to another worker writes nothing over what that one has found out."""
    image = home.images.get(asked.image_id)
    check_whole(home, image, source)
    for name, given in ((tags.FACTS, facts.digest), (tags.LAUNCH, launch)):
        if image.tags.get(name) != given:
            text = f"The tag `{name}` of {image.id} is not the one that it was made with, so it could not be restored."
            raise PointIncomplete(text, f"Give it the value `{given}` again, then `/dr retry`; or start anew.")
    marks = {tags.PROOF: "complete", tags.COMPLETE_BY: run_id, tags.COMPLETE_AT: tags.moment(now)}
    home.images.tag(image, marks, hold=hold)
    return point_of(replace(image, tags={**image.tags, **marks}), home.region)


def check_whole(home: Aws, image: Image, source: Source) -> None:
    """State, one completed snapshot per volume, encryption and sizes as on the source. Raises PointIncomplete."""
    snapshots = check_available(home, image)
    for disk in source.disks:
        snapshot = snapshots.get(image.snapshots.get(disk.device, ""))
        if snapshot is None:
            text = f"{image.id} has no snapshot of {disk.device} (`{disk.volume_id}`)."
            raise PointIncomplete(text, "Start a new backup.")
        expected = {"size": disk.size, "encrypted": disk.encrypted, "volume": disk.volume_id}
        _check_snapshot(image.id, disk.device, snapshot, expected)
    if len(image.snapshots) != len(source.disks):
        text = f"{image.id} has {count(len(image.snapshots), 'snapshot')} for {count(len(source.disks), 'volume')}."
        raise PointIncomplete(text, "Start a new backup.")


def check_available(home: Aws, image: Image) -> dict[str, Snapshot]:
    """Ours, available, each snapshot there and completed: gives them by id. Raises PointIncomplete."""
    if image.tags.get(tags.INSTALLATION) != home.installation:
        raise PointIncomplete(f"{image.id} was not made by this installation.", "`/dr points` lists those that were.")
    if image.state != "available":
        raise PointIncomplete(f"{image.id} is `{image.state}`, not `available`.", "Use another recovery point.")
    snapshots = home.images.snapshots(image.snapshots.values())
    for device, snapshot_id in image.snapshots.items():
        snapshot = snapshots.get(snapshot_id)
        if snapshot is None:
            text = f"The snapshot of {device} (`{snapshot_id or 'without an id'}`) of {image.id} is not there."
            raise PointIncomplete(text, "Use another recovery point.")
        _check_snapshot(image.id, device, snapshot, {})
    return snapshots


def _check_snapshot(image_id: str, device: str, snapshot: Snapshot, expected: dict[str, Any]) -> None:
    said = {
        "state": snapshot.state, "size": snapshot.size, "encrypted": snapshot.encrypted, "volume": snapshot.volume_id,
    }  # fmt: skip
    for name, value in {"state": "completed", **expected}.items():
        if said[name] != value:
            raise PointIncomplete(
                f"The snapshot of {device} (`{snapshot.id}`) of {image_id}: {name} is `{said[name]}`, not `{value}`.",
                "Start a new backup.",
            )


def told_whole(point: Point) -> str:
    """What people read of a point that `check_restorable` gave."""
    if point.copied:
        return f"`{point.image_id}` is whole; {point.foreign}, so how old its content is, is not known"
    return f"`{point.image_id}`, asked for {when(point.requested)}, is whole"


@step("Weigh the recovery point", tell="\n".join, when=lambda asked: bool(asked.get("cautions")))
def weigh_point(cautions: list[str]) -> list[str]:
    """What was known against the point when it was asked for, told before anything is launched from it."""
    return cautions


def check_restorable(home: Aws, image_id: str) -> Point:
    """The point behind an image id, if a machine can be launched from it and judged. Raises PointIncomplete."""
    image = home.images.get(image_id)
    check_available(home, image)
    point = point_of(image, home.region)
    if not point.usable:
        raise PointIncomplete(
            f"{image_id} cannot be restored: {point.doubt}.", "Use another recovery point: `/dr points` lists them."
        )
    home.templates.data(launch_settings(point))
    return point
