"""Copies of servers that drills launch beside them: their settings, and their removal. What a run has not made it
cannot remove, whatever tags somebody has given it."""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workflows.aws import tags
from workflows.aws.calls import Calls, Hold
from workflows.aws.instances import Instance, Instances
from workflows.aws.templates import prune
from workflows.errors import IsolationRefused, NotFound

#: What a copy has of its source's launch settings. Not its network, its profile, its key, its protection, its tags.
_KEPT = (
    "InstanceType", "EbsOptimized", "CpuOptions", "MetadataOptions", "CreditSpecification", "EnclaveOptions",
    "BlockDeviceMappings", "UserData",
)  # fmt: skip


@dataclass(frozen=True)
class LeftVolume:
    """A volume that outlived its copy. `state` is AWS's word."""

    id: str
    state: str


class Copies:
    """The copies of one account and Region."""

    def __init__(self, calls: Calls, instances: Instances, installation: str) -> None:
        self._calls = calls
        self._instances = instances
        self._installation = installation

    def of(self, run_key: str) -> list[Instance]:
        """The instances that a run has launched as its copies, the recently terminated ones too."""
        return [each for each in self._instances.made_by(run_key) if self._is_of(each, run_key)]

    def ensure_terminated(self, instance_id: str, run_key: str, hold: Hold) -> None:
        """A copy that this run has launched. Looks at it anew; raises IsolationRefused for anything else."""
        try:
            found = self._instances.get(instance_id)
        except NotFound:
            return
        if not self._is_of(found, run_key):
            raise IsolationRefused(f"`{instance_id}` was not launched by this run as a copy; it is left alone.")
        if not found.gone:
            self._instances.ensure_terminated(instance_id, hold)

    def left(self, run_key: str, snapshots: Iterable[str]) -> list[LeftVolume]:
        """The volumes that the run's launch has tagged and made of one of those snapshots, and that are still there.
        Anybody can give a volume tags; what it was made of nobody can change."""
        wanted = sorted(set(snapshots))
        if not wanted:
            return []
        own = {f"tag:{tags.RUN}": run_key, f"tag:{tags.INSTALLATION}": self._installation}
        found = self._calls.pages("ec2", "describe_volumes", "Volumes", Filters=tags.filters(snapshot_id=wanted, **own))
        return [LeftVolume(each["VolumeId"], each["State"]) for each in found if tags.of(each).get(tags.COPY_OF)]

    def ensure_volume_deleted(self, volume: LeftVolume, hold: Hold) -> None:
        """One that `left` gave."""
        try:
            self._calls("ec2", "delete_volume", hold=hold, VolumeId=volume.id)
        except NotFound:
            return

    def settings(self, data: Mapping[str, Any], profile: str, subnet_id: str, group_id: str) -> dict[str, Any]:
        """RunInstances' parameters for a copy of a server with those launch settings: one interface, in that group and
        no other, without a public address, and no profile but that one. The launch template is not named in the call:
        what it says of networks, keys and tags could not be taken away again, only added to. Each volume goes with the
        copy, whatever the source's do."""
        kept = {name: data[name] for name in _KEPT if name in data}
        kept = dict(prune(kept, self._calls.shape("ec2", "RunInstancesRequest")))
        if kept.get("UserData"):  # a template holds it encoded, and botocore encodes what RunInstances is given
            kept["UserData"] = base64.b64decode(kept["UserData"])
        kept["BlockDeviceMappings"] = [
            {**each, "Ebs": {**each.get("Ebs", {}), "DeleteOnTermination": True}}
            for each in kept.get("BlockDeviceMappings", [])
        ]
        interface = {
            "DeviceIndex": 0,
            "SubnetId": subnet_id,
            "Groups": [group_id],
            "AssociatePublicIpAddress": False,
            "DeleteOnTermination": True,
        }
        return {**kept, "IamInstanceProfile": {"Name": profile}, "NetworkInterfaces": [interface]}

    def _is_of(self, instance: Instance, run_key: str) -> bool:
        """Anybody can give an instance tags; the token of its launch nobody can give it afterwards."""
        marks = instance.tags
        return (
            (marks.get(tags.RUN), marks.get(tags.INSTALLATION)) == (run_key, self._installation)
            and bool(marks.get(tags.COPY_OF))
            and instance.token.startswith(f"{run_key}-")
        )
