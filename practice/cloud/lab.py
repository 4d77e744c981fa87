"""The lab cloud: EC2, SSM and what they need, on this machine, with disks that hold bytes."""

import base64
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from practice.cloud.changes import Changes
from practice.cloud.commands import Commands
from practice.cloud.control import Control
from practice.cloud.disks import Disks
from practice.cloud.faults import Faults
from practice.cloud.images import Images
from practice.cloud.instances import Instances
from practice.cloud.launches import Launches
from practice.cloud.networks import Networks, make_endpoints
from practice.cloud.parts import Parts
from practice.cloud.records import Books, Call, Delays, Disk, Effect
from practice.cloud.sandbox import bwrap_works
from practice.cloud.server import Door, Handler, Server
from practice.cloud.snapshots import Snapshots
from practice.cloud.tags import Tags
from practice.cloud.templates import Templates
from practice.cloud.volume_status import VolumeStatus

#: The profile of the lab's servers, and the one for copies of them.
_PROFILE, COPY_PROFILE = "firedrill-practice", "firedrill-practice-copy"

#: The image that the lab's own servers say they were launched from; it cannot be launched.
_BASE_IMAGE = "ami-00000000000000001"

#: Seconds that an added server says it has been running.
_AGE = 86_400.0


def nothing(_script: str) -> bool:
    """Accepts no script."""
    return False


