"""The source: the instance that is backed up, and in a live drill lost. What it is, and whether that may be done."""

from dataclasses import dataclass, field

from workflows.aws import Aws
from workflows.aws.instances import Address, Instance
from workflows.aws.interfaces import Interface
from workflows.aws.tags import alone, common
from workflows.engine.runbook import step
from workflows.errors import NotFound, SourceRefused
from workflows.facts.profile import Profile, misfit
from workflows.words import count, safe


@dataclass(frozen=True)
class SourceDisk:
    """One volume of the source. `size` in GiB; `keeps` says that it outlives the instance; `kind` is gp3, io2 …; `tags`
    are those that not each of its volumes has alike, and that no launch can give to one alone."""

    device: str
    volume_id: str
    size: int
    encrypted: bool
    keeps: bool
    kind: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """The source as it was inspected. `launched` in seconds since the epoch. `addresses` are Elastic IPs, which outlive
    it; `lost_ips` are those that AWS takes back with it and gives the next instance others for, `gone_ips` those for
    which it gives none."""

    instance_id: str
    name: str
    type: str
    launched: float
    disks: tuple[SourceDisk, ...]
    addresses: tuple[Address, ...]
    lost_ips: tuple[str, ...] = ()
    gone_ips: tuple[str, ...] = ()
    interfaces: tuple[Interface, ...] = ()


def _told(source: Source) -> str:
    total = sum(disk.size for disk in source.disks)
    first = f"`{source.instance_id}` ({source.type}), {count(len(source.disks), 'volume')}, {total} GiB"
    disks = [
        f"`{disk.volume_id}` {disk.device}, {disk.size} GiB, {'encrypted' if disk.encrypted else 'not encrypted'}, "
        f"{'outlives' if disk.keeps else 'goes with'} the instance"
        for disk in source.disks
    ]
    forwards = [
        f"interface `{each.id}` forwards: its source/destination check is off, and no launch can turn it off again"
        for each in source.interfaces
        if each.forwards
    ]
    return "\n".join((first, *disks, *(f"address {each.public_ip}" for each in source.addresses), *forwards))


@step("Inspect the source", gives="source", tell=_told)
def inspect_source(
    home: Aws, server: str, instance_id: str, accept_loss: bool, reboot: bool, profile: Profile
) -> Source:
    """Refuses, with the reason, what a backup would not hold whole or could not be measured."""
    instance = known(home, server, instance_id)
    check_platform(instance, profile)
    if reboot and (group := home.instances.auto_scaling_group(instance_id)):
        raise SourceRefused(
            f"`{instance_id}` is in the Auto Scaling group `{safe(group)}`, which may replace it while it reboots.",
            "Ask for the backup with `--no-reboot`.",
        )
    return measured(home, instance, accept_loss)


@step("Inspect the source", gives="source", tell=_told)
def inspect_source_to_lose(home: Aws, server: str, instance_id: str, accept_loss: bool, profile: Profile) -> Source:
    """As inspect_source; and refuses what must not, or cannot, be terminated and launched again as it was."""
    instance = known(home, server, instance_id)
    check_platform(instance, profile)
    if group := home.instances.auto_scaling_group(instance_id):
        raise SourceRefused(
            f"`{instance_id}` is in the Auto Scaling group `{safe(group)}`, which would replace it by itself.",
            "A live drill needs a server that nothing else brings back. Detach it from the group first.",
        )
    if instance.spot:
        raise SourceRefused(
            f"`{instance_id}` is a Spot instance: it could not be launched again as it was.",
            "Drill a server that runs On-Demand.",
        )
    if home.instances.protected(instance_id):
        raise SourceRefused(
            f"Termination protection is on for `{instance_id}`.",
            "If this server may be lost, turn the protection off, then `/dr retry`.",
        )
    return measured(home, instance, accept_loss)


def known(home: Aws, server: str, instance_id: str) -> Instance:
    """The instance, if it is still the server that was asked for, and runs. Raises SourceRefused."""
    try:
        instance = home.instances.get(instance_id)
    except NotFound:
        raise SourceRefused(f"`{instance_id}` is gone from {home.region}.", f"`/dr restore {safe(server)}`") from None
    if instance.server != server:
        raise SourceRefused(
            f"`{instance_id}` is not *{safe(server)}* any more: it is *{safe(instance.server)}* by now.",
            f"Ask again with *{safe(instance.server)}* if that is the one you mean.",
        )
    if instance.state != "running":
        raise SourceRefused(
            f"*{safe(server)}* (`{instance_id}`) is `{instance.state}`: its facts can be measured only while it runs.",
            "Start it, wait until it is running, then `/dr retry`.",
        )
    return instance


def check_platform(instance: Instance, profile: Profile) -> None:
    """Raises SourceRefused for a profile that could measure nothing there."""
    if instance.windows != profile.windows:
        raise SourceRefused(*misfit(instance.server, profile.name, windows=instance.windows))


def check_agent(home: Aws, instance_id: str) -> None:
    """Raises SourceRefused."""
    if not home.commands.online(instance_id):
        raise SourceRefused(
            f"The SSM agent of `{instance_id}` is not online, so nothing on it can be measured.",
            "It needs the agent, an instance profile with AmazonSSMManagedInstanceCore, and a way to SSM's endpoints.",
        )


def measured(home: Aws, instance: Instance, accept_loss: bool) -> Source:
    """Disks, agent and addresses. Raises SourceRefused."""
    loose = [disk for disk in instance.disks if disk.attachment != "attached"]
    if loose:
        names = ", ".join(f"`{disk.volume_id}` at {disk.device} is {disk.attachment}" for disk in loose)
        raise SourceRefused(f"The image would leave volumes out: {names}.", "Wait until it is attached or detach it.")
    if not accept_loss and home.instances.has_instance_store(instance.type):
        raise SourceRefused(
            f"`{instance.id}` ({instance.type}) has instance-store disks, and no AMI ever holds what is on them.",
            "If nothing on them must survive, ask again with `--accept-loss`.",
        )
    check_agent(home, instance.id)
    disks = _disks(home, instance)
    addresses = tuple(home.instances.addresses(instance.id))
    ours = {each.public_ip for each in addresses}
    lent = [instance.public_ip] if instance.public_ip and instance.public_ip not in ours else []
    given_none = {each for one in instance.interfaces for each in one.never_again}
    given_none |= set(lent) if len(instance.interfaces) > 1 else set()  # AWS lends none to more than one interface
    lost = (*lent, *instance.own_ips)
    return Source(
        instance.id, instance.name, instance.type, instance.launched, disks, addresses,
        lost_ips=tuple(each for each in lost if each not in given_none),
        gone_ips=tuple(each for each in lost if each in given_none),
        interfaces=instance.interfaces,
    )  # fmt: skip


def _disks(home: Aws, instance: Instance) -> tuple[SourceDisk, ...]:
    """Raises SourceRefused."""
    volumes = home.images.volumes(disk.volume_id for disk in instance.disks)
    shared = common(each.tags for each in volumes.values())
    disks = tuple(
        SourceDisk(
            each.device,
            each.volume_id,
            volumes[each.volume_id].size,
            volumes[each.volume_id].encrypted,
            each.keeps,
            volumes[each.volume_id].kind,
            alone(volumes[each.volume_id].tags, shared),
        )
        for each in instance.disks
        if each.volume_id in volumes
    )
    if len(disks) != len(instance.disks):
        raise SourceRefused(f"A volume of `{instance.id}` was detached while it was looked at.", "`/dr retry`")
    return disks
