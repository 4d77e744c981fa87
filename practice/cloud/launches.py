"""RunInstances: the template overlaid by the request, the AMI's disks overlaid by both, once for a ClientToken."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from practice.cloud.disks import emptied, first_file, flip
from practice.cloud.images import Images, mapping
from practice.cloud.instances import Instances, Life
from practice.cloud.parts import Parts, asked_tags
from practice.cloud.templates import Templates
from practice.cloud.wire import Refusal, Request

#: What moto is given as it stands.
_PASSED = (
    "EbsOptimized", "HibernationOptions", "IamInstanceProfile", "ImageId", "InstanceInitiatedShutdownBehavior",
    "InstanceMarketOptions", "InstanceType", "KeyName", "MetadataOptions", "Monitoring", "NetworkInterfaces",
    "Placement", "PrivateIpAddress", "SecurityGroupIds", "SecurityGroups", "SubnetId", "TagSpecifications", "UserData",
    "DisableApiStop", "ClientToken",
)  # fmt: skip

#: Of a volume; the rest is set on the made one.
_KNOWN_TO_MOTO = {"VolumeSize", "Encrypted", "KmsKeyId", "DeleteOnTermination"}

_WITH_IOPS, _WITH_THROUGHPUT = {"gp3", "io1", "io2"}, {"gp3"}

#: Device → the settings of its volume, as RunInstances names them.
Volumes = Mapping[str, dict[str, Any]]


class Launches:
    """What begins instances."""

    def __init__(self, parts: Parts, instances: Instances, images: Images, templates: Templates) -> None:
        self._parts = parts
        self._instances = instances
        self._images = images
        self._templates = templates
        self._tokens: dict[tuple[str, str], tuple[str, str]] = {}

    def run(self, request: Request) -> dict[str, Any]:
        region, token = request.region, request.params.get("ClientToken")
        asked = json.dumps(request.params, sort_keys=True)
        first, instance_id = self._tokens.get((region, token or ""), (asked, ""))
        if first != asked:
            message = f"The client token {token} was used with other parameters."
            raise Refusal("IdempotentParameterMismatch", message)
        if not instance_id:
            instance_id = self._launched(request)
            self._parts.books.effect("RunInstances", instance_id, request.id)
        if token:
            self._tokens[region, token] = (asked, instance_id)
        answer = self._parts.control.ask("ec2", "DescribeInstances", region, InstanceIds=[instance_id])
        reservation = answer["Reservations"][0]
        return {**reservation, "Instances": [self._instances.patched(reservation["Instances"][0])]}

    def begin(self, region: str, wanted: dict[str, Any], root: str, volumes: Volumes) -> dict[str, str]:
        """Make the instance and its volumes, blank and not booted. Gives device → volume id, and "" → instance id."""
        asked = {name: wanted[name] for name in _PASSED if name in wanted}
        asked["BlockDeviceMappings"] = [
            {"DeviceName": device, "Ebs": {name: ebs[name] for name in ebs if name in _KNOWN_TO_MOTO}}
            for device, ebs in volumes.items()
        ]
        answer = self._parts.control.ask("ec2", "RunInstances", region, **asked, MinCount=1, MaxCount=1)
        backend = self._parts.control.ec2(region)
        instance = backend.get_instance(answer["Instances"][0]["InstanceId"])
        instance.root_device_name, instance.architecture, instance.virtualization_type = root, "x86_64", "hvm"
        instance.platform = "windows" if wanted.get("Windows") else None
        instance.disable_api_termination = bool(wanted.get("DisableApiTermination"))
        kept = {
            each.get("DeviceIndex", 0)
            for each in wanted.get("NetworkInterfaces", [])
            if each.get("DeleteOnTermination") is False or "NetworkInterfaceId" in each
        }
        for index, interface in instance.nics.items():
            interface.delete_on_termination = index not in kept
            if len(instance.nics) > 1:  # AWS lends a public address to a single interface only
                interface.public_ip, interface.public_ip_auto_assign = None, False
        for each in wanted.get("NetworkInterfaces", []):
            self._address(instance.nics[each.get("DeviceIndex", 0)].id, each, region)
        made = {"": str(instance.id)}
        for device, block in instance.block_device_mapping.items():
            made[device], ebs = str(block.volume_id), volumes[device]
            volume = backend.volumes[block.volume_id]
            volume.volume_type, volume.snapshot_id = ebs["VolumeType"], ebs.get("SnapshotId")
            volume.iops, volume.throughput = ebs.get("Iops"), ebs.get("Throughput")
        groups = frozenset(group.id for interface in instance.nics.values() for group in interface.group_set)
        self._instances.lives[instance.id] = Life(instance.id, region, self._parts.now(), root, groups=groups)
        return made

    def _address(self, interface: str, asked: Mapping[str, Any], region: str) -> None:
        """The addresses that an interface has besides the first, which moto's RunInstances does not give it."""
        for name, action in (
            ("SecondaryPrivateIpAddressCount", "AssignPrivateIpAddresses"), ("Ipv6AddressCount", "AssignIpv6Addresses"),
        ):  # fmt: skip
            if asked.get(name):
                self._parts.control.ask("ec2", action, region, NetworkInterfaceId=interface, **{name: asked[name]})

    def _launched(self, request: Request) -> str:
        region = request.region
        wanted, marks = self._expanded(request.params, region)
        image = self._images.launchable(wanted.get("ImageId", ""), region)
        _check(wanted)
        self._check_interfaces(wanted, region)
        self._check_key(wanted, region)
        volumes = _volumes([mapping(disk) for disk in image.disks], wanted.get("BlockDeviceMappings", []))
        request.stop_if_dry()
        places = [each["SubnetId"] for each in (wanted, *wanted.get("NetworkInterfaces", [])) if each.get("SubnetId")]
        self._parts.faults.launching(places[:1], str(wanted.get("InstanceType", "")))
        if self._parts.faults.strikes("drop_profile"):
            wanted.pop("IamInstanceProfile", None)
        sources = {disk.id: disk for disk in image.disks}
        for ebs in volumes.values():
            source = sources.get(ebs.get("SnapshotId", ""))
            if source is not None and source.key:
                ebs.setdefault("KmsKeyId", source.key)
        made = self.begin(region, {**wanted, "Windows": image.windows}, image.root_device, volumes)
        instance_id = made.pop("")
        self._parts.tag(region, [instance_id], marks)
        for device, ebs in volumes.items():
            if ebs.get("SnapshotId"):
                self._parts.disks.unpack(ebs["SnapshotId"], made[device])
                self._parts.loading[made[device]] = self._parts.now()
        others = {device: volume for device, volume in made.items() if device != image.root_device}
        self._parts.disks.boot(instance_id, made[image.root_device], others)
        self._spoil(instance_id, list(others.values()))
        if code := self._parts.faults.strikes("die_at_birth"):
            self._instances.die(instance_id, code)
        return instance_id

    def _expanded(self, params: dict[str, Any], region: str) -> tuple[dict[str, Any], dict[str, str]]:
        """The request laid over its template; the tags that tell of the template."""
        over = {name: value for name, value in params.items() if name not in {"LaunchTemplate", "DryRun"}}
        if "LaunchTemplate" not in params:
            return over, {}
        under, marks = self._templates.settings(params["LaunchTemplate"], region)
        wanted = {**under, **over}
        for name, key, default in (("BlockDeviceMappings", "DeviceName", ""), ("NetworkInterfaces", "DeviceIndex", 0)):
            entries = [*under.get(name, []), *over.get(name, [])]
            if entries:
                wanted[name] = _merged(entries, key, default)
        wanted["TagSpecifications"] = _merged_tags(under, over)
        return wanted, marks

    def _check_interfaces(self, wanted: dict[str, Any], region: str) -> None:
        interfaces = wanted.get("NetworkInterfaces", [])
        for each in interfaces:
            if each.get("Ipv6AddressCount") and each.get("SubnetId"):
                self._check_has_ipv6(each["SubnetId"], region)
        for each in (wanted, *interfaces):
            if each.get("SubnetId") and each.get("PrivateIpAddress"):
                self._check_address(each["SubnetId"], each["PrivateIpAddress"], region)
        addresses = {wanted.get("PrivateIpAddress"), *(each.get("PrivateIpAddress") for each in interfaces)}
        asked = {each.get("NetworkInterfaceId") for each in interfaces}
        for each in self._parts.control.ec2(region).enis.values():
            if each.private_ip_address in addresses - {None} and each.id not in asked:
                raise Refusal("InvalidIPAddress.InUse", f"Address {each.private_ip_address} is in use.")
            if each.id in asked and each.instance is not None:
                raise Refusal("InvalidNetworkInterface.InUse", f"Interface: [{each.id}] in use.")

    def _check_key(self, wanted: Mapping[str, Any], region: str) -> None:
        name = wanted.get("KeyName")
        if name and name not in self._parts.control.ec2(region).key_pairs:
            raise Refusal("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")

    def _check_has_ipv6(self, subnet_id: str, region: str) -> None:
        subnets = self._parts.control.ask("ec2", "DescribeSubnets", region, SubnetIds=[subnet_id])["Subnets"]
        if not subnets[0].get("Ipv6CidrBlockAssociationSet"):
            raise Refusal("InvalidParameterValue", f"The subnet '{subnet_id}' has no IPv6 CIDR block")

    def _check_address(self, subnet_id: str, address: str, region: str) -> None:
        subnets = self._parts.control.ask("ec2", "DescribeSubnets", region, SubnetIds=[subnet_id])["Subnets"]
        if ip_address(address) not in ip_network(subnets[0]["CidrBlock"]):
            raise Refusal("InvalidParameterValue", f"Address {address} does not fall within the subnet's address range")

    def _spoil(self, instance_id: str, others: Sequence[str]) -> None:
        """Faults that a restored disk can have."""
        disks, tree = self._parts.disks, self._parts.disks.tree(instance_id)
        places = [disks.volume(each) for each in others] or [tree / "srv"]
        if self._parts.faults.strikes("blank_disk"):
            for place in places:
                emptied(place, disks)
        path = self._parts.faults.strikes("corrupt_disk")
        if path is None:
            return
        found = [first_file(place) for place in [*places, tree / "srv"]] if path == "*" else [tree / path.lstrip("/")]
        target = next((each for each in found if each is not None and each.is_file()), None)
        if target is not None:
            flip(target)


