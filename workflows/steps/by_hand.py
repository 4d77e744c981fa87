"""What no launch gives back, so that a person has to do it: told before the loss, and with its command after it."""

import re
from collections.abc import Mapping
from typing import Any

from workflows.points import Point
from workflows.steps.source import Source

_INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")


def ahead(source: Source) -> list[str]:
    """For whoever is asked."""
    forwarding = ", ".join(f"`{each.id}`" for each in source.interfaces if each.forwards)
    if not forwarding:
        return []
    return [
        f"the source/destination check is off on {forwarding}: the next instance forwards nothing until you turn "
        "its own off; the run will say the command"
    ]


def commands(point: Point, data: Mapping[str, Any], made: str, region: str) -> list[str]:
    """For whoever has the replacement `made`, launched with those launch settings. No parameter of a launch carries the
    source/destination check: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html"""
    one = _INSTANCE.fullmatch(made) and len(data.get("NetworkInterfaces", [])) < 2
    told = []
    for index in point.forwards:
        where = "" if one else f" on its interface {index}"
        which = (
            f"instance-attribute --instance-id {made}"
            if one
            else "network-interface-attribute --network-interface-id ENI"
        )
        told.append(
            f"it forwards nothing{where} until its source/destination check is off, as the server's was: "
            f"`aws ec2 modify-{which} --no-source-dest-check --region {region}`"
        )
    return told
