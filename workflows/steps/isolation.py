"""A drill's copy, kept apart from everything: which point it is made of, the group that it stands in, how it starts."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from workflows.aws import Aws, tags
from workflows.aws.instances import Launch
from workflows.aws.networks import NEEDED, rule_to
from workflows.engine.runbook import step
from workflows.errors import IsolationRefused
from workflows.points import Point, choose, fitting, launch_settings, point_of
from workflows.steps.image import check_restorable, told_whole
from workflows.words import count, safe

_DOCS = "docs/aws.md says how copies are kept apart."


@dataclass(frozen=True)
class DrillRules:
    """`[drill]` of firedrill.toml: the copies' instance profile; the subnet, if not the source's; and the networks to
    whose port 443 a copy may talk, if not the addresses of the VPC's own endpoints for Systems Manager."""

    profile: str = ""
    subnet: str = ""
    reach: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where a copy may stand. `reach` are IPv4 networks, of which it is let to TCP 443 and to nothing else."""

    vpc_id: str
    subnet_id: str
    profile: str
    reach: tuple[str, ...]


@dataclass(frozen=True)
class Isolation:
    """Where a copy stands, and the group that keeps it apart."""

    group_id: str
    subnet_id: str
    profile: str
    reach: tuple[str, ...]


@step(
    "Choose the recovery point",
    gives="point",
    tell=told_whole,
    when=lambda asked: asked["which"] != "fresh",
)
def choose_point(home: Aws, server: str, which: str, run_key: str) -> Point:
    """The newest complete point of the server, the one of that image id, or any: by the run's key, so that a worker who
    takes this step up again chooses the same."""
    points = [point_of(image, home.region) for image in home.images.ours()]
    if which != "random":
        return check_restorable(home, choose(points, server, which).image_id)
    usable = sorted(each.image_id for each in fitting(points, server))
    return check_restorable(home, random.Random(run_key).choice(usable))


@step("Take the server for lost", gives="lost_at", tell=lambda _: "the clock runs; the server itself is not touched")
def take_for_lost(now: float) -> float:
    """When the rehearsed loss was, in seconds since the epoch."""
    return now


def _placed(place: Place) -> str:
    first = f"subnet `{place.subnet_id}`, instance profile `{safe(place.profile)}`"
    return "\n".join((first, *(f"HTTPS to {each}" for each in place.reach)))


@step("Find a place for the copy", gives="place", tell=_placed)
def place_copy(home: Aws, point: Point, drill_rules: DrillRules) -> Place:
    """Makes nothing. Raises IsolationRefused where the copy could be neither measured nor kept apart."""
    if not drill_rules.profile:
        text = "No instance profile for copies is named, and a copy gets none of its source's rights."
        raise IsolationRefused(text, f"Name one in firedrill.toml: `[drill]`, `profile`. {_DOCS}")
    subnet = drill_rules.subnet or _subnet_of(home, point)
    vpc = home.networks.vpc_of(subnet)
    return Place(vpc, subnet, drill_rules.profile, drill_rules.reach or _endpoints(home, vpc))


def _told(found: Isolation) -> str:
    return f"`{found.group_id}`: nothing comes in, and out only HTTPS to {count(len(found.reach), 'network')}"


@step("Keep the copy apart", gives="isolation", effect=True, tell=_told)
def isolate_copy(home: Aws, run_key: str, server: str, place: Place, hold: Callable[[], float]) -> Isolation:
    """A security group of this run's own."""
    marks = {tags.INSTALLATION: home.installation, tags.RUN: run_key, tags.COPY_OF: server}
    group = home.networks.ensure_group(place.vpc_id, marks, place.reach, hold)
    return Isolation(group.id, place.subnet_id, place.profile, place.reach)


def _subnet_of(home: Aws, point: Point) -> str:
    data = home.templates.data(launch_settings(point))
    first: dict[str, Any] = next(iter(data.get("NetworkInterfaces", [])), {})
    subnet = str(first.get("SubnetId", ""))
    if not subnet:
        raise IsolationRefused(
            f"The launch settings of `{point.image_id}` name no subnet.", "Name one: `[drill]`, `subnet`."
        )
    return subnet


def _endpoints(home: Aws, vpc_id: str) -> tuple[str, ...]:
    """The addresses at which the VPC has Systems Manager. Raises IsolationRefused."""
    ways = home.networks.ways_to_ssm(vpc_id)
    missing = [service for service in NEEDED if service not in ways]
    if missing:
        names = " and ".join(f"`{each}`" for each in missing)
        raise IsolationRefused(
            f"`{vpc_id}` has no interface endpoint with a private name for {names}, so a copy that may talk to nothing "
            "else could not be measured.",
            f"Make them, or say under `[drill]`, `reach`, where copies find Systems Manager. {_DOCS}",
        )
    return tuple(str(ip_network(each)) for found in ways.values() for each in found)


def copy_launch(
    home: Aws, run_key: str, run_id: str, server: str, point: Point, isolation: Isolation
) -> Launch:  # fmt: skip
    """How the copy is launched. Its tags are its own: nothing that looks for the source by its tags finds it."""
    settings = launch_settings(point)
    name = f"{server[:230]} (copy {run_id})"
    return Launch(
        image_id=point.image_id,
        template_id=settings.template_id,
        template_version=settings.version,
        tags={
            "Name": name,
            tags.SERVER: name,
            tags.RUN: run_key,
            tags.INSTALLATION: home.installation,
            tags.COPY_OF: server,
        },
        settings=home.copies.settings(
            home.templates.data(settings), isolation.profile, isolation.subnet_id, isolation.group_id
        ),
    )


@step("Check that it is alone", tell=lambda _: "no way in, no public address, its own group only")
def check_alone(home: Aws, run_key: str, replacement_id: str, isolation: Isolation) -> None:
    """As AWS shows it now, not as it was asked for."""
    copy, group = home.instances.get(replacement_id), home.networks.group(run_key)
    doubts: list[str] = []
    if copy.public_ip:
        doubts.append(f"it has the public address {safe(copy.public_ip)}")
    if copy.groups != {isolation.group_id} or len(copy.interfaces) != 1:
        doubts.append(f"it has {len(copy.interfaces)} interfaces, in {', '.join(sorted(copy.groups)) or 'no group'}")
    if copy.profile and not copy.profile.endswith(f"/{isolation.profile}"):
        doubts.append(f"its instance profile is {safe(copy.profile)}")
    if group is None or group.ingress or group.egress != frozenset(map(rule_to, isolation.reach)):
        doubts.append(f"the rules of `{isolation.group_id}` are not those that it was given")
    if doubts:
        raise IsolationRefused(
            f"The copy `{replacement_id}` is not kept apart: {'; '.join(doubts)}.", "Nothing on it was measured."
        )
