"""Launch settings, kept as versions of a launch template, so that a person can launch from them in the console too."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workflows.aws import tags
from workflows.aws.calls import Calls
from workflows.aws.images import Volume
from workflows.aws.instances import Instance
from workflows.aws.interfaces import counts
from workflows.errors import NotFound

#: What GetLaunchTemplateData says of this one machine and must not be said of the next: its image, its disks (the
#: AMI carries them), its zone (the subnet says it).
_NOT_KEPT = ("ImageId", "BlockDeviceMappings", "KernelId", "RamDiskId", "TagSpecifications")
_NOT_KEPT_PLACEMENT = ("AvailabilityZone", "AvailabilityZoneId", "HostId")
#: An interface is made anew, with as many addresses: the old one's id and addresses go with the old machine.
_KEPT_INTERFACE = (
    "AssociatePublicIpAddress", "AssociateCarrierIpAddress", "DeleteOnTermination", "Description", "DeviceIndex",
    "Groups", "InterfaceType", "NetworkCardIndex", "SubnetId", "EnaSrdSpecification", "ConnectionTrackingSpecification",
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """Where launch settings are kept. `adopted`: an earlier try has kept them."""

    template_id: str
    version: str
    adopted: bool = field(default=False, compare=False)

    @property
    def mark(self) -> str:
        """As it stands in the tag of a recovery point."""
        return f"{self.template_id}:{self.version}"


def from_mark(mark: str) -> Settings:
    """Raises ValueError for a tag that says nothing."""
    template_id, _, version = mark.partition(":")
    if not template_id.startswith("lt-") or not version.isdigit():
        raise ValueError(mark)
    return Settings(template_id, version)


class Templates:
    """The launch templates of one account and Region."""

    def __init__(self, calls: Calls, installation: str) -> None:
        self._calls = calls
        self._installation = installation

    def settings_of(self, instance: Instance, volumes: Mapping[str, Volume]) -> dict[str, Any]:
        """An instance's launch settings, as CreateLaunchTemplate takes them.

        GetLaunchTemplateData's answer has members that the request refuses, so it is pruned by botocore's model of
        the request (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetLaunchTemplateData.html).
        """
        answer = self._calls("ec2", "get_launch_template_data", InstanceId=instance.id)["LaunchTemplateData"]
        kept = prune(answer, self._calls.shape("ec2", "RequestLaunchTemplateData"))
        for name in _NOT_KEPT:
            kept.pop(name, None)
        placement = {k: v for k, v in kept.pop("Placement", {}).items() if k not in _NOT_KEPT_PLACEMENT}
        interfaces = [_interface(each) for each in kept.pop("NetworkInterfaces", [])]
        if len(interfaces) > 1:
            for each in interfaces:
                each.pop("AssociatePublicIpAddress", None)
        marks = tags.given({**instance.tags, tags.SERVER: instance.server})
        shared = tags.common(volumes[each.volume_id].tags for each in instance.disks)
        if interfaces:  # AWS takes groups in one place only: with interfaces, theirs
            kept.pop("SecurityGroupIds", None)
            kept.pop("SecurityGroups", None)
        if "Name" in kept.get("IamInstanceProfile", {}):
            kept["IamInstanceProfile"].pop("Arn", None)
        return {
            **kept,
            **({"Placement": placement} if placement else {}),
            **({"NetworkInterfaces": interfaces} if interfaces else {}),
            "BlockDeviceMappings": [
                _mapping(each.device, volumes[each.volume_id], each.keeps) for each in instance.disks
            ],
            "TagSpecifications": [
                {"ResourceType": "instance", "Tags": marks},
                {"ResourceType": "volume", "Tags": tags.given({**shared, tags.SERVER: instance.server})},
            ],
        }

    def ensure(self, server: str, run_key: str, data: Mapping[str, Any]) -> Settings:
        """One version of the server's template for a run. Looked for first; tokens make a lost answer harmless."""
        name = tags.template_name(self._installation, server)
        template = self._named(name)
        if template is None:
            made = self._calls(
                "ec2",
                "create_launch_template",
                LaunchTemplateName=name,
                LaunchTemplateData=dict(data),
                VersionDescription=run_key,
                ClientToken=f"{run_key}-template",
                TagSpecifications=[
                    {
                        "ResourceType": "launch-template",
                        "Tags": tags.given({tags.INSTALLATION: self._installation, tags.SERVER: server}),
                    }
                ],
            )["LaunchTemplate"]
            return Settings(made["LaunchTemplateId"], str(made["LatestVersionNumber"]))
        for version in self._versions(template):
            if version.get("VersionDescription") == run_key:
                return Settings(template, str(version["VersionNumber"]), adopted=True)
        made = self._calls(
            "ec2",
            "create_launch_template_version",
            LaunchTemplateId=template,
            LaunchTemplateData=dict(data),
            VersionDescription=run_key,
            ClientToken=f"{run_key}-template",
        )["LaunchTemplateVersion"]
        return Settings(template, str(made["VersionNumber"]))

    def data(self, settings: Settings) -> dict[str, Any]:
        """The settings of one version. Raises NotFound when somebody deleted it."""
        found = list(self._versions(settings.template_id, settings.version))
        if not found:
            raise NotFound(
                "DescribeLaunchTemplateVersions",
                "InvalidLaunchTemplateId.VersionNotFound",
                f"there is no version {settings.version} of {settings.template_id}",
            )
        return dict(found[0]["LaunchTemplateData"])

    def version(self, settings: Settings) -> dict[str, Any] | None:
        """One version as AWS describes it; None where there is none (any more)."""
        try:
            return next(iter(self._versions(settings.template_id, settings.version)), None)
        except NotFound:
            return None

    def otherwise(self, data: Mapping[str, Any], instance_type: str, key: str | None) -> dict[str, Any]:
        """RunInstances' parameters for those launch settings, but for their tags, with another type or key pair (None:
        without one). No template is named in the call: what it says could not be taken away again. What AWS binds to
        one type or one reserved place is left out."""
        left_out = {"TagSpecifications", "KeyName", "CpuOptions", "CapacityReservationSpecification"}
        if not instance_type.startswith("t"):
            left_out.add("CreditSpecification")  # AWS refuses it for what does not burst
        kept = {name: value for name, value in data.items() if name not in left_out and value != []}
        made = dict(prune(kept, self._calls.shape("ec2", "RunInstancesRequest")))
        if isinstance(made.get("UserData"), str):  # a template holds it encoded, and botocore encodes what it is given
            made["UserData"] = base64.b64decode(made["UserData"])
        return {**made, "InstanceType": instance_type, **({"KeyName": key} if key else {})}

    def _named(self, name: str) -> str | None:
        """By filter: a name that does not exist fails a call by LaunchTemplateNames."""
        found = self._calls.pages(
            "ec2", "describe_launch_templates", "LaunchTemplates", Filters=tags.filters(launch_template_name=name)
        )
        return next((str(each["LaunchTemplateId"]) for each in found if each["LaunchTemplateName"] == name), None)

    def _versions(self, template_id: str, *only: str) -> list[dict[str, Any]]:
        which: dict[str, Any] = {"Versions": list(only)} if only else {}
        return list(
            self._calls.pages(
                "ec2",
                "describe_launch_template_versions",
                "LaunchTemplateVersions",
                LaunchTemplateId=template_id,
                **which,
            )
        )


