"""Whether the worker's role may make the calls that it makes, found out without anything being made or changed.

EC2 rehearses a call by DryRun; Systems Manager, Auto Scaling, CloudWatch, KMS and Elastic Load Balancing are asked for
a look. What can be tried only by doing it stands in `UNTRIED`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from workflows.aws import tags
from workflows.aws.calls import Calls
from workflows.aws.images import Image
from workflows.aws.instances import Instance
from workflows.errors import AwsRefused, NotFound, NotPermitted, PassingTrouble, RunFailed

#: Permissions that no rehearsal shows: there is none for the call, or it needs something that a run has made.
UNTRIED = (
    "ssm:SendCommand", "ssm:GetCalendarState", "s3:PutObject", "s3:PutObjectRetention",
    "s3:GetBucketObjectLockConfiguration", "s3:ListBucketVersions", "ec2:CreateLaunchTemplateVersion",
    "ec2:AuthorizeSecurityGroupEgress", "ec2:DeleteSecurityGroup", "ec2:DeleteVolume",
    "ec2:RevokeSecurityGroupEgress", "ec2:DescribeInstanceCreditSpecifications", "ec2:DescribeSpotInstanceRequests",
    "iam:PassRole", "ec2:DeregisterImage", "ec2:DeleteSnapshot", "ec2:DeleteLaunchTemplateVersions",
    "elasticloadbalancing:DescribeTargetHealth",
)  # fmt: skip
#: Of EC2, with DryRun.
_LOOKS: Mapping[str, Mapping[str, Any]] = {
    "describe_addresses": {}, "describe_images": {"Owners": ["self"]}, "describe_instance_status": {},
    "describe_instance_types": {"InstanceTypes": ["t3.small"]}, "describe_instances": {},
    "describe_launch_template_versions": {"Versions": ["$Latest"]}, "describe_launch_templates": {},
    "describe_network_interfaces": {}, "describe_security_groups": {}, "describe_snapshots": {"OwnerIds": ["self"]},
    "describe_subnets": {}, "describe_volume_status": {}, "describe_volumes": {}, "describe_vpc_endpoints": {},
}  # fmt: skip
#: Looks of the others: a few entries, or one that is not there.
_ASKED: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("sts", "get_caller_identity", {}),
    ("ssm", "describe_instance_information", {"MaxResults": 5}),
    ("ssm", "list_command_invocations", {"MaxResults": 1}),
    ("ssm", "get_command_invocation",
     {"CommandId": "00000000-0000-4000-8000-000000000000", "InstanceId": "i-00000000000000000"}),
    ("autoscaling", "describe_auto_scaling_instances", {"MaxRecords": 1}),
    ("cloudwatch", "describe_alarms", {"MaxRecords": 1}),
    ("kms", "describe_key", {"KeyId": "00000000-0000-4000-8000-000000000000"}),
    ("elbv2", "describe_target_groups", {"PageSize": 1}),
)  # fmt: skip
_ON_AN_INSTANCE = (
    "describe_instance_attribute", "get_launch_template_data", "create_image", "create_tags", "run_instances",
    "terminate_instances", "create_security_group",
)  # fmt: skip
#: By boto3's name of a service, where its permissions begin otherwise.
_PREFIXES = {"elbv2": "elasticloadbalancing"}
#: What the rehearsal of a creation would call what it makes.
_NAME = "firedrill-doctor"


@dataclass(frozen=True)
class Tried:
    """`said` is why it is not known."""

    permission: str
    outcome: Literal["allowed", "refused", "unknown"]
    said: str = ""


class Permissions:
    """Of one account and Region."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def tried(self, source: Instance | None, image: Image | None = None) -> Iterator[Tried]:
        """Each permission but `UNTRIED`. Some calls are rehearsed on an instance, `source`; without one, they are not
        known. A launch is rehearsed from the `image`, else from what the instance was launched from."""
        for action, params in _LOOKS.items():
            yield self._rehearsed(action, params)
        for service, action, params in _ASKED:
            yield self._asked(service, action, params)
        for action, given in self._changes(source, image).items():
            if given is None:
                yield Tried(_permission("ec2", action), "unknown", "there is no server to rehearse it on")
            else:
                yield self._rehearsed(action, given)

    def _changes(self, source: Instance | None, image: Image | None) -> dict[str, dict[str, Any] | None]:
        """By call what to rehearse it with; None where that takes an instance, and there is none."""
        template = {"LaunchTemplateName": _NAME, "LaunchTemplateData": {"InstanceType": "t3.small"}}
        with_one = (
            dict.fromkeys(_ON_AN_INSTANCE)
            if source is None
            else self._on(source, image.id if image else source.image_id)
        )
        return {**with_one, "create_launch_template": template}

    def _on(self, source: Instance, image_id: str) -> dict[str, dict[str, Any] | None]:
        mark = tags.given({tags.RUN: _NAME})
        group = {"ResourceType": "security-group", "Tags": tags.given({tags.COPY_OF: _NAME})}
        made = {"ResourceType": "image", "Tags": mark}
        subnet = {"SubnetId": source.subnet_id} if source.subnet_id else {}
        given: tuple[dict[str, Any], ...] = (
            {"InstanceId": source.id, "Attribute": "disableApiTermination"},
            {"InstanceId": source.id},
            {"InstanceId": source.id, "Name": _NAME, "NoReboot": True, "TagSpecifications": [made]},
            {"Resources": [source.id], "Tags": mark},
            {"ImageId": image_id, "InstanceType": source.type, "MinCount": 1, "MaxCount": 1, **subnet},
            {"InstanceIds": [source.id]},
            {"GroupName": _NAME, "Description": _NAME, "TagSpecifications": [group], **self._vpc(source)},
        )
        return dict(zip(_ON_AN_INSTANCE, given, strict=True))

    def _vpc(self, source: Instance) -> dict[str, str]:
        if not source.subnet_id:
            return {}
        try:
            found = self._calls("ec2", "describe_subnets", SubnetIds=[source.subnet_id])["Subnets"]
        except (PassingTrouble, RunFailed):
            return {}
        return {"VpcId": str(found[0]["VpcId"])}

    def _rehearsed(self, action: str, params: Mapping[str, Any]) -> Tried:
        permission = _permission("ec2", action)
        try:
            self._calls.allowed("ec2", action, **params)
        except NotPermitted:
            return Tried(permission, "refused")
        except (PassingTrouble, RunFailed) as error:
            return Tried(permission, "unknown", _said(error))
        return Tried(permission, "allowed")

    def _asked(self, service: str, action: str, params: Mapping[str, Any]) -> Tried:
        permission = _permission(service, action)
        try:
            self._calls(service, action, **params)
        except NotPermitted:
            return Tried(permission, "refused")
        except NotFound:
            return Tried(permission, "allowed")
        except (PassingTrouble, RunFailed) as error:
            return Tried(permission, "unknown", _said(error))
        return Tried(permission, "allowed")


def _said(error: PassingTrouble | RunFailed) -> str:
    return f"AWS answered {error.code}" if isinstance(error, AwsRefused) else error.text


def _permission(service: str, action: str) -> str:
    return f"{_PREFIXES.get(service, service)}:{''.join(word.capitalize() for word in action.split('_'))}"
