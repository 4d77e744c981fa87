"""Snapshots: what each one is, how far it is, and that it cannot go while an image needs it."""

import math
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from practice.cloud.lookups import Fields, by_ids, filtered, page
from practice.cloud.parts import Parts
from practice.cloud.records import ACCOUNT
from practice.cloud.wire import Refusal, Request, stamp


@dataclass(frozen=True)
class Snapshot:
    """`started` is the moment that its content was fixed at. `throughput` in MiB/s, `size` in GiB."""

    id: str
    region: str
    volume_id: str
    device: str
    size: int
    kind: str
    encrypted: bool
    key: str
    started: float
    description: str
    delete_on_termination: bool
    fails: bool = False
    iops: int | None = None
    throughput: int | None = None


_FIELDS: Fields = {
    "snapshot-id": lambda item: item["SnapshotId"],
    "volume-id": lambda item: item["VolumeId"],
    "volume-size": lambda item: item["VolumeSize"],
    "status": lambda item: item["State"],
    "progress": lambda item: item["Progress"],
    "encrypted": lambda item: item["Encrypted"],
    "owner-id": lambda item: item["OwnerId"],
    "description": lambda item: item["Description"],
    "start-time": lambda item: item["StartTime"],
}


class Snapshots:
    """The snapshots of every Region."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.kept: dict[str, Snapshot] = {}
        self.needed: Callable[[str], list[str]] = lambda snapshot_id: []

    def take(self, region: str, volume: Mapping[str, Any], description: str, fails: bool) -> Snapshot:
        """Of a volume as DescribeVolumes tells it, attached."""
        attachment = volume["Attachments"][0]
        snapshot = Snapshot(
            id=f"snap-0{secrets.token_hex(8)}",
            region=region,
            volume_id=volume["VolumeId"],
            device=attachment["Device"],
            size=volume["Size"],
            kind=volume["VolumeType"],
            encrypted=volume.get("Encrypted", False),
            key=volume.get("KmsKeyId", ""),
            started=self._parts.now(),
            description=description,
            delete_on_termination=attachment["DeleteOnTermination"],
            fails=fails,
            iops=volume.get("Iops"),
            throughput=volume.get("Throughput"),
        )
        self._parts.disks.snap(snapshot.volume_id, snapshot.id)
        self.kept[snapshot.id] = snapshot
        return snapshot

    def describe(self, request: Request) -> dict[str, Any]:
        params = request.params
        items = [self._described(each) for each in self.kept.values() if each.region == request.region]
        items = by_ids(items, params.get("SnapshotIds", []), "SnapshotId", "InvalidSnapshot.NotFound", "snapshot")
        if not set(params.get("OwnerIds", ["self"])) & {"self", ACCOUNT}:
            items = []
        found = filtered(items, params.get("Filters", []), _FIELDS)
        return page(params, found, "Snapshots", "SnapshotIds")

    def delete(self, request: Request) -> dict[str, Any]:
        snapshot = self.kept.get(request.params.get("SnapshotId", ""))
        if snapshot is None or snapshot.region != request.region:
            asked = request.params.get("SnapshotId")
            raise Refusal("InvalidSnapshot.NotFound", f"The snapshot '{asked}' does not exist.")
        images = self.needed(snapshot.id)
        if images:
            message = f"The snapshot {snapshot.id} is currently in use by {images[0]}"
            raise Refusal("InvalidSnapshot.InUse", message)
        request.stop_if_dry()
        self.drop(snapshot.id, request)
        return {}

    def drop(self, snapshot_id: str, request: Request) -> None:
        """Delete one, with its bytes."""
        snapshot = self.kept.pop(snapshot_id)
        self._parts.disks.forget(snapshot_id)
        self._parts.control.ec2(snapshot.region).tags.pop(snapshot_id, None)
        self._parts.books.effect("DeleteSnapshot", snapshot_id, request.id)

    def _described(self, snapshot: Snapshot) -> dict[str, Any]:
        delay = self._parts.delays.image
        passed = self._parts.now() - snapshot.started
        done = passed >= delay
        state = ("error" if snapshot.fails else "completed") if done else "pending"
        progress = 100 if done and not snapshot.fails else min(99, math.floor(100 * passed / delay) if delay else 99)
        item = {
            "SnapshotId": snapshot.id,
            "VolumeId": snapshot.volume_id,
            "VolumeSize": snapshot.size,
            "State": state,
            "Progress": f"{progress}%",
            "StartTime": stamp(snapshot.started),
            "Encrypted": snapshot.encrypted,
            "OwnerId": ACCOUNT,
            "Description": snapshot.description,
            "StorageTier": "standard",
            **({"FullSnapshotSizeInBytes": self._parts.disks.size(snapshot.id)} if state == "completed" else {}),
            "Tags": self._parts.tags(snapshot.region, snapshot.id),
        }
        if snapshot.key:
            item["KmsKeyId"] = snapshot.key
        if state == "error":
            item["StateMessage"] = "The lab was told to fail this snapshot."
        if state == "completed":
            item["CompletionTime"] = stamp(snapshot.started + delay)
        return item