def _check(wanted: Mapping[str, Any]) -> None:
    """Raises Refusal for what cannot go together."""
    for kind in ("instance", "volume"):
        asked_tags(wanted, kind)
    if wanted.get("MinCount", 1) > 1:
        raise Refusal("InstanceLimitExceeded", "The lab launches one instance a call.")
    interfaces = wanted.get("NetworkInterfaces", [])
    for name, what in (("SubnetId", "subnet ID"), ("SecurityGroupIds", "security groups")):
        if interfaces and wanted.get(name):
            message = f"Network interfaces and an instance-level {what} may not be specified on the same request"
            raise Refusal("InvalidParameterCombination", message)
    for each in interfaces:
        each.setdefault("DeviceIndex", 0)
        _check_counts(each)
    if len(interfaces) > 1 and any(each.get("AssociatePublicIpAddress") for each in interfaces):
        message = "The associatePublicIPAddress parameter cannot be specified when launching with multiple interfaces."
        raise Refusal("InvalidParameterCombination", message)
    try:
        base64.b64decode(wanted.get("UserData") or "", validate=True)
    except binascii.Error as error:
        raise Refusal("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data") from error


def _check_counts(interface: Mapping[str, Any]) -> None:
    """Of one family addresses or prefixes, and those named or counted."""
    for one, other in (
        ("SecondaryPrivateIpAddressCount", "Ipv4PrefixCount"), ("Ipv6AddressCount", "Ipv6PrefixCount"),
        ("Ipv6AddressCount", "Ipv6Addresses"),
    ):  # fmt: skip
        if interface.get(one) and interface.get(other):
            raise Refusal("InvalidParameterCombination", f"The parameters {one} and {other} cannot be used together")


