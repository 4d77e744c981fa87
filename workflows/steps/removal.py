"""The end of a drill's copy: what people are asked, the look at the click, and its removal with all that belongs to it.

The copy's run made every part of it, and workflows/aws removes nothing else."""

from collections.abc import Callable

from workflows.aws import Aws
from workflows.engine.approval import Approval
from workflows.engine.run import Actor, Answer
from workflows.engine.runbook import Ask, Wait, step
from workflows.errors import AwsRefused, FactsDiffer, IsolationRefused, NotSafe, TooLate
from workflows.facts.evidence import Evidence
from workflows.points import Point
from workflows.policy import Directory, Terms
from workflows.steps.approval import check_approved
from workflows.steps.in_time import FRESH, in_time
from workflows.steps.isolation import Isolation
from workflows.words import count, cut, duration, safe

GONE_PATIENCE = 1800.0
#: The deed in the policy's lists.
COPY = "copy"


def removal_waived(terms: Terms) -> bool:
    return COPY in terms.waived


def removal_question(
    home: Aws, run_key: str, run_id: str, server: str, isolation: Isolation, point: Point, asked_by: Actor,
    reason: str, now: float, terms: Terms, evidence: Evidence,
) -> Ask:  # fmt: skip
    """Names what will be removed, and that nothing of the server itself is among it."""
    standing = [each for each in home.copies.of(run_key) if not each.gone]
    copies = [
        f"`{each.id}` ({each.type}), *{safe(each.name)}*, launched {duration(now - each.launched)} ago"
        for each in standing
    ]
    disks = [f"`{disk.volume_id}` {disk.device}: is deleted" for each in standing for disk in each.disks]
    ids = ", ".join(each.id for each in standing) or "what is left of it"
    return Ask(
        title=f"Remove the copy of {safe(server)}?",
        verb="Approve removal",
        items=(
            ("Verdict", safe(evidence.sentence())),
            ("Copy", "\n".join(copies) or "no instance: it is gone already"),
            *((("Its volumes", "\n".join(disks)),) if disks else ()),
            ("Its security group", f"`{isolation.group_id}`: is deleted"),
            ("Not touched", f"*{safe(server)}* itself, and its recovery point `{point.image_id}`"),
            ("Asked by", f"<@{asked_by.id}>" + (f": {safe(reason)}" if reason else "")),
        ),
        confirm=(
            f"Remove {ids}, the copy of {cut(server, 100)} that {run_id} launched? Its disks go with it; the server "
            "itself is not touched."
        ),
        minutes=terms.minutes,
        needed=terms.approvals,
    )


def still_a_copy(
    home: Aws, run_key: str, server: str, answers: tuple[Answer, ...], asked_by: Actor, terms: Terms,
    directory: Directory,
) -> None:  # fmt: skip
    """The people and the world at the moment of the click. Any doubt raises NotSafe and names it."""
    if answers or not removal_waived(terms):
        check_approved(answers, asked_by, terms, directory)
    standing = [each for each in home.copies.of(run_key) if not each.gone]
    taken = [each for each in standing if each.server == server]
    if taken:
        text = f"At the click `{taken[0].id}` is called *{safe(server)}*: somebody has made the copy the server."
        raise NotSafe(text, "Nothing was removed. Give it another tag `firedrill:server`, or leave it.")
    for each in standing:
        if held := home.instances.addresses(each.id):
            text = f"At the click the address {safe(held[0].public_ip)} points to the copy `{each.id}`."
            raise NotSafe(text, "Nothing was removed: somebody may be using it.")


@step("Remove the copy", gives="removed_at", effect=True, tell=lambda _: "the server itself is not touched")
def remove_copy(
    home: Aws, run_key: str, server: str, approval_remove: Approval, asked_by: Actor, terms: Terms,
    directory: Directory, intended: float, hold: Callable[[], float],
) -> float:  # fmt: skip
    """Terminate what this run has launched, and nothing else. Gives when, in seconds since the epoch. `hold` is called
    last: whoever lost the run to another worker, or took too long, removes nothing."""
    standing = [each for each in home.copies.of(run_key) if not each.gone]
    held = in_time(hold, approval_remove)
    try:
        if standing and held() - approval_remove.checked_at > FRESH:
            still_a_copy(home, run_key, server, approval_remove.answers, asked_by, terms, directory)
        for each in standing:
            home.copies.ensure_terminated(each.id, run_key, held)
    except TooLate as late:
        text = "The approval expired before the copy was removed."
        raise NotSafe(text, late.hint, again_from="approve_remove") from late
    except (AwsRefused, IsolationRefused, NotSafe) as refused:
        raise NotSafe(refused.text, refused.hint, again_from="approve_remove") from refused
    return hold() if standing else intended


@step("Wait until nothing is left of it", gives="removed", effect=True, tell=lambda told: told)
def wait_until_removed(
    home: Aws, run_key: str, isolation: Isolation, point: Point, hold: Callable[[], float]
) -> Wait | str:  # fmt: skip
    """The instance, then its volumes, then its group, which AWS holds as long as any interface stands in it. `hold` is
    called last before each: what belongs to a copy that went in time goes with it, whenever that is."""
    copies = home.copies.of(run_key)
    for each in copies:
        if each.state != "terminated":
            return Wait(f"the end of {each.id}", f"it is {each.state}", GONE_PATIENCE)
    left = home.copies.left(run_key, (snapshot for _, snapshot in point.snapshots))
    for volume in left:
        if volume.state == "available":
            home.copies.ensure_volume_deleted(volume, hold)
    if left:
        return Wait("the end of its volumes", f"{count(len(left), 'volume')} left", GONE_PATIENCE)
    if not home.networks.ensure_deleted(isolation.group_id, run_key, hold):
        return Wait(f"the end of {isolation.group_id}", "AWS says that it is in use", GONE_PATIENCE)
    return "its instance, its volumes and its security group are gone"


@step("Verdict")
def verdict_of_copy(point: Point, evidence: Evidence) -> None:
    """As a restore's; of a copy that is gone."""
    if evidence.verdict != "same":
        raise FactsDiffer(
            safe(evidence.sentence()),
            f"Do not trust {point.image_id}: `/dr points {safe(point.server)}` lists the others. The copy was removed. "
            f"`/dr restore {point.image_id} --beside` tries it on a machine that stays.",
        )
