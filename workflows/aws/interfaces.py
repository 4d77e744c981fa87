"""The network interfaces of an instance: what each of them has, and what a launch can ask for in its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Interface:
    """One network interface, at the instance's `index`. `keeps` says that it outlives the instance, `forwards` that its
    source/destination check is off; `addresses` are private and IPv6 ones, `prefixes` the networks that are delegated
    to it, and `never_again` those of them that no launch can ask for."""

    id: str
    index: int
    keeps: bool
    forwards: bool
    addresses: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    never_again: tuple[str, ...] = ()

    @property
    def held(self) -> tuple[str, ...]:
        return (*self.addresses, *self.prefixes)


def interface(raw: Mapping[str, Any]) -> Interface:
    """As DescribeInstances tells it."""
    asked = counts(raw)
    prefixes = [
        (count, str(each[prefix]))
        for name, prefix, count in (
            ("Ipv4Prefixes", "Ipv4Prefix", "Ipv4PrefixCount"), ("Ipv6Prefixes", "Ipv6Prefix", "Ipv6PrefixCount"),
        )
        for each in raw.get(name, [])
    ]  # fmt: skip
    attachment = raw.get("Attachment", {})
    private = [str(each["PrivateIpAddress"]) for each in raw.get("PrivateIpAddresses", [])]
    return Interface(
        id=raw["NetworkInterfaceId"],
        index=int(attachment.get("DeviceIndex", 0)),
        keeps=not attachment.get("DeleteOnTermination", True),
        forwards=not raw.get("SourceDestCheck", True),
        addresses=(*private, *(str(each["Ipv6Address"]) for each in raw.get("Ipv6Addresses", []))),
        prefixes=tuple(prefix for _, prefix in prefixes),
        never_again=tuple(prefix for count, prefix in prefixes if count not in asked),
    )


def counts(raw: Mapping[str, Any]) -> dict[str, int]:
    """How many addresses to ask for besides the first private one, so that a new interface has as many as that one, in
    RunInstances' words. What DescribeInstances and GetLaunchTemplateData list they list under the same names.

    Of one family AWS takes a count of addresses or one of prefixes, and not both:
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkInterface.html
    """
    private, ipv6 = len(raw.get("PrivateIpAddresses", [])) - 1, len(raw.get("Ipv6Addresses", []))
    asked = {
        "SecondaryPrivateIpAddressCount": private,
        "Ipv4PrefixCount": 0 if private > 0 else len(raw.get("Ipv4Prefixes", [])),
        "Ipv6AddressCount": ipv6,
        "Ipv6PrefixCount": 0 if ipv6 else len(raw.get("Ipv6Prefixes", [])),
    }
    return {name: number for name, number in asked.items() if number > 0}
