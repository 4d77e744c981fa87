"""Launch templates and their versions, and the launch settings of a living instance."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from practice.cloud.instances import Instances
from practice.cloud.lookups import Fields, filtered, page
from practice.cloud.parts import Parts, asked_tags
from practice.cloud.records import ACCOUNT
from practice.cloud.wire import Refusal, Request, stamp

_NAME, _ID = "LaunchTemplateName", "LaunchTemplateId"

_FIELDS: Fields = {
    "launch-template-name": lambda item: item[_NAME],
    "create-time": lambda item: item["CreateTime"],
}

#: Members of DescribeInstances' answer that say the same in GetLaunchTemplateData's.
_SAME = ("EbsOptimized", "ImageId", "InstanceType", "KeyName", "CpuOptions", "EnclaveOptions", "HibernationOptions")


@dataclass
class Template:
    """`versions` in order, the first is version 1; `deleted` are places in it: a number is never given again."""

    id: str
    name: str
    region: str
    created: float
    default: int = 1
    versions: list[dict[str, Any]] = field(default_factory=list)
    deleted: set[int] = field(default_factory=set)


class Templates:
    """The launch templates of every Region."""

    def __init__(self, parts: Parts, instances: Instances) -> None:
        self._parts = parts
        self._instances = instances
        self._kept: dict[str, Template] = {}
        self._tokens: dict[tuple[str, str, str], tuple[str, dict[str, Any]]] = {}

    def known(self, resource: str, region: str) -> bool:
        return resource in self._kept and self._kept[resource].region == region

    def settings(self, asked: dict[str, Any], region: str) -> tuple[dict[str, Any], dict[str, str]]:
        """A version's data and the tags that tell of it, for RunInstances' `LaunchTemplate`."""
        template = self._found(asked, region)
        version = self._version(template, str(asked.get("Version", "$Default")))
        marks = {
            "aws:ec2launchtemplate:id": template.id,
            "aws:ec2launchtemplate:version": str(version["VersionNumber"]),
        }
        return dict(version["LaunchTemplateData"]), marks

    def create(self, request: Request) -> dict[str, Any]:
        return self._once(request, self._create)

    def create_version(self, request: Request) -> dict[str, Any]:
        return self._once(request, self._create_version)

    def _create(self, request: Request) -> dict[str, Any]:
        name = request.params.get(_NAME, "")
        if any(each.name == name and each.region == request.region for each in self._kept.values()):
            code = "InvalidLaunchTemplateName.AlreadyExistsException"
            raise Refusal(code, "Launch template name already in use.")
        request.stop_if_dry()
        template = Template(f"lt-0{secrets.token_hex(8)}", name, request.region, self._parts.now())
        self._kept[template.id] = template
        self._add(template, request.params.get("LaunchTemplateData", {}), request)
        self._parts.tag(request.region, [template.id], asked_tags(request.params, "launch-template"))
        self._parts.books.effect("CreateLaunchTemplate", template.id, request.id)
        return {"LaunchTemplate": self._described(template)}

    def _create_version(self, request: Request) -> dict[str, Any]:
        template = self._found(request.params, request.region)
        source = request.params.get("SourceVersion")
        base = self._version(template, source)["LaunchTemplateData"] if source else {}
        request.stop_if_dry()
        version = self._add(template, {**base, **request.params.get("LaunchTemplateData", {})}, request)
        self._parts.books.effect("CreateLaunchTemplateVersion", template.id, request.id)
        return {"LaunchTemplateVersion": self._shown(template, version)}

    def describe(self, request: Request) -> dict[str, Any]:
        params = request.params
        items = [self._described(each) for each in self._kept.values() if each.region == request.region]
        names, ids = params.get("LaunchTemplateNames", []), params.get("LaunchTemplateIds", [])
        for key, wanted in ((_NAME, names), (_ID, ids)):
            known = {item[key] for item in items}
            for each in wanted:
                if each not in known:
                    code = f"Invalid{key}.NotFoundException" if key == _NAME else "InvalidLaunchTemplateId.NotFound"
                    raise Refusal(code, f"The specified launch template, with {key} {each}, does not exist.")
            items = [item for item in items if item[key] in wanted] if wanted else items
        return page(params, filtered(items, params.get("Filters", []), _FIELDS), "LaunchTemplates", most=200)

    def describe_versions(self, request: Request) -> dict[str, Any]:
        template = self._found(request.params, request.region)
        versions = [each for at, each in enumerate(template.versions) if at not in template.deleted][::-1]
        if request.params.get("Versions"):
            versions = [self._version(template, each) for each in request.params["Versions"]]
        shown = [self._shown(template, each) for each in versions]
        return page(request.params, shown, "LaunchTemplateVersions", most=200)

    def delete(self, request: Request) -> dict[str, Any]:
        template = self._found(request.params, request.region)
        request.stop_if_dry()
        answer = {"LaunchTemplate": self._described(template)}
        del self._kept[template.id]
        self._parts.books.effect("DeleteLaunchTemplate", template.id, request.id)
        return answer

    def delete_versions(self, request: Request) -> dict[str, Any]:
        """Each is refused by itself: the default one, and what is not there."""
        template = self._found(request.params, request.region)
        request.stop_if_dry()
        deleted, refused = [], []
        for number in request.params.get("Versions", []):
            named = {_ID: template.id, _NAME: template.name, "VersionNumber": int(number)}
            at = int(number) - 1
            if at + 1 == template.default or not 0 <= at < len(template.versions) or at in template.deleted:
                there = at + 1 == template.default
                code = "unexpectedError" if there else "launchTemplateVersionDoesNotExist"
                refused.append({**named, "ResponseError": {"Code": code, "Message": "It cannot be deleted."}})
                continue
            template.deleted.add(at)
            deleted.append(named)
            self._parts.books.effect("DeleteLaunchTemplateVersions", f"{template.id}:{number}", request.id)
        return {
            "SuccessfullyDeletedLaunchTemplateVersions": deleted,
            "UnsuccessfullyDeletedLaunchTemplateVersions": refused,
        }

    def data(self, request: Request) -> dict[str, Any]:
        """GetLaunchTemplateData: with the ids and addresses of this one machine, and of its volumes nothing but what
        becomes of them at termination."""
        instance_id, region = request.params.get("InstanceId", ""), request.region
        instance = self._instances.one(instance_id, region)
        request.stop_if_dry()
        data: dict[str, Any] = {name: instance[name] for name in _SAME if name in instance}
        if "IamInstanceProfile" in instance:
            data["IamInstanceProfile"] = {"Arn": instance["IamInstanceProfile"]["Arn"]}
        zone = instance["Placement"]["AvailabilityZone"]
        data |= {
            "BlockDeviceMappings": [
                {"DeviceName": device, "Ebs": {"DeleteOnTermination": volume["Attachments"][0]["DeleteOnTermination"]}}
                for device, volume in self._instances.volumes(instance_id, region).items()
            ],
            "CapacityReservationSpecification": {"CapacityReservationPreference": "open"},
            "DisableApiStop": self._attribute(instance_id, region, "disableApiStop"),
            "DisableApiTermination": self._attribute(instance_id, region, "disableApiTermination"),
            "InstanceInitiatedShutdownBehavior": "stop",
            "MaintenanceOptions": {"AutoRecovery": "default"},
            "MetadataOptions": {"State": "applied", **instance.get("MetadataOptions", {})},
            "Monitoring": {"Enabled": instance.get("Monitoring", {}).get("State") == "enabled"},
            "NetworkInterfaces": [_interface(each) for each in instance.get("NetworkInterfaces", [])],
            "Placement": {"AvailabilityZone": zone, "GroupName": "", "Tenancy": "default"},
            "PrivateDnsNameOptions": {
                "HostnameType": "ip-name",
                "EnableResourceNameDnsARecord": True,
                "EnableResourceNameDnsAAAARecord": False,
            },
        }
        user_data = self._attribute(instance_id, region, "userData")
        if user_data:
            data["UserData"] = user_data
        if instance.get("Tags"):
            data["TagSpecifications"] = [{"ResourceType": "instance", "Tags": instance["Tags"]}]
        return {"LaunchTemplateData": data}

    def _attribute(self, instance_id: str, region: str, name: str) -> Any:
        ask = self._parts.control.ask
        answer = ask("ec2", "DescribeInstanceAttribute", region, InstanceId=instance_id, Attribute=name)
        return answer[name[0].upper() + name[1:]].get("Value")

    def _once(self, request: Request, make: Callable[[Request], dict[str, Any]]) -> dict[str, Any]:
        """The answer of the first call with the same ClientToken; made anew without one."""
        token = request.params.get("ClientToken")
        if not token:
            return make(request)
        key = (request.region, request.action, token)
        asked = json.dumps(request.params, sort_keys=True)
        if key not in self._tokens:
            self._tokens[key] = (asked, make(request))
        if self._tokens[key][0] != asked:
            raise Refusal("IdempotentParameterMismatch", f"The client token {token} was used with other parameters.")
        return self._tokens[key][1]

    def _add(self, template: Template, data: dict[str, Any], request: Request) -> dict[str, Any]:
        version = {
            "VersionNumber": len(template.versions) + 1,
            "VersionDescription": request.params.get("VersionDescription"),
            "CreateTime": stamp(self._parts.now()),
            "LaunchTemplateData": data,
        }
        template.versions.append(version)
        return version

    def _found(self, asked: dict[str, Any], region: str) -> Template:
        for each in self._kept.values():
            if each.region == region and (each.id == asked.get(_ID) or each.name == asked.get(_NAME)):
                return each
        by_name = _NAME in asked
        code = "InvalidLaunchTemplateName.NotFoundException" if by_name else "InvalidLaunchTemplateId.NotFound"
        wanted = asked.get(_NAME) or asked.get(_ID)
        raise Refusal(code, f"The specified launch template, {wanted}, does not exist.")

    def _version(self, template: Template, number: str) -> dict[str, Any]:
        places = {"$Default": template.default, "$Latest": len(template.versions)}
        at = places.get(number) or (int(number) if number.isdigit() else 0)
        if not 1 <= at <= len(template.versions) or at - 1 in template.deleted:
            code = "InvalidLaunchTemplateId.VersionNotFound"
            raise Refusal(code, f"Could not find launch template version {number} of {template.id}.")
        return template.versions[at - 1]

    def _described(self, template: Template) -> dict[str, Any]:
        return {
            _ID: template.id,
            _NAME: template.name,
            "CreateTime": stamp(template.created),
            "CreatedBy": f"arn:aws:iam::{ACCOUNT}:root",
            "DefaultVersionNumber": template.default,
            "LatestVersionNumber": len(template.versions),
            "Tags": self._parts.tags(template.region, template.id),
        }

    def _shown(self, template: Template, version: dict[str, Any]) -> dict[str, Any]:
        return {
            **version,
            _ID: template.id,
            _NAME: template.name,
            "CreatedBy": f"arn:aws:iam::{ACCOUNT}:root",
            "DefaultVersion": version["VersionNumber"] == template.default,
        }


def _interface(raw: dict[str, Any]) -> dict[str, Any]:
    attachment = raw.get("Attachment", {})
    return {
        "AssociatePublicIpAddress": "Association" in raw,
        "DeleteOnTermination": attachment.get("DeleteOnTermination", True),
        "Description": raw.get("Description", ""),
        "DeviceIndex": attachment.get("DeviceIndex", 0),
        "Groups": [each["GroupId"] for each in raw.get("Groups", [])],
        "InterfaceType": raw.get("InterfaceType", "interface"),
        "Ipv6Addresses": [{"Ipv6Address": each["Ipv6Address"]} for each in raw.get("Ipv6Addresses", [])],
        "NetworkCardIndex": 0,
        "NetworkInterfaceId": raw["NetworkInterfaceId"],
        "PrivateIpAddress": raw["PrivateIpAddress"],
        "PrivateIpAddresses": [
            {"Primary": each["Primary"], "PrivateIpAddress": each["PrivateIpAddress"]}
            for each in raw["PrivateIpAddresses"]
        ],
        "SubnetId": raw["SubnetId"],
    }
