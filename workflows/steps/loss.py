"""The disaster: the source is terminated. Past the intent recorded here there is no way back, only forward."""

from workflows.aws import Aws
from workflows.engine.approval import Approval
from workflows.engine.runbook import Wait, step
from workflows.errors import AwsRefused, NotFound, NotSafe
from workflows.points import Point
from workflows.steps.approval import still_safe_to_terminate
from workflows.steps.source import Source
from workflows.words import count, safe

#: Seconds. A check older than that is made again before anything is destroyed (a worker may have died in between).
FRESH = 60.0
GONE_PATIENCE = 1800.0


@step("Terminate the source", gives="lost_at", no_return=True, tell=lambda _: "the disaster")
def terminate_source(
    home: Aws, server: str, source: Source, point: Point, approval_terminate: Approval, intended: float, now: float
) -> float:
    """Terminate the one approved instance. Gives when, in seconds since the epoch.

    Looks first: if it is going or gone already, an earlier try of this step did it and its answer was lost.
    """
    try:
        if home.instances.get(source.instance_id).gone:
            return intended
    except NotFound:
        return intended
    if now >= approval_terminate.until:
        raise NotSafe(
            "The approval expired before the termination was carried out.",
            "Nothing was terminated. `/dr retry` asks again.",
            again_from="approve_terminate",
        )
    if now - approval_terminate.checked_at > FRESH:
        still_safe_to_terminate(home, server, source, point)
    try:
        home.instances.ensure_terminated(source.instance_id)
    except AwsRefused as refused:
        raise NotSafe(
            f"{refused.text} Nothing was terminated.", refused.hint, again_from="approve_terminate"
        ) from refused
    return now


@step("Wait until it is gone")
def wait_until_gone(home: Aws, source: Source) -> Wait | None:
    """Its disks and addresses are free only then."""
    try:
        instance = home.instances.get(source.instance_id)
    except NotFound:
        return None
    if instance.state == "terminated":
        return None
    return Wait(f"the end of {source.instance_id}", f"it is {instance.state}", GONE_PATIENCE)


def _told(left: list[str]) -> str:
    return count(len(left), "thing") + " left behind" if left else "nothing left behind"


@step("Note what is left behind", gives="left_behind", tell=_told)
def note_leftovers(home: Aws, source: Source) -> list[str]:
    """Volumes that outlived the instance, and addresses that point nowhere now: both still cost money."""
    volumes = home.images.volumes(disk.volume_id for disk in source.disks)
    found = [
        f"volume `{disk.volume_id}` ({disk.device}, {disk.size} GiB), {volumes[disk.volume_id].state}"
        for disk in source.disks
        if disk.volume_id in volumes
    ]
    return found + [f"address {safe(each.public_ip)} (`{each.allocation_id}`)" for each in source.addresses]
