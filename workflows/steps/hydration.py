"""How far the disks of the restored machine are hydrated: loaded whole from their snapshots. It never holds up a
verdict for long, and never fails a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflows.aws import Aws
from workflows.aws.volumes import Loading
from workflows.engine.runbook import Wait, step
from workflows.errors import AwsRefused, PassingTrouble
from workflows.facts.evidence import Evidence
from workflows.words import duration

#: Seconds. What will be hydrated within that time after the comparison is watched until it is; for the rest the
#: verdict does not wait, and what AWS expects is written down.
SOON = 300.0


@dataclass(frozen=True)
class Hydration:
    """What was seen when the facts had been compared, at `validated_at`. Times in seconds since the epoch.

    `whole_at` is when all blocks were seen to be there; None where that was not seen. Until then `progress` is in
    percent of the disks' size, and `left` in seconds: AWS's own estimate or, where `by_pace` says so, what is left at
    the pace so far. `trouble` says why nothing is known. `disk_bytes` is the size of the disks, `snapshot_bytes` what
    the blocks of their snapshots hold; None where AWS does not tell.
    """

    validated_at: float
    whole_at: float | None = None
    progress: int | None = None
    left: float | None = None
    by_pace: bool = False
    trouble: str = ""
    disk_bytes: int | None = None
    snapshot_bytes: int | None = None

    def sentence(self) -> str:
        """In plain words, without a full stop."""
        if self.whole_at is not None:
            return "every block is there"
        if self.progress is None:
            return self.trouble or "not told by AWS"
        if self.left is None:
            return f"{self.progress} % was there at the verdict, and AWS makes no estimate"
        whose = "at the pace so far" if self.by_pace else "by AWS's estimate"
        return f"{self.progress} % was there at the verdict, {whose} the rest takes another {duration(self.left)}"


@step("See how far its disks are hydrated", gives="hydration", tell=Hydration.sentence)
def see_hydration(
    home: Aws, replacement_id: str, evidence: Evidence, running_at: float, now: float, kept: dict[str, Any]
) -> Hydration | Wait:
    """Waits only where the end is in sight and the facts are the same: a difference must be told at once."""
    since = kept.get("validated_at") or kept.get("troubled_since") or now
    sizes: dict[str, Any] = kept.get("sizes") or {}
    try:
        sizes = sizes or _sizes(home, replacement_id)
        told = home.volumes.loading(sizes["volumes"])
    except (PassingTrouble, AwsRefused) as trouble:
        if isinstance(trouble, PassingTrouble) and now - since < SOON:
            raise
        held = (sizes.get("disks"), sizes.get("snapshots"))
        return Hydration(since, None, None, None, False, f"not told by AWS: {trouble.text.rstrip('.')}", *held)
    seen = seen_at(now, since, running_at, sizes, told)
    soon = seen.left is not None and seen.left <= SOON and now - since < SOON
    if seen.whole_at is not None or not soon or evidence.verdict != "same":
        return seen
    because = f"{seen.progress} % of the blocks are there; the facts are compared, and the same"
    keep = {"validated_at": since, "sizes": sizes}
    return Wait(f"the disks of {replacement_id}", because, 10 * SOON, progress=seen.progress, keep=keep)


def _sizes(home: Aws, instance_id: str) -> dict[str, Any]:
    """The volumes that come from snapshots, by id with their GiB; and what there is to load, in bytes."""
    disks = home.images.attached(instance_id)
    snapshots = home.images.snapshots(each.snapshot_id for each in disks.values())
    held = [snapshots[each.snapshot_id].bytes if each.snapshot_id in snapshots else None for each in disks.values()]
    known = [each for each in held if each is not None]
    return {
        "volumes": {each.id: each.size for each in disks.values() if each.snapshot_id},
        "disks": sum(each.size for each in disks.values()) << 30,
        "snapshots": sum(known) if known and len(known) == len(held) else None,
    }


def seen_at(
    now: float, since: float, running_at: float, sizes: Mapping[str, Any], told: Mapping[str, Loading]
) -> Hydration:
    """What follows from what AWS tells of each volume."""
    held = (sizes["disks"], sizes["snapshots"])
    volumes: Mapping[str, int] = sizes["volumes"]
    if not volumes or set(volumes) - set(told):
        return Hydration(since, None, None, None, False, "", *held)
    open_ones = [told[each] for each in volumes if told[each].progress < 100]
    if not open_ones:
        return Hydration(since, now, 100, 0.0, False, "", *held)
    total = sum(volumes.values())
    progress = sum(told[each].progress * size for each, size in volumes.items()) // total
    lefts = [_left(each, now - running_at) for each in open_ones]
    left = None if None in lefts else max(each for each in lefts if each is not None)
    by_pace = any(each.left is None for each in open_ones)
    return Hydration(since, None, progress, left, by_pace and left is not None, "", *held)


def _left(volume: Loading, passed: float) -> float | None:
    """Seconds: AWS's estimate, else what the pace so far comes to; None where nothing has been loaded yet."""
    if volume.left is not None:
        return volume.left
    return passed * (100 - volume.progress) / volume.progress if volume.progress else None
