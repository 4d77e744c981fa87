"""Networks: moto keeps them; here is the way to Systems Manager, and who still stands in a security group."""

from ipaddress import ip_address, ip_network
from typing import Any

from practice.cloud.control import Control
from practice.cloud.instances import Instances, Life
from practice.cloud.parts import Parts
from practice.cloud.wire import Refusal, Request

#: What an agent talks to.
_SSM = ("ssm", "ssmmessages")
_HTTPS = 443


class Networks:
    """Of every Region: its default VPC has interface endpoints for Systems Manager."""

    def __init__(self, parts: Parts, instances: Instances) -> None:
        self._parts = parts
        self._instances = instances
        instances.reaches_ssm = self.reaches_ssm

    def delete_group(self, request: Request) -> dict[str, Any]:
        """AWS refuses as long as the interface of any instance, one that is going too, is in the group."""
        group_id, region = str(request.params.get("GroupId", "")), request.region
        for life in self._instances.lives.values():
            if life.region == region and group_id in life.groups and self._instances.state(life) != "terminated":
                raise Refusal("DependencyViolation", f"resource {group_id} has a dependent object")
        self._parts.control.ask("ec2", "DeleteSecurityGroup", region, **request.params)
        self._parts.books.effect("DeleteSecurityGroup", group_id, request.id)
        return {"Return": True, "GroupId": group_id}

    def reaches_ssm(self, life: Life) -> bool:
        """Whether its groups let it out to the endpoints. Whoever may go everywhere needs none."""
        backend = self._parts.control.ec2(life.region)
        groups = [each for each in map(backend.get_security_group_from_id, life.groups) if each is not None]
        out = [rule for group in groups for rule in group.egress_rules]
        if not groups or any(str(rule.ip_protocol) == "-1" for rule in out):
            return True
        networks = [ip_network(rule.ip_range["CidrIp"]) for rule in out if _lets_https(rule)]
        for service in _SSM:
            ways = [each for each in backend.vpc_end_points.values() if each.service_name.endswith(f".{service}")]
            interfaces = [one for each in ways for one in each.network_interface_ids if one in backend.enis]
            addresses = [backend.enis[one].private_ip_address for one in interfaces]  # moto knows deleted endpoints too
            if not any(ip_address(each) in network for each in addresses for network in networks):
                return False
        return True


def _lets_https(rule: Any) -> bool:
    if rule.ip_protocol != "tcp" or "CidrIp" not in rule.ip_range:
        return False
    return int(rule.from_port) <= _HTTPS <= int(rule.to_port)


def make_endpoints(control: Control, region: str) -> None:
    """In the default VPC, one interface in its first subnet for each service."""
    subnet = min(
        control.ask("ec2", "DescribeSubnets", region)["Subnets"], key=lambda each: str(each["AvailabilityZone"])
    )
    for service in _SSM:
        control.ask(
            "ec2",
            "CreateVpcEndpoint",
            region,
            VpcId=subnet["VpcId"],
            SubnetIds=[subnet["SubnetId"]],
            ServiceName=f"com.amazonaws.{region}.{service}",
            VpcEndpointType="Interface",
            PrivateDnsEnabled=True,
        )