def prune(value: Any, shape: Any) -> Any:
    """`value` without the members that `shape`, a botocore input shape, does not have."""
    if shape.type_name == "structure":
        return {name: prune(each, shape.members[name]) for name, each in value.items() if name in shape.members}
    if shape.type_name == "list":
        return [prune(each, shape.member) for each in value]
    return value


def _interface(raw: Mapping[str, Any]) -> dict[str, Any]:
    asked = counts(raw)
    first = {"PrimaryIpv6": True} if raw.get("PrimaryIpv6") and "Ipv6AddressCount" in asked else {}
    return {**{name: raw[name] for name in _KEPT_INTERFACE if name in raw}, **asked, **first}


def _mapping(device: str, volume: Volume, keeps: bool) -> dict[str, Any]:
    """A disk's own settings, laid over the AMI's mapping of the same device. Iops and throughput only where the type
    takes them."""
    ebs: dict[str, Any] = {"VolumeType": volume.kind, "DeleteOnTermination": not keeps}
    if volume.encrypted:
        ebs |= {"Encrypted": True, **({"KmsKeyId": volume.key} if volume.key else {})}
    if volume.iops and volume.kind in {"io1", "io2", "gp3"}:
        ebs["Iops"] = volume.iops
    if volume.throughput and volume.kind == "gp3":
        ebs["Throughput"] = volume.throughput
    return {"DeviceName": device, "Ebs": ebs}