class LabCloud:
    """One lab, one at a time in a process.

    `accepts` says which scripts may run without isolation. `now` gives seconds since the epoch, and every state is a
    function of it. `sandbox` None: bwrap if it works here. `port` 0: a free one. `login` is what calls are signed with.
    """

    def __init__(
        self,
        folder: Path,
        *,
        accepts: Callable[[str], bool] = nothing,
        now: Callable[[], float] = time.time,
        delays: Delays | None = None,
        regions: Sequence[str] = ("us-east-1",),
        sandbox: bool | None = None,
        port: int = 0,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.faults = Faults()
        self.changes = Changes()
        self.region = regions[0]
        self.regions = tuple(regions)
        self.url = ""
        self._books = Books(now)
        self._key, self._secret = login or (f"LABK{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30))
        self._port = port
        self._disks = Disks(folder)
        self._accepts = accepts
        self._now = now
        self._delays = delays or Delays()
        self._sandbox = sandbox
        self._server: Server | None = None

    @property
    def effects(self) -> list[Effect]:
        """What was carried out, in order; what `add_server` does is not in it."""
        return self._books.effects

    @property
    def calls(self) -> list[Call]:
        """Every request, in order."""
        return self._books.calls

    @property
    def broken(self) -> list[str]:
        """Tracebacks of what broke in the lab itself: never a fault that it was told to show."""
        return self._server.broken if self._server else []

    def start(self) -> str:
        """Empty the folder, listen, give the URL. Raises NotTheLabsFolder for a folder with something else in it, and
        OSError where the port is taken."""
        self._disks.open()
        isolated = bwrap_works() if self._sandbox is None else self._sandbox
        control = Control()
        parts = Parts(control, self._disks, self.faults, self._books, self._delays, self._now)
        instances = Instances(parts)
        snapshots = Snapshots(parts)
        images = Images(parts, instances, snapshots)
        templates = Templates(parts, instances)
        self._parts, self._instances = parts, instances
        self._launches = Launches(parts, instances, images, templates)
        self._commands = Commands(parts, instances, images, self._accepts, isolated=isolated)
        tags = Tags(parts, instances, images, templates)
        table = self._table(images, snapshots, templates, tags)
        table["ec2", "DeleteSecurityGroup"] = Networks(parts, instances).delete_group
        for name in (_PROFILE, COPY_PROFILE):
            self._make_profile(control, name)
        for region in self.regions:
            make_endpoints(control, region)
        try:
            self._server = Server(Door(table, parts, self._key), self._port)
        except OSError:
            control.close()
            raise
        self._server.start()
        self.url = self._server.url
        return self.url

    def stop(self) -> None:
        """Ends what still runs. The folder stays as it is."""
        if self._server is not None:
            self._server.stop()
            self._server = None
            self._commands.end()
            self._parts.control.close()

    def environment(self) -> dict[str, str]:
        """What a program needs to talk to this lab and to nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self._key,
            "AWS_SECRET_ACCESS_KEY": self._secret,
            "AWS_REGION": self.region,
        }

    def tree(self, instance_id: str) -> Path:
        """Where the instance's disk lies."""
        return self._disks.tree(instance_id)

    def add_server(
        self,
        name: str,
        disks: Sequence[Disk],
        *,
        instance_type: str = "t3.small",
        profile: bool = True,
        tags: Mapping[str, str] | None = None,
        user_data: str | None = None,
        protected: bool = False,
        key: str = "",
        region: str | None = None,
        windows: bool = False,
    ) -> str:
        """A server that has been running for a day; on `windows` drive C: is the folder C. `user_data` as text, `key`
        the name of a key pair. Gives its id. ValueError: no root disk, or a file that is not below its disk's mount."""
        root = _root(disks)
        marks = [{"Key": key, "Value": value} for key, value in {"Name": name, **(tags or {})}.items()]
        wanted: dict[str, Any] = {
            "ImageId": _BASE_IMAGE,
            "InstanceType": instance_type,
            "SubnetId": self._default_subnet(region or self.region),
            "MetadataOptions": {"HttpTokens": "required"},
            "DisableApiTermination": protected,
            "Windows": windows,
            "TagSpecifications": [{"ResourceType": kind, "Tags": marks} for kind in ("instance", "volume")],
            **({"IamInstanceProfile": {"Name": _PROFILE}} if profile else {}),
            **({"KeyName": key} if key else {}),
            **({"UserData": base64.b64encode(user_data.encode()).decode()} if user_data else {}),
        }
        with self._parts.lock:
            made = self._launches.begin(region or self.region, wanted, root.device, {d.device: _ebs(d) for d in disks})
            instance_id = made.pop("")
            for disk in disks:
                self._fill(disk, made[disk.device])
            self._furnish(name, disks, made[root.device])
            others = {device: volume for device, volume in made.items() if device != root.device}
            self._disks.boot(instance_id, made[root.device], others)
            self._instances.lives[instance_id].started = self._now() - _AGE
        return instance_id

    def _fill(self, disk: Disk, volume_id: str) -> None:
        folder = self._disks.make(volume_id)
        for path, content in disk.files.items():
            below = path.removeprefix(disk.mount.rstrip("/") + "/")
            if (below == path and disk.mount) or ".." in below.split("/"):
                raise ValueError(f"{path} is not below {disk.mount}, where the disk {disk.device} is mounted")
            file = folder / below.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def _furnish(self, name: str, disks: Sequence[Disk], root_volume: str) -> None:
        self._disks.furnish(root_volume)
        etc = self._disks.volume(root_volume) / "etc"
        lines = [f"{each.device} {each.mount} ext4 defaults,nofail 0 2\n" for each in disks if len(each.mount) > 1]
        for file, text in (("fstab", "".join(["LABEL=root / ext4 defaults 0 1\n", *lines])), ("hostname", f"{name}\n")):
            if not (etc / file).exists():
                (etc / file).write_text(text)

    def _default_subnet(self, region: str) -> str:
        found = self._parts.control.ask("ec2", "DescribeSubnets", region)["Subnets"]
        return str(min(found, key=lambda each: each["AvailabilityZone"])["SubnetId"])

    def _make_profile(self, control: Control, name: str) -> None:
        policy = '{"Version":"2012-10-17","Statement":[]}'
        control.ask("iam", "CreateRole", self.region, RoleName=name, AssumeRolePolicyDocument=policy)
        control.ask("iam", "CreateInstanceProfile", self.region, InstanceProfileName=name)
        names = {"InstanceProfileName": name, "RoleName": name}
        control.ask("iam", "AddRoleToInstanceProfile", self.region, **names)

    def _table(
        self, images: Images, snapshots: Snapshots, templates: Templates, tags: Tags
    ) -> dict[tuple[str, str], Handler]:
        ec2: dict[str, Handler] = {
            "CopyImage": images.copy,
            "CreateImage": images.create,
            "CreateLaunchTemplate": templates.create,
            "CreateLaunchTemplateVersion": templates.create_version,
            "CreateTags": tags.create,
            "DeleteLaunchTemplate": templates.delete,
            "DeleteLaunchTemplateVersions": templates.delete_versions,
            "DeleteSnapshot": snapshots.delete,
            "DeleteTags": tags.delete,
            "DeleteVolume": self._instances.delete_volume,
            "DeregisterImage": images.deregister,
            "DescribeImages": images.describe,
            "DescribeInstanceStatus": self._instances.describe_status,
            "DescribeInstances": self._instances.describe,
            "DescribeLaunchTemplateVersions": templates.describe_versions,
            "DescribeLaunchTemplates": templates.describe,
            "DescribeSnapshots": snapshots.describe,
            "DescribeVolumeStatus": VolumeStatus(self._parts).describe,
            "DescribeVolumes": self._instances.describe_volumes,
            "GetLaunchTemplateData": templates.data,
            "RunInstances": self._launches.run,
            "StartInstances": self._instances.stop_or_start,
            "StopInstances": self._instances.stop_or_start,
            "TerminateInstances": self._instances.terminate,
        }
        ssm: dict[str, Handler] = {
            "CancelCommand": self._commands.cancel,
            "DescribeInstanceInformation": self._commands.agents,
            "GetCalendarState": self.changes.calendar_state,
            "GetCommandInvocation": self._commands.result,
            "ListCommandInvocations": self._commands.invocations,
            "SendCommand": self._commands.send,
        }
        alarms = {("monitoring", "DescribeAlarms"): self.changes.describe_alarms}
        named = {"ec2": ec2, "ssm": ssm}
        return alarms | {(service, name): each for service, all_ in named.items() for name, each in all_.items()}


def _root(disks: Sequence[Disk]) -> Disk:
    root = next((each for each in disks if each.mount == "/"), None)
    if root is None:
        raise ValueError("no disk is mounted at /")
    return root


def _ebs(disk: Disk) -> dict[str, Any]:
    ebs: dict[str, Any] = {
        "VolumeSize": disk.size_gib,
        "VolumeType": disk.volume_type,
        "Encrypted": disk.encrypted,
        "DeleteOnTermination": disk.delete_on_termination,
    }
    if disk.volume_type == "gp3":
        ebs |= {"Iops": 3000, "Throughput": 125}
    if disk.iops:
        ebs["Iops"] = disk.iops
    if disk.throughput:
        ebs["Throughput"] = disk.throughput
    return ebs
