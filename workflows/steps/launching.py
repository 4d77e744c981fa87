"""How a replacement, or a drill's copy, is launched: as it was, or in another of the ways that its profile allows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from workflows.aws import Aws, tags
from workflows.aws.instances import Launch
from workflows.engine.run import Run
from workflows.errors import ReplacementFailed, UserError
from workflows.facts.profile import Profile
from workflows.points import Point, launch_settings
from workflows.steps.isolation import DrillRules, Isolation, copy_launch
from workflows.ways import NO_OTHERS, Others, Way, ways
from workflows.words import safe

#: AWS's limit for one resource, its own `aws:` tags not counted.
MOST_TAGS = 50


def others_of(run: Run, profile_for: Callable[[str, Mapping[str, str], str], Profile]) -> Others:
    """What the server's profile allows now, whatever it said when the run was asked for: somebody may have added a way
    that is missing. In doubt none."""
    name = str((run.values.get("profile") or {}).get("name", ""))
    try:
        return profile_for(run.target.server, run.tags or {}, name).launch
    except UserError:
        return NO_OTHERS


#: What an interface is launched with where there is no IPv6, if its settings ask for some.
_NO_IPV6: dict[str, Any] = {"Ipv6AddressCount": 0, "Ipv6PrefixCount": 0, "PrimaryIpv6": False}


@dataclass(frozen=True)
class Wanted:
    """What is to be launched. `subnet` and `instance_type` are what a person has said; then nothing else will do."""

    run_key: str
    run_id: str
    server: str
    point: Point
    beside: bool = False
    subnet: str = ""
    instance_type: str = ""


def ways_of(data: Mapping[str, Any], wanted: Wanted, others: Others) -> list[Way]:
    """Of a server with those launch settings; the first is as it was, or as a person has said."""
    interface: dict[str, Any] = next(iter(data.get("NetworkInterfaces", [])), {})
    own = Way(
        wanted.subnet or str(interface.get("SubnetId", "")),
        wanted.instance_type or str(data.get("InstanceType", "")),
        str(data.get("KeyName", "")) or None,
    )
    subnets = () if wanted.subnet else others.subnets
    types = () if wanted.instance_type else others.types
    return ways(own, replace(others, subnets=subnets, types=types))


def ways_of_copy(data: Mapping[str, Any], isolation: Isolation, rules: DrillRules, others: Others) -> list[Way]:
    """A copy has no key pair; and where `[drill]` names the subnet of copies, they stand nowhere else."""
    own = Way(isolation.subnet_id, str(data.get("InstanceType", "")), None)
    return ways(own, replace(others, subnets=() if rules.subnet else others.subnets, keys=()))


def as_it_was(home: Aws, wanted: Wanted) -> Launch:
    """From its launch settings, in the subnet and as the type that a person has said, if any."""
    data = home.templates.data(launch_settings(wanted.point))
    return launch(home, wanted, data, ways_of(data, wanted, NO_OTHERS)[0])


def launch(home: Aws, wanted: Wanted, data: Mapping[str, Any], way: Way) -> Launch:
    """From its launch settings, in that way. Raises ReplacementFailed."""
    settings = launch_settings(wanted.point)
    interfaces = [dict(each) for each in data.get("NetworkInterfaces", [])]
    if wanted.subnet and not interfaces:
        raise ReplacementFailed(
            "The launch settings name no network interface to place elsewhere.", "Leave --subnet out."
        )
    elsewhere = bool(interfaces) and way.subnet != interfaces[0].get("SubnetId", "")
    placed = _placed(home, interfaces, way.subnet) if elsewhere else interfaces
    marks = _checked(wanted, _marks(data, wanted, home.installation))
    of_volumes = _of_kind(data, "volume")
    made = Launch(
        image_id=wanted.point.image_id,
        template_id=settings.template_id,
        template_version=settings.version,
        tags=marks,
        volume_tags=of_volumes | {name: marks[name] for name in (tags.SERVER, tags.RUN, tags.INSTALLATION)}
        if of_volumes
        else None,
    )
    if (way.type, way.key) != (data.get("InstanceType", ""), data.get("KeyName") or None):
        return replace(
            made, settings=home.templates.otherwise({**data, "NetworkInterfaces": placed}, way.type, way.key)
        )
    return replace(made, interfaces=tuple(placed) if elsewhere else ())


def launch_of_copy(home: Aws, wanted: Wanted, isolation: Isolation, data: Mapping[str, Any], way: Way) -> Launch:
    """The drill's copy, in that way; what keeps it apart is the same in each."""
    placed = replace(isolation, subnet_id=way.subnet)
    made = copy_launch(home, wanted.run_key, wanted.run_id, wanted.server, wanted.point, placed)
    if way.type == data.get("InstanceType", "") or made.settings is None:
        return made
    return replace(made, settings=home.templates.otherwise(made.settings, way.type, None))


def _checked(wanted: Wanted, marks: dict[str, str]) -> dict[str, str]:
    if len(marks) > MOST_TAGS:
        raise ReplacementFailed(
            f"*{safe(wanted.server)}* has so many tags that its replacement would have {len(marks)}; AWS allows "
            f"{MOST_TAGS}.",
            "Remove some of its tags, then start anew.",
        )
    return marks


def _marks(data: Mapping[str, Any], wanted: Wanted, installation: str) -> dict[str, str]:
    """The source's own tags; a copy beside the living server is another server, and says so."""
    marks = _of_kind(data, "instance")
    name = f"{wanted.server[:230]} (copy {wanted.run_id})" if wanted.beside else wanted.server
    named = {"Name": name} if wanted.beside or "Name" not in marks else {}
    return {**marks, **named, tags.SERVER: name, tags.RUN: wanted.run_key, tags.INSTALLATION: installation}


def _of_kind(data: Mapping[str, Any], kind: str) -> dict[str, str]:
    """The tags that the launch settings give a kind of thing. Settings of an older version give volumes none."""
    own = [each for each in data.get("TagSpecifications", []) if each["ResourceType"] == kind]
    return tags.of(own[0]) if own else {}


def _placed(home: Aws, interfaces: list[dict[str, Any]], subnet: str) -> list[dict[str, Any]]:
    """AWS refuses who asks for IPv6 where there is none, and what the template asks for is taken back by 0 only."""
    asked = {name for each in interfaces for name in _NO_IPV6 if each.get(name)}
    none = _NO_IPV6 if asked and not home.networks.has_ipv6(subnet) else {}
    return [
        {**each, **{name: value for name, value in none.items() if name in each}, "SubnetId": subnet}
        for each in interfaces
    ]
