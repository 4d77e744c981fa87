"""The lab cloud as the page shows it: plain values, newest first."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from practice.console.lab import OpenLab

Json = dict[str, Any]

#: Effects that the page shows.
_LATEST = 200


def picture(lab: OpenLab) -> Json:
    """Everything that there is in the lab's own Region."""
    images = lab.look("DescribeImages")["Images"]
    snapshots = {each["SnapshotId"]: each for each in lab.look("DescribeSnapshots")["Snapshots"]}
    addresses = lab.look("DescribeAddresses")["Addresses"]
    templates = lab.look("DescribeLaunchTemplates")["LaunchTemplates"]
    return {
        "region": lab.region,
        "instances": _instances(lab),
        "images": _newest(_image(each, snapshots) for each in images),
        "snapshots": _newest(_snapshot(each) for each in snapshots.values()),
        "templates": _newest(_template(each) for each in templates),
        "addresses": [{"id": each["PublicIp"], "instance": each.get("InstanceId", "")} for each in addresses],
        "effects": [
            {"id": number, "call": each.call, "subject": each.id, "at": each.at}
            for number, each in list(enumerate(lab.effects))[: -_LATEST - 1 : -1]
        ],
    }


def server_of(tags: Mapping[str, str]) -> str:
    """The server that an instance is."""
    return tags.get("firedrill:server") or tags.get("Name", "")


def tags_of(item: Mapping[str, Any]) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in item.get("Tags", [])}


def _instances(lab: OpenLab) -> list[Json]:
    statuses = {
        each["InstanceId"]: each["InstanceStatus"]["Status"]
        for each in lab.look("DescribeInstanceStatus", IncludeAllInstances=True)["InstanceStatuses"]
    }
    agents, ended = lab.agents(), lab.ended()
    return _newest(
        {
            "id": each["InstanceId"],
            "server": server_of(tags_of(each)),
            "type": each["InstanceType"],
            "state": each["State"]["Name"],
            "checks": statuses.get(each["InstanceId"], "not-applicable"),
            "agent": "online" if agents.get(each["InstanceId"]) else _unheard(lab, each),
            "at": _moment(each["LaunchTime"]),
            "ended": ended.get(each["InstanceId"]),
            "address": each.get("PrivateIpAddress", ""),
            "tags": tags_of(each),
        }
        for reservation in lab.look("DescribeInstances")["Reservations"]
        for each in reservation["Instances"]
    )


def _unheard(lab: OpenLab, item: Json) -> str:
    """Why an agent does not answer: it never will, or it has not come up yet."""
    never = item["InstanceId"] in lab.faults.offline() or not item.get("IamInstanceProfile")
    return "offline" if never else "starting"


def _image(item: Json, snapshots: Mapping[str, Json]) -> Json:
    ids = [each["Ebs"]["SnapshotId"] for each in item["BlockDeviceMappings"] if "Ebs" in each]
    parts = [int(snapshots[each]["Progress"].removesuffix("%")) for each in ids if each in snapshots]
    tags = tags_of(item)
    return {
        "id": item["ImageId"],
        "name": item["Name"],
        "state": item["State"],
        "progress": min(parts, default=100),
        "at": _moment(item["CreationDate"]),
        "server": tags.get("firedrill:server", ""),
        "run": tags.get("firedrill:run", "").rpartition("-")[0],
        "proof": tags.get("firedrill:proof", ""),
        "source": item.get("SourceInstanceId", ""),
        "snapshots": ids,
        "tags": tags,
    }


def _snapshot(item: Json) -> Json:
    return {
        "id": item["SnapshotId"],
        "volume": item["VolumeId"],
        "size": item["VolumeSize"],
        "state": item["State"],
        "progress": int(item["Progress"].removesuffix("%")),
        "encrypted": item["Encrypted"],
        "at": _moment(item["StartTime"]),
    }


def _template(item: Json) -> Json:
    return {
        "id": item["LaunchTemplateId"],
        "name": item["LaunchTemplateName"],
        "versions": item["LatestVersionNumber"],
        "at": _moment(item["CreateTime"]),
        "tags": tags_of(item),
    }


def _newest(items: Iterable[Json]) -> list[Json]:
    return sorted(items, key=lambda each: (-each["at"], each["id"]))


def _moment(text: str | datetime) -> float:
    """Seconds since the epoch."""
    return (datetime.fromisoformat(text) if isinstance(text, str) else text).timestamp()
