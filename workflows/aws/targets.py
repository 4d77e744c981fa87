"""Target groups of load balancers. They name a server by its id or address, so none of them follows a replacement."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workflows.aws.calls import Calls
from workflows.aws.instances import Instance
from workflows.errors import PassingTrouble, RunFailed

#: Seconds. Each target group is a call, and nobody else's calls are to be throttled for this look.
LONGEST = 15.0
#: Of those that can name an instance.
_TYPES = ("instance", "ip")


@dataclass(frozen=True)
class TargetGroup:
    """One that a server is registered in, as `target`: its id, or an address of its own. `port` 0 where AWS names
    none."""

    name: str
    arn: str
    target: str
    port: int = 0


@dataclass(frozen=True)
class Registered:
    """`doubt` says why there may be more; empty if there are not."""

    groups: tuple[TargetGroup, ...] = ()
    doubt: str = ""


NOWHERE = Registered()


class TargetGroups:
    """The target groups of one account and Region. A look at them takes `longest` seconds, and the call under way."""

    def __init__(self, calls: Calls, longest: float = LONGEST) -> None:
        self._calls = calls
        self._longest = longest

    def of(self, instance: Instance) -> Registered:
        """In the instance's VPC. Whatever keeps it from being seen is a doubt, and holds nothing up: a worker may have
        no way to that API."""
        until = time.monotonic() + self._longest
        own = {instance.id, *(address for each in instance.interfaces for address in each.addresses)}
        found: list[TargetGroup] = []
        try:
            pages = self._calls.pages("elbv2", "describe_target_groups", "TargetGroups", PageSize=400)
            for each in pages:
                if time.monotonic() >= until:
                    return Registered(tuple(found), "there are too many to look through.")
                if each.get("VpcId") == instance.vpc_id and each.get("TargetType") in _TYPES:
                    found += (target for target in self._targets(each) if target.target in own)
        except (PassingTrouble, RunFailed) as trouble:
            return Registered(tuple(found), trouble.text)
        return Registered(tuple(found))

    def _targets(self, group: Mapping[str, Any]) -> Iterator[TargetGroup]:
        """Those that it is about to let go are none of them any more."""
        arn = str(group["TargetGroupArn"])
        for each in self._calls("elbv2", "describe_target_health", TargetGroupArn=arn)["TargetHealthDescriptions"]:
            if each.get("TargetHealth", {}).get("State") != "draining":
                target = each["Target"]
                yield TargetGroup(str(group["TargetGroupName"]), arn, str(target["Id"]), int(target.get("Port") or 0))
