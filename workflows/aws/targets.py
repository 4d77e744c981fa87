"""Target groups of load balancers. They name a server by its id or address, so none of them follows a replacement."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workflows.aws.calls import Calls
from workflows.aws.instances import Instance
from workflows.errors import RunFailed, Unreachable

#: How many target groups of a VPC are looked through: a call each.
MOST = 200
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
    """The target groups of one account and Region."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def of(self, instance: Instance) -> Registered:
        """In the instance's VPC. What AWS refuses, and an API that does not answer, are a doubt and hold nothing up: a
        worker may have no way to that one. Raises Throttled, which passes."""
        own = {instance.id, *instance.own_ips}
        found: list[TargetGroup] = []
        try:
            pages = self._calls.pages("elbv2", "describe_target_groups", "TargetGroups", PageSize=400)
            groups = [
                each for each in pages if each.get("VpcId") == instance.vpc_id and each.get("TargetType") in _TYPES
            ]
            for each in groups[:MOST]:
                found += (target for target in self._targets(each) if target.target in own)
        except (Unreachable, RunFailed) as trouble:
            return Registered(tuple(found), trouble.text)
        return Registered(tuple(found), f"there are more than {MOST} in its VPC." if len(groups) > MOST else "")

    def _targets(self, group: Mapping[str, Any]) -> Iterator[TargetGroup]:
        """Those that it is about to let go are none of them any more."""
        arn = str(group["TargetGroupArn"])
        for each in self._calls("elbv2", "describe_target_health", TargetGroupArn=arn)["TargetHealthDescriptions"]:
            if each.get("TargetHealth", {}).get("State") != "draining":
                target = each["Target"]
                yield TargetGroup(str(group["TargetGroupName"]), arn, str(target["Id"]), int(target.get("Port") or 0))
