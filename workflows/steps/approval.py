"""What a person is asked before a server is terminated, and the look at the world at the click."""

from workflows.aws import Aws, tags
from workflows.aws.instances import Instance
from workflows.aws.targets import NOWHERE, Registered
from workflows.engine.run import Actor, Answer, LastTime
from workflows.engine.runbook import Ask
from workflows.errors import NotAllowed, NotFound, NotSafe, RunFailed
from workflows.facts.evidence import Recorded
from workflows.points import Point
from workflows.policy import Directory, Terms, check_may_decide
from workflows.steps.by_hand import ahead
from workflows.steps.image import check_whole
from workflows.steps.replacement import check_launchable
from workflows.steps.settings import NOTHING, Prints, check_settings
from workflows.steps.source import Source
from workflows.words import count, cut, duration, safe, size, when

_STOPPED = "Nothing was terminated. Look at it, then start a new drill."


def terminate_question(
    server: str, source: Source, point: Point, facts: Recorded, asked_by: Actor, reason: str, now: float,
    terms: Terms, last_time: LastTime | None, registered: Registered = NOWHERE,
) -> Ask:  # fmt: skip
    """Names what will be destroyed, what becomes of its disks and addresses, the proof that this rests on, and what
    follows."""
    age = duration(now - source.launched)
    snapshots = count(len(source.disks), "completed snapshot")
    left = ahead(source, registered)
    return Ask(
        title=f"Terminate {safe(server)}?",
        verb="Approve termination",
        items=(
            (
                "Instance",
                f"`{source.instance_id}` ({source.type}), *{safe(source.name or server)}*, launched {age} ago "
                f"({when(source.launched)})",
            ),
            ("Its volumes", "\n".join(_fate(source))),
            *((("Its addresses", _addresses(source)),) if _addresses(source) else ()),
            *((("Left to you", "\n".join(left)),) if left else ()),
            (
                "Proof",
                f"`{point.image_id}` is available with {snapshots}, requested {when(point.requested)}, "
                f"{duration(now - point.requested)} before this question",
            ),
            ("Consistency", safe(point.held_still)),
            ("Facts", _measured(facts)),
            ("Then", f"it is launched again from that image, measured again, and compared; {_lasted(last_time)}"),
            ("Asked by", f"<@{asked_by.id}>" + (f": {safe(reason)}" if reason else "")),
        ),
        confirm=(
            f"Terminate {source.instance_id}, {cut(source.name or server, 100)}, {age} old? This cannot be undone. "
            f"It is to be restored from {point.image_id}, which is verified."
        ),
        minutes=terms.minutes,
        needed=terms.approvals,
    )


def _measured(facts: Recorded) -> str:
    checks = f", {count(len(facts.checks), 'check')}" if facts.checks else ""
    return f"{count(facts.files, 'file')}, {size(facts.bytes)}{checks}, and a marker, measured before the backup"


def _fate(source: Source) -> list[str]:
    return [
        f"`{disk.volume_id}` {disk.device}, {disk.size} GiB: {'stays, detached' if disk.keeps else 'is deleted'}"
        for disk in source.disks
    ]


def _addresses(source: Source) -> str:
    stay = [f"`{safe(each.public_ip)}` stays yours, and points nowhere" for each in source.addresses]
    lost = [f"`{safe(each)}` is lost: AWS gives the next instance another" for each in source.lost_ips]
    gone = [f"`{safe(each)}` is lost: the next instance gets none" for each in source.gone_ips]
    kept = [
        f"`{each.id}` ({safe(', '.join(each.held)) or 'no address'}) stays, detached: the next instance gets another"
        for each in source.interfaces
        if each.keeps
    ]
    return "\n".join([*stay, *lost, *gone, *kept])


def _lasted(last_time: LastTime | None) -> str:
    if last_time is None:
        return "how long that takes here is not known yet, as it was never done"
    return f"that took {duration(last_time.seconds)} the last time (`{last_time.run}`)"


def still_approved_and_safe(
    home: Aws, run_key: str, run_id: str, server: str, source: Source, point: Point, answers: tuple[Answer, ...],
    asked_by: Actor, terms: Terms, directory: Directory, settings: Prints = NOTHING,
) -> None:  # fmt: skip
    """The people and the world at the moment of the click. Any doubt raises NotSafe and names it."""
    check_approved(answers, asked_by, terms, directory)
    still_safe_to_terminate(home, run_key, run_id, server, source, point, settings)


def check_approved(answers: tuple[Answer, ...], asked_by: Actor, terms: Terms, directory: Directory) -> None:
    """By the policy as it is now, whatever it was when they clicked. Raises NotSafe."""
    for answer in answers:
        try:
            check_may_decide(terms, answer.by.id, asked_by.id, True, directory)
        except NotAllowed as refused:
            raise NotSafe(f"An approval does not count any more: {refused.why}.", _STOPPED) from refused
    given = len({answer.by.id for answer in answers})
    if given < terms.approvals:
        raise NotSafe(
            f"The policy now wants {count(terms.approvals, 'approval')}, and only {given} came.",
            f"{_STOPPED} `/dr retry` asks again.",
        )


def still_safe_to_terminate(
    home: Aws, run_key: str, run_id: str, server: str, source: Source, point: Point, settings: Prints
) -> None:  # fmt: skip
    """The world at the moment of the click. Any doubt raises NotSafe and names it; nothing is destroyed then."""
    try:
        instance = home.instances.get(source.instance_id)
        image = home.images.get(point.image_id)
    except NotFound as missing:
        raise NotSafe(f"At the click {missing.message}.", _STOPPED) from missing
    bearers = [each for each in home.instances.all() if each.server == server and not each.gone]
    if instance.server != server or [each.id for each in bearers] != [instance.id]:
        ids = ", ".join(f"`{each.id}`" for each in bearers) or "nothing"
        text = f"At the click *{safe(server)}* is {ids}, and the approval was for `{source.instance_id}`."
        raise NotSafe(text, _STOPPED)
    _check_as_shown(home, instance, source)
    check_settings(home, instance, settings)
    try:
        check_whole(home, image, source)
        check_launchable(home, run_key, run_id, server, point)
    except RunFailed as doubt:
        raise NotSafe(f"At the click: {doubt.text}", _STOPPED) from doubt
    if image.tags.get(tags.RUN) != point.run_key:
        raise NotSafe(f"{image.id} does not say any more that it was made by this run.", _STOPPED)


def _check_as_shown(home: Aws, instance: Instance, source: Source) -> None:
    """The instance is still what the approver was shown: volumes and their fate, addresses, nothing that guards it or
    would bring it back. Raises NotSafe."""
    shown = {(disk.device, disk.volume_id, disk.keeps) for disk in source.disks}
    there = {(disk.device, disk.volume_id, disk.keeps) for disk in instance.disks}
    if shown != there:
        names = ", ".join(sorted({f"`{volume}` ({device})" for device, volume, _ in shown ^ there}))
        raise NotSafe(f"Its volumes, or what becomes of them, have changed since the backup: {names}.", _STOPPED)
    if set(home.instances.addresses(instance.id)) != set(source.addresses):
        raise NotSafe(f"The addresses of `{instance.id}` have changed since it was inspected.", _STOPPED)
    if home.instances.protected(instance.id):
        raise NotSafe(f"Termination protection was turned on for `{instance.id}`.", _STOPPED)
    if group := home.instances.auto_scaling_group(instance.id):
        raise NotSafe(f"`{instance.id}` has joined the Auto Scaling group `{safe(group)}`.", _STOPPED)
