"""What no launch gives back, so that a person has to do it: told before the loss, and with its command after it."""

import re
from collections.abc import Mapping
from typing import Any

from workflows.aws.targets import Registered, TargetGroup
from workflows.points import Point
from workflows.steps.source import Source, SourceDisk
from workflows.words import safe

_INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")
_ARN = re.compile(r"arn:[a-z0-9-]+:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:targetgroup/[A-Za-z0-9-]+/[0-9a-f]+")


def ahead(source: Source, registered: Registered) -> list[str]:
    """For whoever is asked."""
    told = []
    if forwarding := ", ".join(f"`{each.id}`" for each in source.interfaces if each.forwards):
        told.append(
            f"the source/destination check is off on {forwarding}: the next instance forwards nothing until you turn "
            "its own off; the run will say the command"
        )
    if groups := ", ".join(dict.fromkeys(f"`{safe(each.name)}`" for each in registered.groups)):
        told.append(
            f"it serves target groups: {groups}. The next instance is in none of them until you register it; the run "
            "will say the command"
        )
    told += [
        f"tags of {disk.device} that not all volumes have are not given to the next one: {_keys(disk)}"
        for disk in source.disks
        if disk.tags
    ]
    if registered.doubt:
        told.append(f"target groups were not looked at, or not all: {registered.doubt}")
    return told


def commands(
    point: Point, data: Mapping[str, Any], made: str, region: str, source: Source | None, registered: Registered
) -> list[str]:  # fmt: skip
    """For whoever has the replacement `made`, launched with those launch settings; `source` and where it was
    `registered` are known only where the same run has lost it."""
    known = made if _INSTANCE.fullmatch(made) else "INSTANCE"
    one = len(data.get("NetworkInterfaces", [])) < 2
    checks = [_check(known, index, region, one=one) for index in point.forwards]
    groups = [_register(known, each, region) for each in registered.groups]
    return [*checks, *groups, *(_retag(disk) for disk in (source.disks if source else ()) if disk.tags)]


def _check(made: str, index: int, region: str, *, one: bool) -> str:
    """No parameter of a launch carries it: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html"""
    where = "" if one else f" on its interface {index}"
    which = (
        f"instance-attribute --instance-id {made}" if one else "network-interface-attribute --network-interface-id ENI"
    )
    return (
        f"it forwards nothing{where} until its source/destination check is off, as the server's was: "
        f"`aws ec2 modify-{which} --no-source-dest-check --region {region}`"
    )


def _register(made: str, group: TargetGroup, region: str) -> str:
    """An address stays registered when its instance ends; an instance does not."""
    by_id = bool(_INSTANCE.fullmatch(group.target))
    place = "" if by_id else f", by its private address in place of `{safe(group.target)}`"
    arn = group.arn if _ARN.fullmatch(group.arn) else "ARN"
    target = f"Id={made if by_id else 'ADDRESS'}" + (f",Port={group.port}" if group.port else "")
    return (
        f"register it with the target group `{safe(group.name)}`{place}: "
        f"`aws elbv2 register-targets --target-group-arn {arn} --targets {target} --region {region}`"
    )


def _keys(disk: SourceDisk) -> str:
    return ", ".join(f"`{safe(key)}`" for key in sorted(disk.tags))


def _retag(disk: SourceDisk) -> str:
    """A launch tags all its volumes alike."""
    tags = ", ".join(f"`{safe(key)}` = `{safe(value)}`" for key, value in sorted(disk.tags.items()))
    return f"give its volume at {disk.device} the tags that not all had: {tags}"
