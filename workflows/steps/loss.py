"""The disaster: the source is terminated. Past the intent recorded here there is no way back, only forward."""

from collections.abc import Callable

from workflows.aws import Aws
from workflows.engine.approval import Approval
from workflows.engine.run import Actor
from workflows.engine.runbook import Wait, step
from workflows.errors import AwsRefused, NotFound, NotSafe, NotVisibleYet, TooLate
from workflows.points import Point
from workflows.policy import Directory, Terms
from workflows.steps.approval import still_approved_and_safe
from workflows.steps.in_time import FRESH, in_time
from workflows.steps.settings import NOTHING, Prints
from workflows.steps.source import Source
from workflows.words import count, safe

#: Seconds after which AWS's describes, and any earlier try's call, can be taken for settled.
SETTLED = 120.0
GONE_PATIENCE = 1800.0


@step("Terminate the source", gives="lost_at", no_return=True, tell=lambda _: "the disaster")
def terminate_source(
    home: Aws, run_key: str, run_id: str, server: str, source: Source, point: Point, approval_terminate: Approval,
    asked_by: Actor, terms: Terms, directory: Directory, intended: float, hold: Callable[[], float],
    settings: Prints = NOTHING,
) -> float | Wait:  # fmt: skip
    """Terminate the one approved instance. Gives when, in seconds since the epoch.

    Looks first: if it is going or gone already, an earlier try of this step did it and its answer was lost. `hold` is
    called last: whoever lost the run to another worker, or took too long, terminates nothing.
    """
    if is_gone(home, source.instance_id, since=intended, now=hold()):
        return intended
    held = in_time(hold, approval_terminate)
    try:
        if held() - approval_terminate.checked_at > FRESH:
            still_approved_and_safe(
                home, run_key, run_id, server, source, point, approval_terminate.answers, asked_by, terms, directory,
                settings,
            )  # fmt: skip
        return _terminated(home, source, held)
    except TooLate:
        return _too_late(source, approval_terminate, intended, hold())
    except (AwsRefused, NotSafe) as refused:
        text = refused.text if isinstance(refused, NotSafe) else f"{refused.text} Nothing was terminated."
        raise NotSafe(text, refused.hint, again_from="approve_terminate") from refused


def _terminated(home: Aws, source: Source, held: Callable[[], float]) -> float:
    now = held()
    home.instances.ensure_terminated(source.instance_id, held)
    return now


def _too_late(source: Source, approval: Approval, intended: float, now: float) -> Wait:
    """An earlier try may still be on its way, and may have left at the approval's very end: only when that is settled
    can it be said that nothing was done."""
    if intended < approval.until and now < approval.until + SETTLED:
        because = "the approval has expired; making sure that nothing was terminated"
        return Wait(source.instance_id, because, approval.until - intended + 10 * SETTLED)
    raise NotSafe(
        "The approval expired before the termination was carried out.",
        "Nothing was terminated. `/dr retry` asks again.",
        again_from="approve_terminate",
    )


def is_gone(home: Aws, instance_id: str, since: float, now: float) -> bool:
    """Whether it is terminated or about to be. AWS shows a terminated instance for about an hour; one that it does
    not show at all may be a describe that lags. Raises NotVisibleYet."""
    try:
        return home.instances.get(instance_id).gone
    except NotFound as missing:
        if now - since < SETTLED:
            raise NotVisibleYet(f"AWS does not show {instance_id} at the moment.") from missing
        return True


@step("Wait until it is gone")
def wait_until_gone(home: Aws, source: Source, lost_at: float, now: float, stale: float) -> Wait | None:
    """Its disks and addresses are free only then."""
    try:
        instance = home.instances.get(source.instance_id, stale)
    except NotFound:
        is_gone(home, source.instance_id, since=lost_at, now=now)
        return None
    if instance.state == "terminated":
        return None
    return Wait(f"the end of {source.instance_id}", f"it is {instance.state}", GONE_PATIENCE)


def _told(left: list[str]) -> str:
    return count(len(left), "thing") + " left behind" if left else "nothing left behind"


@step("Note what is left behind", gives="left_behind", tell=_told)
def note_leftovers(home: Aws, source: Source) -> list[str]:
    """Volumes and interfaces that outlived the instance, and addresses that point nowhere now."""
    volumes = home.images.volumes(disk.volume_id for disk in source.disks)
    found = [
        f"volume `{disk.volume_id}` ({disk.device}, {disk.size} GiB), {volumes[disk.volume_id].state}"
        for disk in source.disks
        if disk.volume_id in volumes
    ]
    interfaces = home.networks.interfaces(each.id for each in source.interfaces)
    found += [
        f"network interface `{each.id}` ({safe(', '.join(each.held)) or 'no address'}), {interfaces[each.id]}"
        for each in source.interfaces
        if each.keeps and each.id in interfaces
    ]
    return found + [f"address {safe(each.public_ip)} (`{each.allocation_id}`)" for each in source.addresses]
