"""How far volumes that were made of snapshots have been loaded: until then a first touch of a block is slow."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workflows.aws.calls import Calls


@dataclass(frozen=True)
class Loading:
    """`progress` in percent, 100 when every block is there. `left` is AWS's own estimate in seconds, which it makes
    only for volumes with a provisioned rate.
    https://docs.aws.amazon.com/ebs/latest/userguide/ebs-initialize-monitor.html"""

    volume_id: str
    kind: str
    progress: int
    left: float | None


class Volumes:
    """The volumes of one account and Region."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def loading(self, ids: Iterable[str]) -> dict[str, Loading]:
        """By id. Missing from it: volumes that were made empty, and those of which AWS does not tell, or not yet: it
        takes up to five minutes. Raises NotFound if one of them does not exist."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        found = self._calls.pages("ec2", "describe_volume_status", "VolumeStatuses", VolumeIds=wanted)
        told = (_loading(each) for each in found)
        return {each.volume_id: each for each in told if each is not None}


def _loading(raw: Mapping[str, Any]) -> Loading | None:
    details = raw.get("InitializationStatusDetails") or {}
    if "Progress" not in details:
        return None
    left = details.get("EstimatedTimeToCompleteInSeconds")
    return Loading(
        volume_id=raw["VolumeId"],
        kind=details.get("InitializationType", ""),
        progress=max(0, min(100, int(details["Progress"]))),
        left=None if left is None else float(left),
    )
