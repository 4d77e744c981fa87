"""EC2 instances: look, launch once, terminate once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from workflows.aws import tags
from workflows.aws.calls import Calls, Hold
from workflows.aws.interfaces import Interface, interface
from workflows.aws.shared import Kind, Shared, portions
from workflows.errors import NotFound

GONE = ("shutting-down", "terminated")
#: States from which an instance does not come up by itself.
DOWN = (*GONE, "stopping", "stopped")


@dataclass(frozen=True)
class Disk:
    """One EBS volume on an instance. `attachment` is AWS's word; `keeps` says that it outlives the instance."""

    device: str
    volume_id: str
    attachment: str
    keeps: bool


@dataclass(frozen=True)
class Instance:
    """What DescribeInstances says, as far as it matters here. `launched` in seconds since the epoch; `token` is the
    ClientToken of its launch, `groups` the security groups of all its `interfaces`."""

    id: str
    state: str
    type: str
    tags: dict[str, str]
    launched: float
    root_device: str
    disks: tuple[Disk, ...] = ()
    profile: str = ""
    subnet_id: str = ""
    vpc_id: str = ""
    spot: bool = False
    public_ip: str = ""
    reason: str = ""
    windows: bool = False
    token: str = ""
    image_id: str = ""
    groups: frozenset[str] = frozenset()
    interfaces: tuple[Interface, ...] = ()
    reason_code: str = ""

    @property
    def name(self) -> str:
        return self.tags.get("Name", "")

    @property
    def server(self) -> str:
        """The server that this instance is: its tag, else its Name, else its id."""
        return self.tags.get(tags.SERVER) or self.name or self.id

    @property
    def own_ips(self) -> tuple[str, ...]:
        """The private and IPv6 addresses, and the prefixes, of those interfaces that end with it."""
        return tuple(ip for each in self.interfaces if not each.keeps for ip in each.held)

    @property
    def gone(self) -> bool:
        return self.state in GONE


@dataclass(frozen=True)
class Checks:
    """The two status checks of EC2, in AWS's words (`ok`, `initializing`, `impaired` …); `state` is the instance's own,
    empty as long as AWS says nothing."""

    system: str
    instance: str
    state: str = ""

    @property
    def passed(self) -> bool:
        return self.system == self.instance == "ok"


@dataclass(frozen=True)
class Address:
    """An Elastic IP address."""

    allocation_id: str
    public_ip: str


@dataclass(frozen=True)
class Launch:
    """How a replacement is launched: the launch settings, and what is said differently this time. Where `settings` are
    given, they are all that is said, and no template is named. Its volumes have the `tags` too, unless `volume_tags`
    are given."""

    image_id: str
    template_id: str
    template_version: str
    tags: dict[str, str]
    token: str = ""
    instance_type: str = ""
    interfaces: tuple[dict[str, Any], ...] = field(default=())
    settings: Mapping[str, Any] | None = None
    volume_tags: dict[str, str] | None = None


_INSTANCES = Kind("instances", TypeAdapter(Instance), lambda instance: instance.state == "terminated")
_CHECKS = Kind("checks", TypeAdapter(Checks), lambda checks: checks.passed)
#: How many instances one look at status checks may name.
_CHECKED = 100


