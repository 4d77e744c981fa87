"""Where a drill's copy is launched: subnets, the way to Systems Manager, and security groups that let nothing in."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from workflows.aws import tags
from workflows.aws.calls import Calls, Hold
from workflows.errors import AwsRefused, IsolationRefused, NotFound, NotVisibleYet

#: What the SSM agent talks to; newer agents and Regions do without `ec2messages`.
SSM, NEEDED = ("ssm", "ssmmessages", "ec2messages"), ("ssm", "ssmmessages")
HTTPS = 443
#: States of an address block that a subnet has no more, or never got.
_GOING = ("disassociating", "disassociated", "failing", "failed")


@dataclass(frozen=True)
class Group:
    """A security group. Rules are said as `tcp 443-443 10.0.0.7/32`."""

    id: str
    name: str
    tags: dict[str, str]
    ingress: frozenset[str]
    egress: frozenset[str]


class Networks:
    """The networks of one account and Region. Only groups that carry a run's and this installation's tag are ours."""

    def __init__(self, calls: Calls, installation: str) -> None:
        self._calls = calls
        self._installation = installation

    def has_ipv6(self, subnet_id: str) -> bool:
        """Whether an interface in that subnet can have IPv6 addresses."""
        found = self._calls.pages("ec2", "describe_subnets", "Subnets", Filters=tags.filters(subnet_id=subnet_id))
        blocks = [each for subnet in found for each in subnet.get("Ipv6CidrBlockAssociationSet", [])]
        return any(each.get("Ipv6CidrBlockState", {}).get("State") not in _GOING for each in blocks)

    def vpc_of(self, subnet_id: str) -> str:
        """The VPC that a subnet is in. Raises NotFound."""
        found = list(self._calls.pages("ec2", "describe_subnets", "Subnets", Filters=tags.filters(subnet_id=subnet_id)))
        if not found:
            raise NotFound("DescribeSubnets", "InvalidSubnetID.NotFound", f"there is no subnet {subnet_id}")
        return str(found[0]["VpcId"])

    def ways_to_ssm(self, vpc_id: str) -> dict[str, tuple[str, ...]]:
        """Service (`ssm` …) → addresses of the VPC's interface endpoints for it, where its private name leads there."""
        found = self._calls.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=tags.filters(vpc_id=vpc_id))
        interfaces: dict[str, list[str]] = {}
        for each in found:
            service = str(each["ServiceName"]).rpartition(".")[2]
            usable = each.get("State", "").lower() == "available" and each.get("PrivateDnsEnabled")
            if service in SSM and usable and each.get("VpcEndpointType") == "Interface":
                interfaces.setdefault(service, []).extend(each.get("NetworkInterfaceIds", []))
        addresses = self._addresses(each for ids in interfaces.values() for each in ids)
        ways = {
            service: tuple(sorted(one for each in ids for one in addresses.get(each, ())))
            for service, ids in interfaces.items()
        }
        return {service: found for service, found in ways.items() if found}

    def _addresses(self, ids: Iterable[str]) -> dict[str, list[str]]:
        """Network interface → its private IPv4 addresses."""
        return {
            each["NetworkInterfaceId"]: [one["PrivateIpAddress"] for one in each.get("PrivateIpAddresses", [])]
            for each in self._interfaces(ids)
        }

    def interfaces(self, ids: Iterable[str]) -> dict[str, str]:
        """Network interface → AWS's word for its state. What AWS does not know (any more) is missing from it."""
        return {each["NetworkInterfaceId"]: str(each.get("Status", "")) for each in self._interfaces(ids)}

    def _interfaces(self, ids: Iterable[str]) -> list[dict[str, Any]]:
        wanted = sorted(set(ids))
        if not wanted:
            return []
        filters = tags.filters(network_interface_id=wanted)
        return list(self._calls.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=filters))

    def group(self, run_key: str) -> Group | None:
        """The group that a run has made."""
        found = self._own(run_key)
        return _group(found[0]) if found else None

    def ensure_group(
        self, vpc_id: str, marks: Mapping[str, str], to: Iterable[str], hold: Hold = lambda: None
    ) -> Group:
        """The run's group: no way in, and out only to TCP 443 of `to` (IPv4 networks).

        CreateSecurityGroup has no ClientToken: the group is looked for first, and "duplicate" means that an answer was
        lost. AWS gives a new group a rule that lets everything out: it is taken away before anything stands in the
        group. `hold` is called last before it is made or changed: whoever lost the run to another worker, which may
        have removed the group since, makes none. Raises IsolationRefused for somebody else's group, or one that lets
        something in.
        """
        if self.group(marks[tags.RUN]) is None:
            self._create(vpc_id, group_name(marks[tags.RUN]), marks, hold)
        wanted = frozenset(rule_to(each) for each in to)
        self._seal(self._raw(marks[tags.RUN]), wanted, hold)
        made = _group(self._raw(marks[tags.RUN]))
        if made.ingress:
            text = f"The security group `{made.id}` lets something in: {', '.join(sorted(made.ingress))}."
            raise IsolationRefused(text, "Whoever changed it knows why; take the rule away, then `/dr retry`.")
        if made.egress != wanted:
            raise NotVisibleYet(f"AWS does not show the rules of {made.id} yet.")
        return made

    def ensure_deleted(self, group_id: str, run_key: str, hold: Hold) -> bool:
        """Whether it is gone. False while AWS still holds it for the interface of an instance that is going. Looks at
        it anew, and calls `hold` last; raises IsolationRefused for a group that this run did not make."""
        found = self._described(group_id=group_id)
        if not found:
            return True
        if not self._is_of(_group(found[0]), run_key):
            raise IsolationRefused(f"`{group_id}` was not made by this run; it is left alone.")
        try:
            self._calls("ec2", "delete_security_group", hold=hold, GroupId=group_id)
        except NotFound:
            return True
        except AwsRefused as refused:
            if refused.code == "DependencyViolation":
                return False
            raise
        return True

    def _create(self, vpc_id: str, name: str, marks: Mapping[str, str], hold: Hold) -> None:
        try:
            self._calls(
                "ec2",
                "create_security_group",
                hold=hold,
                GroupName=name,
                Description="Isolates a copy that Firedrill rehearses with",
                VpcId=vpc_id,
                TagSpecifications=[{"ResourceType": "security-group", "Tags": tags.given({**marks, "Name": name})}],
            )
        except AwsRefused as refused:
            if refused.code != "InvalidGroup.Duplicate":
                raise
            others = self._described(group_name=name, vpc_id=vpc_id)
            if others and tags.of(others[0]).get(tags.RUN) != marks[tags.RUN]:
                text = f"`{others[0]['GroupId']}` has the name `{name}`, and this run did not make it."
                raise IsolationRefused(text, "Rename or delete it, then `/dr retry`.") from refused
            raise NotVisibleYet(f"AWS says that the group `{name}` exists, and does not show it yet.") from refused

    def _seal(self, raw: Mapping[str, Any], wanted: frozenset[str], hold: Hold) -> None:
        """Take away what lets out too much, then add what is missing."""
        loose = [each for each in raw.get("IpPermissionsEgress", []) if not _rules(each) <= wanted]
        if loose:
            with suppress(NotFound):
                self._calls(
                    "ec2", "revoke_security_group_egress", hold=hold, GroupId=raw["GroupId"],
                    IpPermissions=[*map(_given, loose)],
                )  # fmt: skip
        kept = [each for each in raw.get("IpPermissionsEgress", []) if each not in loose]
        missing = wanted - frozenset().union(*map(_rules, kept))
        if not missing:
            return
        ranges = [{"CidrIp": each.rpartition(" ")[2]} for each in sorted(missing)]
        rule = {"IpProtocol": "tcp", "FromPort": HTTPS, "ToPort": HTTPS, "IpRanges": ranges}
        try:
            self._calls(
                "ec2", "authorize_security_group_egress", hold=hold, GroupId=raw["GroupId"], IpPermissions=[rule]
            )
        except AwsRefused as refused:
            if refused.code != "InvalidPermission.Duplicate":
                raise

    def _raw(self, run_key: str) -> dict[str, Any]:
        found = self._own(run_key)
        if not found:
            raise NotVisibleYet("AWS does not show the security group yet.")
        return found[0]

    def _own(self, run_key: str) -> list[dict[str, Any]]:
        found = self._described(group_name=group_name(run_key))
        return [each for each in found if self._is_of(_group(each), run_key)]

    def _is_of(self, group: Group, run_key: str) -> bool:
        """Anybody can give a group tags; a name, which no other run's group has, nobody can give it afterwards."""
        marks = (group.tags.get(tags.RUN), group.tags.get(tags.INSTALLATION), group.name)
        return marks == (run_key, self._installation, group_name(run_key)) and bool(group.tags.get(tags.COPY_OF))

    def _described(self, **wanted: str) -> list[dict[str, Any]]:
        return list(
            self._calls.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=tags.filters(**wanted))
        )


def group_name(run_key: str) -> str:
    """Unique, since the run's key is."""
    return f"firedrill {run_key}"


def rule_to(network: str) -> str:
    """HTTPS to a network, as rules are said here."""
    return f"tcp {HTTPS}-{HTTPS} {network}"


def _group(raw: Mapping[str, Any]) -> Group:
    ingress, egress = (
        frozenset().union(*map(_rules, raw.get(name, []))) for name in ("IpPermissions", "IpPermissionsEgress")
    )
    return Group(raw["GroupId"], raw.get("GroupName", ""), tags.of(raw), ingress, egress)


def _rules(raw: Mapping[str, Any]) -> frozenset[str]:
    """One permission as flat rules, a peer each."""
    ports = f"{raw.get('IpProtocol')} {raw.get('FromPort', 'any')}-{raw.get('ToPort', 'any')}"
    peers = [
        str(each[key])
        for name, key in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"), ("PrefixListIds", "PrefixListId"),
                          ("UserIdGroupPairs", "GroupId"))
        for each in raw.get(name, [])
    ]  # fmt: skip
    return frozenset(f"{ports} {peer}" for peer in peers)


def _given(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A permission as requests take it: without its empty lists."""
    return {name: value for name, value in raw.items() if value != []}
