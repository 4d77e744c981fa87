"""The new instance: launched from the recovery point with the source's settings, up, and answering."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from workflows.aws import Aws
from workflows.aws.instances import DOWN, GONE
from workflows.aws.targets import NOWHERE, Registered
from workflows.engine.runbook import Back, Done, Wait, step
from workflows.errors import AwsRefused, NoCapacity, NotFound, NotVisibleYet, ReplacementFailed, UserError
from workflows.points import Point, launch_settings
from workflows.steps.by_hand import commands
from workflows.steps.image import check_restorable, told_whole
from workflows.steps.isolation import DrillRules, Isolation
from workflows.steps.launching import Wanted, as_it_was, launch, launch_of_copy, ways_of, ways_of_copy
from workflows.steps.settings import NOTHING, Prints, check_settings
from workflows.steps.source import Source
from workflows.ways import PATIENCE, Others, Search, Way, keep, of_death, says_something, search_of
from workflows.words import count, safe

RUNNING_PATIENCE = 1800.0
CHECKS_PATIENCE = 3600.0
AGENT_PATIENCE = 3600.0


@step(
    "Verify the recovery point",
    gives="point",
    tell=told_whole,
)
def find_point(home: Aws, image_id: str, server: str, beside: bool) -> Point:
    """The recovery point that was asked for, looked at again; and nothing alive that it would stand beside unasked."""
    alive = [] if beside else [each for each in home.instances.all() if each.server == server and not each.gone]
    if alive:
        raise still_alive(server, alive[0].id)
    return check_restorable(home, image_id)


def still_alive(server: str, instance_id: str) -> UserError:
    """A restore would make a second server of that name."""
    return UserError(
        f"*{safe(server)}* is alive (`{instance_id}`): a restore would make a second server of that name.",
        f"`/dr restore {safe(server)} --beside` launches a copy under another name; "
        f"`/dr drill {safe(server)} --live` rehearses the loss.",
        about="beside",
    )


@step("Check that it can be lost and launched again", gives="registered")
def rehearse_calls(
    home: Aws, run_id: str, run_key: str, server: str, point: Point, instance_id: str, settings: Prints = NOTHING
) -> Registered:  # fmt: skip
    """By DryRun: AWS checks permissions and settings of both calls, before anybody is asked. Gives the target
    groups that the server is in."""
    instance = home.instances.get(instance_id)
    check_settings(home, instance, settings)
    home.instances.check_terminable(instance_id)
    check_launchable(home, run_key, run_id, server, point)
    return home.targets.of(instance)


def check_launchable(home: Aws, run_key: str, run_id: str, server: str, point: Point) -> None:
    """Whether AWS would launch the replacement of a lost server, by DryRun. Raises what AWS would answer."""
    home.instances.check_launchable(as_it_was(home, Wanted(run_key, run_id, server, point)))


@step("Launch the replacement", gives="replacement_id", effect=True)
def launch_replacement(
    home: Aws, run_id: str, run_key: str, server: str, point: Point, beside: bool, subnet: str, instance_type: str,
    retries: int, kept: dict[str, Any], now: float, others: Others, drill_rules: DrillRules,
    isolation: Isolation | None = None, source: Source | None = None, registered: Registered = NOWHERE,
) -> Done | Wait:  # fmt: skip
    """One instance from the point's image; with `isolation` a copy, kept apart. What this run has launched already is
    adopted; another living server of the name is not stood beside unasked.

    What AWS refuses outright it has not made. So the next choice is a new intent, in the record before it is called,
    and has a token of its own: the run's, and how often a person has retried and AWS has refused. Raises
    ReplacementFailed when no way is left."""
    wanted = Wanted(run_key, run_id, server, point, beside, subnet, instance_type)
    data = home.templates.data(launch_settings(point))
    choices = ways_of_copy(data, isolation, drill_rules, others) if isolation else ways_of(data, wanted, others)
    search = search_of(kept)

    def found(made: str, way: Way) -> Done:
        by_hand = [] if isolation else commands(point, data, made, home.region, source, registered)
        return _found(made, way, search, choices[0], by_hand)

    for mine in home.copies.of(run_key) if isolation else home.instances.made_by(run_key):
        if not mine.gone:
            return found(mine.id, replace(choices[0], subnet=mine.subnet_id, type=mine.type))
    alive = [] if beside else [each for each in home.instances.all() if each.server == server and not each.gone]
    if alive:
        raise still_alive(server, alive[0].id)
    way = search.next or choices[0]
    if died := kept.get("died"):
        return _another(search.after(way, died, kept["words"], choices, now), search, wanted, choices, now)
    how = launch_of_copy(home, wanted, isolation, data, way) if isolation else launch(home, wanted, data, way)
    try:
        made = home.instances.ensure_launched(replace(how, token=f"{run_key}-launch-{retries}-{search.tries}"))
    except (NoCapacity, AwsRefused) as refused:
        code = refused.aws_code if isinstance(refused, NoCapacity) else refused.code
        if not says_something(code):
            raise
        return _another(search.after(way, code, refused.message, choices, now), search, wanted, choices, now)
    return found(made, way)


def _found(made: str, way: Way, search: Search, own: Way, by_hand: list[str]) -> Done:
    """The first line stands in the card, what was refused before it and what it lacks in the thread."""
    detail = f"`{made}`"
    if search.refused:
        tries = count(search.tries, "refusal")
        detail = "\n".join((f"{detail}, {way.said(own.key)}, after {tries}", *search.told(own.key)))
    detail = "\n".join((detail, *by_hand))
    return Done(made, detail, also={"search": keep(search)["search"], "by_hand": by_hand})


def _another(now_at: Search, before: Search, wanted: Wanted, choices: Sequence[Way], now: float) -> Wait:
    """At once, unless every way was refused by now: then those that may have passed are tried again after a pause."""
    own = choices[0].key
    if now_at.over or now_at.next is None:
        raise ReplacementFailed(
            now_at.sentence(own, wanted.server, now),
            "Shall it try them all anew? `/dr retry` does. Or give it other ways first: add subnets "
            "or types to the profile's table `launch` in firedrill.toml, start the worker again, then retry.",
        )
    last = now_at.refused[-1].said(own)
    at_once = now_at.round == before.round
    then = f"now {now_at.next.said(own)}" if at_once else f"every way was tried; soon {now_at.next.said(own)} again"
    return Wait("a machine", f"{last}; {then}", 2 * PATIENCE, keep=keep(now_at), at_once=at_once)


@step("Wait until it runs", gives="running_at")
def wait_until_running(
    home: Aws, replacement_id: str, now: float, stale: float, search: Search | None = None
) -> Wait | Back | float:  # fmt: skip
    """Gives when it was seen running, in seconds since the epoch. Where AWS has ended it at birth, for a reason that
    another choice may mend, the launch is taken again. Raises ReplacementFailed for any other end."""
    try:
        instance = home.instances.get(replacement_id, stale)
    except NotFound as missing:
        raise NotVisibleYet(f"AWS does not show {replacement_id} yet.") from missing
    if instance.state == "running":
        return now
    if instance.state == "pending":
        return Wait(f"{replacement_id} to run", "it is pending", RUNNING_PATIENCE)
    if search and (code := of_death(instance.reason_code)):
        because = f"{replacement_id} is {instance.state}: {safe(instance.reason)}"
        return Back("launch_replacement", because, keep(search, code, safe(instance.reason)))
    raise _down(replacement_id, instance.state, instance.reason)


def check_up(home: Aws, replacement_id: str, stale: float = 0.0) -> None:
    """Raises ReplacementFailed for what does not come up by itself, after it has run."""
    try:
        instance = home.instances.get(replacement_id, stale)
    except NotFound as missing:
        raise _down(replacement_id, "terminated", "AWS does not know it any more") from missing
    if instance.state in DOWN:
        raise _down(replacement_id, instance.state, instance.reason)


def _down(replacement_id: str, state: str, reason: str) -> ReplacementFailed:
    """Nothing comes of waiting for it. A retry takes what stands, and launches another for what has ended."""
    hint = "Often a volume limit, or a KMS key that the role may not use. Mend that; `/dr retry` launches another."
    if state not in GONE:
        hint = "Start it, and `/dr retry` goes on with it; or terminate it, and `/dr retry` launches another."
    text = f"{replacement_id} is `{state}`: {safe(reason) or 'no reason given'}."
    return ReplacementFailed(text, hint, again_from="launch_replacement")


@step("Wait for both status checks")
def wait_for_checks(home: Aws, replacement_id: str, stale: float) -> Wait | None:
    """2/2: AWS's check of the host and of the instance."""
    checks = home.instances.checks(replacement_id, stale)
    if checks.passed:
        return None
    if checks.state in DOWN:
        check_up(home, replacement_id)
    because = f"system check {checks.system}, instance check {checks.instance}"
    return Wait(f"the status checks of {replacement_id}", because, CHECKS_PATIENCE)


@step("Wait for its agent")
def wait_for_agent(home: Aws, replacement_id: str, stale: float) -> Wait | None:
    """Nothing can be measured before the SSM agent has registered."""
    if home.commands.online(replacement_id, stale):
        return None
    check_up(home, replacement_id, stale)
    return Wait(f"the SSM agent of {replacement_id}", "it has not come online yet", AGENT_PATIENCE)
