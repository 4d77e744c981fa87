"""Instances: moto keeps what they are made of, the clock says how far they are."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from practice.cloud.lookups import Fields, filtered, page
from practice.cloud.parts import Parts
from practice.cloud.wire import Refusal, Request, stamp

_CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}

#: Seconds that a terminated instance can still be seen.
_VISIBLE = 3600

#: What AWS no longer says of a terminated instance.
_GONE_WITH_IT = (
    "PrivateIpAddress", "PublicIpAddress", "SubnetId", "VpcId", "NetworkInterfaces", "IamInstanceProfile",
    "BlockDeviceMappings", "SecurityGroups",
)  # fmt: skip

_STATE_FIELDS: Fields = {
    "instance-state-name": lambda item: item["State"]["Name"],
    "instance-state-code": lambda item: item["State"]["Code"],
}

_STATUS_FIELDS: Fields = {
    "instance-state-name": lambda item: item["InstanceState"]["Name"],
    "instance-state-code": lambda item: item["InstanceState"]["Code"],
    "instance-status.status": lambda item: item["InstanceStatus"]["Status"],
    "system-status.status": lambda item: item["SystemStatus"]["Status"],
    "availability-zone": lambda item: item["AvailabilityZone"],
}


@dataclass
class Life:
    """The moments of one instance, in seconds since the epoch."""

    id: str
    region: str
    started: float
    root_device: str
    stopped: float | None = None
    terminated: float | None = None
    groups: frozenset[str] = frozenset()
    reason: str = "Client.UserInitiatedShutdown: User initiated shutdown"


class Instances:
    """The instances of every Region."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.lives: dict[str, Life] = {}
        self.ending: Callable[[str], None] = lambda instance_id: None
        self.reaches_ssm: Callable[[Life], bool] = lambda life: True

    def state(self, life: Life) -> str:
        now, delays = self._parts.now(), self._parts.delays
        if life.terminated is not None:
            return "terminated" if now >= life.terminated + delays.stop else "shutting-down"
        if life.stopped is not None:
            return "stopped" if now >= life.stopped + delays.stop else "stopping"
        return "running" if now >= life.started + delays.boot else "pending"

    def running_for(self, life: Life) -> float:
        """Seconds; below 0 for an instance that does not run."""
        if self.state(life) != "running":
            return -1.0
        return self._parts.now() - life.started - self._parts.delays.boot

    def online(self, life: Life) -> bool:
        """Whether the SSM agent answers: the instance runs, has a profile and a way out, and the agent had its time."""
        up = self.has_profile(life) and self.reaches_ssm(life) and self.running_for(life) >= self._parts.delays.agent
        return up and not self._parts.faults.agent_is_offline(life.id)

    def has_profile(self, life: Life) -> bool:
        return life.id in self._parts.control.ec2(life.region).iam_instance_profile_associations

    def visible(self, region: str) -> dict[str, Life]:
        """By id, in the order of their launches."""
        oldest = self._parts.now() - _VISIBLE
        return {
            life.id: life
            for life in self.lives.values()
            if life.region == region and (life.terminated is None or life.terminated >= oldest)
        }

    def known(self, instance_id: str, region: str) -> Life:
        """Raises Refusal for an id that AWS would not know (any more)."""
        life = self.visible(region).get(instance_id)
        if life is not None:
            return life
        if not instance_id.startswith("i-"):
            raise Refusal("InvalidInstanceID.Malformed", f'Invalid id: "{instance_id}"')
        raise Refusal("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")

    def one(self, instance_id: str, region: str) -> dict[str, Any]:
        """As DescribeInstances tells it."""
        self.known(instance_id, region)
        answer = self._parts.control.ask("ec2", "DescribeInstances", region, InstanceIds=[instance_id])
        return self.patched(answer["Reservations"][0]["Instances"][0])

    def windows(self, instance_id: str, region: str) -> bool:
        return bool(self._parts.control.ec2(region).get_instance(instance_id).platform == "windows")

    def volumes(self, instance_id: str, region: str) -> dict[str, dict[str, Any]]:
        """Device → the attached volume as DescribeVolumes tells it, the root first."""
        filters = [{"Name": "attachment.instance-id", "Values": [instance_id]}]
        answer = self._parts.control.ask("ec2", "DescribeVolumes", region, Filters=filters)
        found = {each["Attachments"][0]["Device"]: self._volume(each, region) for each in answer["Volumes"]}
        root = self.lives[instance_id].root_device
        return {device: found[device] for device in sorted(found, key=lambda device: (device != root, device))}

    def describe(self, request: Request) -> dict[str, Any]:
        params, region = copy.deepcopy(request.params), request.region
        for instance_id in params.get("InstanceIds", []):
            self.known(instance_id, region)
        filters = params.pop("Filters", [])
        ours = [each for each in filters if each["Name"] in _STATE_FIELDS]
        asked = {"Filters": [each for each in filters if each["Name"] not in _STATE_FIELDS], "MaxResults": 1_000_000}
        if params.get("InstanceIds"):
            asked = {"Filters": asked["Filters"], "InstanceIds": params["InstanceIds"]}
        visible = self.visible(region)
        reservations = []
        for each in self._parts.control.ask("ec2", "DescribeInstances", region, **asked)["Reservations"]:
            found = [self.patched(instance) for instance in each["Instances"] if instance["InstanceId"] in visible]
            found = filtered(found, ours, _STATE_FIELDS)
            if found:
                reservations.append({**each, "Instances": found})
        return page(params, reservations, "Reservations", "InstanceIds")

    def patched(self, instance: dict[str, Any]) -> dict[str, Any]:
        """An instance of moto's, as AWS would tell it."""
        life = self.lives[instance["InstanceId"]]
        instance["State"] = state_of(self.state(life))
        instance["LaunchTime"] = stamp(life.started)
        instance["RootDeviceName"] = life.root_device
        instance["StateTransitionReason"] = ""
        for name in ("StateReason", "KernelId", "Platform"):
            instance.pop(name, None)
        windows = self.windows(life.id, life.region)
        instance |= (
            {"PlatformDetails": "Windows", "Platform": "windows"} if windows else {"PlatformDetails": "Linux/UNIX"}
        )
        if instance.get("ClientToken") == "ABCDE":  # moto's, for a launch without one
            instance.pop("ClientToken")
        for interface in instance.get("NetworkInterfaces", [])[:1]:
            instance["SecurityGroups"] = interface.get("Groups", [])
        ended = life.terminated or life.stopped
        if ended is not None:
            when = datetime.fromtimestamp(ended, UTC).strftime("%Y-%m-%d %H:%M:%S GMT")
            code = life.reason.partition(":")[0]
            instance["StateTransitionReason"] = f"User initiated ({when})" if code.startswith("Client.User") else code
            instance["StateReason"] = {"Code": code, "Message": life.reason}
        if life.terminated is not None:
            for name in _GONE_WITH_IT:
                instance.pop(name, None)
            instance["BlockDeviceMappings"] = []
        return instance

    def describe_status(self, request: Request) -> dict[str, Any]:
        params, region = request.params, request.region
        lives = list(self.visible(region).values())
        if params.get("InstanceIds"):
            lives = [self.known(each, region) for each in dict.fromkeys(params["InstanceIds"])]
        if not params.get("IncludeAllInstances"):
            lives = [each for each in lives if self.state(each) == "running"]
        items = filtered([self._status(each) for each in lives], params.get("Filters", []), _STATUS_FIELDS)
        return page(params, items, "InstanceStatuses", "InstanceIds")

    def describe_volumes(self, request: Request) -> dict[str, Any]:
        params = dict(request.params)
        asked = {name: params[name] for name in ("Filters", "VolumeIds") if name in params}
        found = self._parts.control.ask("ec2", "DescribeVolumes", request.region, **asked)["Volumes"]
        return page(params, [self._volume(each, request.region) for each in found], "Volumes", "VolumeIds")

    def delete_volume(self, request: Request) -> dict[str, Any]:
        """moto refuses what does not exist, what is in use, and a dry run."""
        volume_id = request.params.get("VolumeId", "")
        self._parts.control.ask("ec2", "DeleteVolume", request.region, **request.params)
        self._parts.disks.remove(self._parts.disks.volume(volume_id))
        self._parts.books.effect("DeleteVolume", volume_id, request.id)
        return {}

    def terminate(self, request: Request) -> dict[str, Any]:
        """The disks go at once. An instance that is already on its way is told again, and nothing else happens."""
        ids, region = list(dict.fromkeys(request.params.get("InstanceIds", []))), request.region
        lives = [self.known(each, region) for each in ids]
        living = [each for each in lives if each.terminated is None]
        before = {each.id: self.state(each) for each in lives}
        for each in living:
            if self._parts.control.ec2(region).get_instance(each.id).disable_api_termination:
                raise Refusal(
                    "OperationNotPermitted",
                    f"The instance '{each.id}' may not be terminated. Modify its 'disableApiTermination' instance "
                    "attribute and try again.",
                )
        request.stop_if_dry()
        for each in living:
            self._end(each)
            self._parts.books.effect("TerminateInstances", each.id, request.id)
        return {"TerminatingInstances": [self._change(each, before[each.id]) for each in lives]}

    def die(self, instance_id: str, code: str) -> None:
        """AWS ends it by itself, and says why."""
        life = self.lives[instance_id]
        life.reason = f"{code}: The lab was told to end it at birth."
        self._end(life)

    def _end(self, life: Life) -> None:
        disks = self.volumes(life.id, life.region).values()
        self._parts.control.ask("ec2", "TerminateInstances", life.region, InstanceIds=[life.id])
        life.terminated = self._parts.now()
        instance = self._parts.control.ec2(life.region).get_instance(life.id)
        for interface in [each for each in instance.nics.values() if not each.delete_on_termination]:
            instance.detach_eni(interface)
        self.ending(life.id)
        deleted = [disk["VolumeId"] for disk in disks if disk["Attachments"][0]["DeleteOnTermination"]]
        self._parts.disks.shut(life.id, deleted)

    def stop_or_start(self, request: Request) -> dict[str, Any]:
        lives = [self.known(each, request.region) for each in request.params.get("InstanceIds", [])]
        before = {each.id: self.state(each) for each in lives}
        for each in lives:
            if each.terminated is not None:
                message = f"The instance '{each.id}' is not in a state from which it can be stopped or started."
                raise Refusal("IncorrectInstanceState", message)
        request.stop_if_dry()
        self._parts.control.ask("ec2", request.action, request.region, InstanceIds=list(before))
        stops = request.action == "StopInstances"
        for each in lives:
            if stops and each.stopped is None:
                each.stopped = self._parts.now()
                self.ending(each.id)
            elif not stops and each.stopped is not None:
                each.started, each.stopped = self._parts.now(), None
            self._parts.books.effect(request.action, each.id, request.id)
        changes = [self._change(each, before[each.id]) for each in lives]
        return {"StoppingInstances" if stops else "StartingInstances": changes}

    def _change(self, life: Life, before: str) -> dict[str, Any]:
        return {
            "InstanceId": life.id,
            "PreviousState": state_of(before),
            "CurrentState": state_of(self.state(life)),
        }

    def _status(self, life: Life) -> dict[str, Any]:
        running = self.running_for(life)
        status, reach = "not-applicable", ""
        if running >= 0:
            ok = running >= self._parts.delays.checks
            status, reach = ("ok", "passed") if ok else ("initializing", "initializing")
        checks: Mapping[str, Any] = {"Status": status}
        if reach:
            checks = {"Status": status, "Details": [{"Name": "reachability", "Status": reach}]}
        zone = self._parts.control.ec2(life.region).get_instance(life.id).availability_zone
        return {
            "InstanceId": life.id,
            "AvailabilityZone": zone,
            "InstanceState": state_of(self.state(life)),
            "InstanceStatus": checks,
            "SystemStatus": checks,
            "AttachedEbsStatus": checks,
        }

    def _volume(self, volume: dict[str, Any], region: str) -> dict[str, Any]:
        for each in volume.get("Attachments", []):
            blocks = self._parts.control.ec2(region).get_instance(each["InstanceId"]).block_device_mapping
            each["DeleteOnTermination"] = bool(blocks[each["Device"]].delete_on_termination)
        return volume


def state_of(name: str) -> dict[str, Any]:
    """A state as AWS tells it."""
    return {"Code": _CODES[name], "Name": name}