def _merged(entries: Sequence[Mapping[str, Any]], key: str, default: Any) -> list[dict[str, Any]]:
    """Later entries laid over earlier ones of the same key, their `Ebs` member by member."""
    merged: dict[Any, dict[str, Any]] = {}
    for each in entries:
        before = merged.get(each.get(key, default), {})
        both = {**before, **each}
        if "Ebs" in before and "Ebs" in each:
            both["Ebs"] = {**before["Ebs"], **each["Ebs"]}
        merged[each.get(key, default)] = both
    return list(merged.values())


def _merged_tags(under: Mapping[str, Any], over: Mapping[str, Any]) -> list[dict[str, Any]]:
    kinds: dict[str, dict[str, str]] = {}
    for each in [*under.get("TagSpecifications", []), *over.get("TagSpecifications", [])]:
        tags = kinds.setdefault(each["ResourceType"], {})
        tags.update({tag["Key"]: tag.get("Value", "") for tag in each.get("Tags", [])})
    return [
        {"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        for kind, tags in kinds.items()
        if kind in {"instance", "volume", "network-interface"}
    ]


def _volumes(base: Sequence[dict[str, Any]], asked: Sequence[dict[str, Any]]) -> Volumes:
    """The volumes to make: the AMI's, changed as the request says. Raises Refusal for settings that do not fit."""
    sizes = {each["Ebs"]["SnapshotId"]: each["Ebs"]["VolumeSize"] for each in base}
    volumes = {
        each["DeviceName"]: dict(each["Ebs"])
        for each in _merged([*base, *asked], "DeviceName", "")
        if "Ebs" in each and "NoDevice" not in each
    }
    before = {each["DeviceName"]: each["Ebs"] for each in base}
    for device, ebs in volumes.items():
        ebs.setdefault("VolumeType", "gp2")
        if ebs["VolumeType"] != before.get(device, ebs)["VolumeType"]:
            changed: Mapping[str, Any] = next(
                (each.get("Ebs", {}) for each in asked if each["DeviceName"] == device), {}
            )
            for name in ("Iops", "Throughput"):
                if name not in changed:
                    ebs.pop(name, None)
        _check_volume(ebs, sizes.get(ebs.get("SnapshotId", ""), 1))
    return volumes


def _check_volume(ebs: Mapping[str, Any], least: int) -> None:
    kind = ebs["VolumeType"]
    if "VolumeSize" not in ebs:
        raise Refusal("MissingParameter", "The request must contain the parameter size or snapshotId")
    if ebs["VolumeSize"] < least:
        message = f"Volume of size {ebs['VolumeSize']}GB is smaller than its snapshot, expect size >= {least}GB"
        raise Refusal("InvalidBlockDeviceMapping", message)
    for name, kinds in (("Iops", _WITH_IOPS), ("Throughput", _WITH_THROUGHPUT)):
        if ebs.get(name) and kind not in kinds:
            message = f"The parameter {name.lower()} is not supported for {kind} volumes."
            raise Refusal("InvalidParameterCombination", message)
