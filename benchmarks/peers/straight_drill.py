"""The seven steps of a live drill as a straight boto3 script: what somebody writes on one good afternoon.

It looks at what the seven steps say that is to be looked at, waits with boto3's own waiters, and compares the same
files. Nobody is asked, and if it dies in the middle, nothing is kept.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from typing import Any

import boto3

MEASURE = 'cd "${{DR_ROOT:-}}/" && find {paths} -type f -print0 | sort -z | xargs -0 sha256sum'
#: What the next machine is launched with, of what AWS says of this one.
KEPT = ("InstanceType", "IamInstanceProfile", "KeyName", "UserData", "EbsOptimized", "CreditSpecification")
INTERFACE = ("DeviceIndex", "SubnetId", "Groups", "DeleteOnTermination")


class Script:
    """`delay` is the pause between two looks of a waiter in seconds: boto3's own is 15, for SSM's commands 5."""

    def __init__(self, server: str, paths: str, delay: float) -> None:
        self.calls: Counter[str] = Counter()
        self._server = server
        self._measure = MEASURE.format(paths=paths)
        self._slow, self._quick = {"Delay": delay, "MaxAttempts": 4000}, {"Delay": delay / 3, "MaxAttempts": 4000}
        self._ec2, self._ssm, self._scaling = (self._client(name) for name in ("ec2", "ssm", "autoscaling"))

    def _client(self, service: str) -> Any:
        client = boto3.client(service, region_name=os.environ["AWS_REGION"])
        client.meta.events.register("before-call", lambda model, **_: self.calls.update([model.name]))
        return client

    def drill(self) -> bool:
        """True if the replacement shows the same files. Raises RuntimeError when the source may not be lost."""
        source, volumes = self._inspected()
        facts = self._measured(source["InstanceId"])
        settings = self._settings_kept(source["InstanceId"])
        image_id = self._imaged(source["InstanceId"])
        self._ec2.get_waiter("image_available").wait(ImageIds=[image_id], WaiterConfig=self._slow)
        self._verified(image_id, volumes)
        self._lost(source["InstanceId"], image_id, volumes)
        replacement = self._launched(image_id, settings)
        same = self._measured(replacement) == facts
        self._left_behind(source["InstanceId"], volumes)
        self._ec2.create_tags(Resources=[image_id], Tags=[{"Key": "proof", "Value": "proven" if same else "differs"}])
        return same

    def _inspected(self) -> tuple[dict[str, Any], dict[str, Any]]:
        filters = [
            {"Name": "tag:Name", "Values": [self._server]},
            {"Name": "instance-state-name", "Values": ["running"]},
        ]
        source = self._ec2.describe_instances(Filters=filters)["Reservations"][0]["Instances"][0]
        found = source["InstanceId"]
        guard = self._ec2.describe_instance_attribute(InstanceId=found, Attribute="disableApiTermination")
        if guard["DisableApiTermination"]["Value"]:
            raise RuntimeError(f"{found} is protected")
        kind = self._ec2.describe_instance_types(InstanceTypes=[source["InstanceType"]])["InstanceTypes"][0]
        if kind.get("InstanceStorageSupported"):
            raise RuntimeError(f"{found} has disks that no AMI holds")
        if groups := self._scaling.describe_auto_scaling_instances(InstanceIds=[found])["AutoScalingInstances"]:
            raise RuntimeError(f"{groups[0]['AutoScalingGroupName']} would replace {found}")
        ids = [each["Ebs"]["VolumeId"] for each in source["BlockDeviceMappings"]]
        volumes = {each["VolumeId"]: each for each in self._ec2.describe_volumes(VolumeIds=ids)["Volumes"]}
        self._agent_online(found)
        return source, volumes

    def _agent_online(self, instance_id: str) -> None:
        """For this boto3 has no waiter."""
        filters = [{"Key": "InstanceIds", "Values": [instance_id]}]
        while True:
            found = self._ssm.describe_instance_information(Filters=filters)["InstanceInformationList"]
            if found and found[0]["PingStatus"] == "Online":
                return
            time.sleep(self._quick["Delay"])

    def _measured(self, instance_id: str) -> str:
        sent = self._ssm.send_command(
            InstanceIds=[instance_id], DocumentName="AWS-RunShellScript", Parameters={"commands": [self._measure]}
        )["Command"]["CommandId"]
        named = {"CommandId": sent, "InstanceId": instance_id}
        time.sleep(self._quick["Delay"])  # until then AWS does not know of it, and the waiter would give up
        self._ssm.get_waiter("command_executed").wait(**named, WaiterConfig=self._quick)
        return str(self._ssm.get_command_invocation(**named)["StandardOutputContent"])

    def _settings_kept(self, instance_id: str) -> dict[str, str]:
        data = self._ec2.get_launch_template_data(InstanceId=instance_id)["LaunchTemplateData"]
        kept = {name: data[name] for name in KEPT if name in data}
        kept["NetworkInterfaces"] = [
            {key: each[key] for key in INTERFACE if key in each} for each in data["NetworkInterfaces"]
        ]
        name = f"drill-{self._server}-{time.time_ns()}"
        made = self._ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=kept)["LaunchTemplate"]
        return {"LaunchTemplateId": made["LaunchTemplateId"], "Version": "1"}

    def _imaged(self, instance_id: str) -> str:
        marks = {"ResourceType": "image", "Tags": [{"Key": "server", "Value": self._server}]}
        made = self._ec2.create_image(
            InstanceId=instance_id, Name=f"{self._server}-{time.time_ns()}", NoReboot=True, TagSpecifications=[marks]
        )
        return str(made["ImageId"])

    def _verified(self, image_id: str, volumes: dict[str, Any]) -> None:
        image = self._ec2.describe_images(ImageIds=[image_id])["Images"][0]
        ids = [each["Ebs"]["SnapshotId"] for each in image["BlockDeviceMappings"]]
        snapshots = {each["VolumeId"]: each for each in self._ec2.describe_snapshots(SnapshotIds=ids)["Snapshots"]}
        for name, volume in volumes.items():
            found = snapshots.get(name, {})
            if (found.get("State"), found.get("VolumeSize")) != ("completed", volume["Size"]):
                raise RuntimeError(f"{image_id} has no whole snapshot of {name}")

    def _lost(self, instance_id: str, image_id: str, volumes: dict[str, Any]) -> None:
        """Looks once more at what it relies on, and at the instance, directly before."""
        self._verified(image_id, volumes)
        found = self._ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
        if {each["Ebs"]["VolumeId"] for each in found["BlockDeviceMappings"]} != set(volumes):
            raise RuntimeError(f"the volumes of {instance_id} have changed")
        self._ec2.terminate_instances(InstanceIds=[instance_id])
        self._ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance_id], WaiterConfig=self._slow)

    def _left_behind(self, instance_id: str, volumes: dict[str, Any]) -> None:
        """Volumes and addresses that still cost money."""
        self._ec2.describe_volumes(Filters=[{"Name": "volume-id", "Values": list(volumes)}])
        self._ec2.describe_addresses(Filters=[{"Name": "instance-id", "Values": [instance_id]}])

    def _launched(self, image_id: str, settings: dict[str, str]) -> str:
        marks = [{"Key": "Name", "Value": self._server}]
        made = self._ec2.run_instances(
            ImageId=image_id, LaunchTemplate=settings, MinCount=1, MaxCount=1,
            TagSpecifications=[{"ResourceType": kind, "Tags": marks} for kind in ("instance", "volume")],
        )["Instances"][0]["InstanceId"]  # fmt: skip
        for name in ("instance_running", "instance_status_ok"):
            self._ec2.get_waiter(name).wait(InstanceIds=[made], WaiterConfig=self._slow)
        self._agent_online(made)
        return str(made)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--paths", default="data")
    parser.add_argument("--delay", type=float, default=15)
    options = parser.parse_args()
    script = Script(options.server, options.paths, options.delay)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    began = time.monotonic()
    same = script.drill()
    sys.stdout.write(json.dumps({"seconds": time.monotonic() - began, "calls": script.calls, "same": same}))


if __name__ == "__main__":
    main()
