"""AMIs: made of an instance's volumes at the moment of the request, pending for a while, then available or failed."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from practice.cloud.instances import Instances
from practice.cloud.lookups import Fields, by_ids, filtered, page
from practice.cloud.parts import Parts, asked_tags
from practice.cloud.records import ACCOUNT
from practice.cloud.snapshots import Snapshot, Snapshots
from practice.cloud.wire import Refusal, Request, stamp

#: Its mapping has no `Ebs`, as those of instance store disks have on AWS.
_EPHEMERAL = {"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"}

_NAME = re.compile(r"[a-zA-Z0-9 ()\[\]./\-'@_]{3,128}")

_FIELDS: Fields = {
    "image-id": lambda item: item["ImageId"],
    "name": lambda item: item["Name"],
    "state": lambda item: item["State"],
    "owner-id": lambda item: item["OwnerId"],
    "owner": lambda item: item["OwnerId"],
    "description": lambda item: item.get("Description", ""),
    "architecture": lambda item: item["Architecture"],
    "creation-date": lambda item: item["CreationDate"],
    "is-public": lambda item: item["Public"],
    "root-device-type": lambda item: item["RootDeviceType"],
    "root-device-name": lambda item: item["RootDeviceName"],
    "virtualization-type": lambda item: item["VirtualizationType"],
    "source-instance-id": lambda item: item.get("SourceInstanceId", ""),
    "block-device-mapping.snapshot-id": lambda item: [
        each["Ebs"]["SnapshotId"] for each in item["BlockDeviceMappings"] if "Ebs" in each
    ],
}


@dataclass(frozen=True)
class Image:
    """`source` is the instance that CreateImage took it of, empty for a copy; `made_of` the image that the copy, or
    that instance, was made of. `disks` are its snapshots with the
    settings that a launch takes them with."""

    id: str
    name: str
    region: str
    description: str
    source: str
    made_of: str
    created: float
    root_device: str
    disks: tuple[Snapshot, ...]
    ephemeral: bool = False
    fails: bool = False
    windows: bool = False


class Images:
    """The AMIs of every Region."""

    def __init__(self, parts: Parts, instances: Instances, snapshots: Snapshots) -> None:
        self._parts = parts
        self._instances = instances
        self._snapshots = snapshots
        self._kept: dict[str, Image] = {}
        self._gone: set[str] = set()
        snapshots.needed = self.using

    def using(self, snapshot_id: str) -> list[str]:
        return [image.id for image in self._kept.values() if snapshot_id in {disk.id for disk in image.disks}]

    def known(self, resource: str, region: str) -> bool:
        """Whether there is such an image or snapshot."""
        thing = self._kept.get(resource) or self._snapshots.kept.get(resource)
        return thing is not None and thing.region == region

    def launchable(self, image_id: str, region: str) -> Image:
        """Raises Refusal for an image that no instance can be launched from."""
        image = self._found(image_id, region)
        if self._state(image) != "available":
            raise Refusal("InvalidAMIID.Unavailable", f"The image ID '{image_id}' is not available")
        return image

    def create(self, request: Request) -> dict[str, Any]:
        params, region = request.params, request.region
        self._check_name(params.get("Name", ""), region)
        instance = self._instances.one(params.get("InstanceId", ""), region)
        if instance["State"]["Name"] not in {"running", "stopped", "stopping"}:
            raise Refusal(
                "InvalidParameterValue",
                f"Invalid value '{instance['InstanceId']}' for instanceId. "
                "Instance is not in state 'running' or 'stopped'",
            )
        marks, snapshot_marks = asked_tags(params, "image"), asked_tags(params, "snapshot")
        request.stop_if_dry()
        image_id = f"ami-0{secrets.token_hex(8)}"
        disks = self._taken(request, instance, image_id)
        self._kept[image_id] = Image(
            id=image_id,
            name=params["Name"],
            region=region,
            description=params.get("Description", ""),
            source=instance["InstanceId"],
            made_of=instance["ImageId"],
            created=self._parts.now(),
            root_device=instance["RootDeviceName"],
            disks=disks,
            ephemeral=instance["InstanceType"].split(".")[0].endswith("d"),
            fails=self._parts.faults.strikes("fail_image") is not None,
            windows=instance.get("Platform") == "windows",
        )
        self._parts.tag(region, [image_id], marks)
        self._parts.tag(region, [each.id for each in disks], snapshot_marks)
        self._parts.books.effect("CreateImage", image_id, request.id)
        if not params.get("NoReboot", False) and instance["State"]["Name"] == "running":
            self._parts.books.effect("RebootInstances", instance["InstanceId"], request.id)
        return {"ImageId": image_id}

    def describe(self, request: Request) -> dict[str, Any]:
        params = request.params
        items = [self._described(each) for each in self._kept.values() if each.region == request.region]
        items = by_ids(items, params.get("ImageIds", []), "ImageId", "InvalidAMIID.NotFound", "image id")
        if not set(params.get("Owners", ["self"])) & {"self", ACCOUNT}:
            items = []
        return page(params, filtered(items, params.get("Filters", []), _FIELDS), "Images")

    def deregister(self, request: Request) -> dict[str, Any]:
        image_id = request.params.get("ImageId", "")
        if image_id in self._gone:
            raise Refusal("InvalidAMIID.Unavailable", f"The image ID '{image_id}' is no longer available")
        image = self._found(image_id, request.region)
        request.stop_if_dry()
        del self._kept[image_id]
        self._gone.add(image_id)
        self._parts.control.ec2(request.region).tags.pop(image_id, None)
        self._parts.books.effect("DeregisterImage", image_id, request.id)
        if not request.params.get("DeleteAssociatedSnapshots"):
            return {"Return": True}
        return {"Return": True, "DeleteSnapshotResults": [self._deleted(each.id, request) for each in image.disks]}

    def copy(self, request: Request) -> dict[str, Any]:
        """CopyImage: the same bytes under new ids, encrypted if asked for, tagged if asked for."""
        params = request.params
        source = self.launchable(params.get("SourceImageId", ""), params.get("SourceRegion", ""))
        self._check_name(params.get("Name", ""), request.region)
        request.stop_if_dry()
        image_id = f"ami-0{secrets.token_hex(8)}"
        disks = tuple(self._copied(each, image_id, request) for each in source.disks)
        self._kept[image_id] = replace(
            source,
            id=image_id,
            name=params["Name"],
            region=request.region,
            description=params.get("Description", ""),
            created=self._parts.now(),
            source="",
            made_of=source.id,
            disks=disks,
            fails=self._parts.faults.strikes("fail_image") is not None,
        )
        copied = self._parts.tags(source.region, source.id) if params.get("CopyImageTags") else []
        marks = {tag["Key"]: tag["Value"] for tag in copied} | asked_tags(params, "image")
        self._parts.tag(request.region, [image_id], marks)
        self._parts.tag(request.region, [each.id for each in disks], asked_tags(params, "snapshot"))
        self._parts.books.effect("CopyImage", image_id, request.id)
        return {"ImageId": image_id}

    def _copied(self, disk: Snapshot, image_id: str, request: Request) -> Snapshot:
        params = request.params
        copy = replace(
            disk,
            id=f"snap-0{secrets.token_hex(8)}",
            region=request.region,
            encrypted=disk.encrypted or bool(params.get("Encrypted")),
            key=params.get("KmsKeyId", disk.key),
            started=self._parts.now(),
            description=f"Copied for DestinationAmi {image_id} from SourceAmi {params['SourceImageId']}",
        )
        self._parts.disks.share(disk.id, copy.id)
        self._snapshots.kept[copy.id] = copy
        self._parts.books.effect("CopySnapshot", copy.id, request.id)
        return copy

    def _taken(self, request: Request, instance: Mapping[str, Any], image_id: str) -> tuple[Snapshot, ...]:
        """A snapshot of each volume, but of those that the request, or a fault, leaves out."""
        asked = {each.get("DeviceName"): each for each in request.params.get("BlockDeviceMappings", [])}
        root = instance["RootDeviceName"]
        volumes = self._instances.volumes(instance["InstanceId"], request.region)
        lost = self._parts.faults.strikes("lose_volume") is not None
        wanted = {
            device: volume
            for device, volume in volumes.items()
            if device == root or not (lost or "NoDevice" in asked.get(device, {}))
        }
        fails = self._parts.faults.strikes("fail_snapshot") is not None
        description = f"Created by CreateImage({instance['InstanceId']}) for {image_id}"
        taken = []
        for device, volume in wanted.items():
            last = device == list(wanted)[-1]
            snapshot = self._snapshots.take(request.region, volume, description, fails and last)
            self._parts.books.effect("CreateSnapshot", snapshot.id, request.id)
            keeps = asked.get(device, {}).get("Ebs", {}).get("DeleteOnTermination", snapshot.delete_on_termination)
            taken.append(replace(snapshot, delete_on_termination=keeps))
        return tuple(taken)

    def _deleted(self, snapshot_id: str, request: Request) -> dict[str, str]:
        if self.using(snapshot_id):
            return {"SnapshotId": snapshot_id, "ReturnCode": "skipped"}
        self._snapshots.drop(snapshot_id, request)
        return {"SnapshotId": snapshot_id, "ReturnCode": "success"}

    def _check_name(self, name: str, region: str) -> None:
        if not _NAME.fullmatch(name):
            raise Refusal(
                "InvalidAMIName.Malformed",
                "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, "
                "'(', ')', '[', ']', ' ', '.', '/', '-', ''', '@' and '_'",
            )
        for image in self._kept.values():
            if image.region == region and image.name == name:
                raise Refusal("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by AMI {image.id}")

    def _found(self, image_id: str, region: str) -> Image:
        image = self._kept.get(image_id)
        if not image_id.startswith("ami-"):
            raise Refusal("InvalidAMIID.Malformed", f'Invalid id: "{image_id}" (expecting "ami-...")')
        if image is None or image.region != region:
            raise Refusal("InvalidAMIID.NotFound", f"The image id '[{image_id}]' does not exist")
        return image

    def _state(self, image: Image) -> str:
        if self._parts.now() < image.created + self._parts.delays.image:
            return "pending"
        return "failed" if image.fails else "available"

    def _described(self, image: Image) -> dict[str, Any]:
        state = self._state(image)
        item = {
            "ImageId": image.id,
            "Name": image.name,
            "State": state,
            "OwnerId": ACCOUNT,
            "ImageLocation": f"{ACCOUNT}/{image.name}",
            "CreationDate": stamp(image.created),
            "Public": False,
            "Architecture": "x86_64",
            "ImageType": "machine",
            "PlatformDetails": "Windows" if image.windows else "Linux/UNIX",
            "UsageOperation": "RunInstances",
            "VirtualizationType": "hvm",
            "Hypervisor": "xen",
            "EnaSupport": True,
            "RootDeviceType": "ebs",
            "RootDeviceName": image.root_device,
            "BlockDeviceMappings": [mapping(each) for each in image.disks] + [_EPHEMERAL] * image.ephemeral,
            "Tags": self._parts.tags(image.region, image.id),
        }
        if image.source:
            item["SourceInstanceId"] = image.source
        if image.made_of:
            item["SourceImageId"] = image.made_of
        if image.description:
            item["Description"] = image.description
        if state == "failed":
            item["StateReason"] = {
                "Code": "Server.InternalError",
                "Message": "Server.InternalError: The lab was told to fail this image.",
            }
        return item


def mapping(disk: Snapshot) -> dict[str, Any]:
    """A snapshot as an image's block device mapping."""
    ebs: dict[str, Any] = {
        "SnapshotId": disk.id,
        "VolumeSize": disk.size,
        "VolumeType": disk.kind,
        "Encrypted": disk.encrypted,
        "DeleteOnTermination": disk.delete_on_termination,
    }
    if disk.iops and disk.kind in {"gp3", "io1", "io2"}:
        ebs["Iops"] = disk.iops
    if disk.throughput and disk.kind == "gp3":
        ebs["Throughput"] = disk.throughput
    return {"DeviceName": disk.device, "Ebs": ebs}