class Instances:
    """The instances of one account and Region."""

    def __init__(self, calls: Calls, shared: Shared) -> None:
        self._calls = calls
        self._shared = shared

    def get(self, instance_id: str, stale: float = 0.0) -> Instance:
        """From a look that is at most `stale` seconds old, which all who wait share. Raises NotFound for an id that AWS
        does not know (any more: about an hour after its termination)."""
        found = self._shared.seen(_INSTANCES, [instance_id], stale, self._look)
        if not found:
            raise NotFound("DescribeInstances", "InvalidInstanceID.NotFound", f"there is no instance {instance_id}")
        return found[instance_id]

    def all(self) -> list[Instance]:
        """Every instance of the Region, the recently terminated ones too."""
        return self._described()

    def made_by(self, run_key: str) -> list[Instance]:
        """What a run has launched."""
        return self._described(Filters=tags.filters(**{f"tag:{tags.RUN}": run_key}))

    def protected(self, instance_id: str) -> bool:
        """Whether termination protection is on."""
        answer = self._calls(
            "ec2", "describe_instance_attribute", InstanceId=instance_id, Attribute="disableApiTermination"
        )
        return bool(answer["DisableApiTermination"].get("Value", False))

    def auto_scaling_group(self, instance_id: str) -> str | None:
        """The group that would replace the instance by itself."""
        found = self._calls("autoscaling", "describe_auto_scaling_instances", InstanceIds=[instance_id])
        groups = [each["AutoScalingGroupName"] for each in found.get("AutoScalingInstances", [])]
        return groups[0] if groups else None

    def has_instance_store(self, instance_type: str) -> bool:
        """Whether machines of that type carry disks that no AMI holds."""
        found = self._calls("ec2", "describe_instance_types", InstanceTypes=[instance_type])["InstanceTypes"]
        return bool(found and found[0].get("InstanceStorageSupported"))

    def addresses(self, instance_id: str) -> list[Address]:
        """The Elastic IP addresses that point to the instance."""
        found = self._calls("ec2", "describe_addresses", Filters=tags.filters(instance_id=instance_id))["Addresses"]
        return [Address(each.get("AllocationId", ""), each["PublicIp"]) for each in found]

    def checks(self, instance_id: str, stale: float = 0.0) -> Checks:
        """From a look that is at most `stale` seconds old. `initializing` as long as AWS says nothing."""
        found = self._shared.seen(_CHECKS, [instance_id], stale, self._look_at_checks)
        return found.get(instance_id, Checks("initializing", "initializing"))

    def ensure_terminated(self, instance_id: str, hold: Hold) -> None:
        """One instance a call: in a batch of several zones AWS may carry out a part. Idempotent by AWS's own word."""
        self._calls("ec2", "terminate_instances", hold=hold, InstanceIds=[instance_id])

    def check_terminable(self, instance_id: str) -> None:
        """Whether AWS would terminate it. Raises what AWS would answer."""
        self._calls.allowed("ec2", "terminate_instances", InstanceIds=[instance_id])

    def check_launchable(self, launch: Launch) -> None:
        """Whether AWS would launch it. Raises what AWS would answer."""
        self._calls.allowed("ec2", "run_instances", **_launched(launch))

    def ensure_launched(self, launch: Launch) -> str:
        """One instance, whatever happens to the answer: the ClientToken makes a repeated call give the first one."""
        answer = self._calls("ec2", "run_instances", ClientToken=launch.token, **_launched(launch))
        return str(answer["Instances"][0]["InstanceId"])

    def _look(self, ids: Sequence[str]) -> dict[str, Instance]:
        """By a filter: one id that AWS does not know would fail a call that names them."""
        found = (self._described(Filters=tags.filters(instance_id=portion)) for portion in portions(ids))
        return {each.id: each for portion in found for each in portion}

    def _look_at_checks(self, ids: Sequence[str]) -> dict[str, Checks]:
        """DescribeInstanceStatus has no filter for ids: where AWS does not know one, each is asked for alone."""
        found: dict[str, Checks] = {}
        for portion in portions(ids, _CHECKED):
            try:
                found |= self._checked(portion)
            except NotFound:
                if len(portion) > 1:
                    for each in portion:
                        found |= self._look_at_checks([each])
        return found

    def _checked(self, ids: Sequence[str]) -> dict[str, Checks]:
        answer = self._calls("ec2", "describe_instance_status", InstanceIds=ids, IncludeAllInstances=True)
        return {
            each["InstanceId"]: Checks(
                each["SystemStatus"]["Status"], each["InstanceStatus"]["Status"], each["InstanceState"]["Name"]
            )
            for each in answer["InstanceStatuses"]
        }

    def _described(self, **params: Any) -> list[Instance]:
        pages = self._calls.pages("ec2", "describe_instances", "Reservations", MaxResults=1000, **params)
        return [_instance(each) for reservation in pages for each in reservation["Instances"]]


def _launched(launch: Launch) -> dict[str, Any]:
    """RunInstances' parameters, but for the token."""
    template = {"LaunchTemplateId": launch.template_id, "Version": launch.template_version}
    more: dict[str, Any] = {"LaunchTemplate": template} if launch.settings is None else dict(launch.settings)
    if launch.instance_type:
        more["InstanceType"] = launch.instance_type
    if launch.interfaces:
        more["NetworkInterfaces"] = list(launch.interfaces)
    marks = {
        "instance": launch.tags,
        "volume": launch.tags if launch.volume_tags is None else launch.volume_tags,
    }
    return {
        "ImageId": launch.image_id,
        "MinCount": 1,
        "MaxCount": 1,
        "TagSpecifications": [{"ResourceType": kind, "Tags": tags.given(given)} for kind, given in marks.items()],
        **more,
    }


def _instance(raw: Mapping[str, Any]) -> Instance:
    disks = tuple(
        Disk(
            device=each["DeviceName"],
            volume_id=each["Ebs"]["VolumeId"],
            attachment=each["Ebs"].get("Status", "attached"),
            keeps=not each["Ebs"].get("DeleteOnTermination", False),
        )
        for each in raw.get("BlockDeviceMappings", [])
        if "Ebs" in each
    )
    return Instance(
        id=raw["InstanceId"],
        state=raw["State"]["Name"],
        type=raw["InstanceType"],
        tags=tags.of(raw),
        launched=raw["LaunchTime"].timestamp(),
        root_device=raw.get("RootDeviceName", ""),
        disks=disks,
        profile=raw.get("IamInstanceProfile", {}).get("Arn", ""),
        subnet_id=raw.get("SubnetId", ""),
        vpc_id=raw.get("VpcId", ""),
        spot=raw.get("InstanceLifecycle") == "spot",
        public_ip=raw.get("PublicIpAddress", ""),
        reason=raw.get("StateReason", {}).get("Message", "") or raw.get("StateTransitionReason", ""),
        reason_code=raw.get("StateReason", {}).get("Code", ""),
        windows="windows" in (raw.get("Platform") or raw.get("PlatformDetails", "")).lower(),
        token=raw.get("ClientToken", ""),
        image_id=raw.get("ImageId", ""),
        groups=frozenset(one["GroupId"] for each in raw.get("NetworkInterfaces", []) for one in each.get("Groups", [])),
        interfaces=tuple(map(interface, raw.get("NetworkInterfaces", []))),
    )
