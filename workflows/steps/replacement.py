"""The new instance: launched from the recovery point with the source's settings, up, and answering."""

from dataclasses import replace
from typing import Any

from workflows.aws import Aws, tags
from workflows.aws.instances import Launch
from workflows.engine.runbook import Wait, step
from workflows.errors import NotFound, NotVisibleYet, ReplacementFailed, UserError
from workflows.points import Point, launch_settings
from workflows.steps.image import check_restorable
from workflows.steps.isolation import Isolation, copy_launch
from workflows.words import safe, when

RUNNING_PATIENCE = 1800.0
CHECKS_PATIENCE = 3600.0
AGENT_PATIENCE = 3600.0
#: AWS's limit for one resource, its own `aws:` tags not counted.
MOST_TAGS = 50


@step(
    "Verify the recovery point",
    gives="point",
    tell=lambda point: f"`{point.image_id}`, asked for {when(point.requested)}, is whole",
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
    )


@step("Check that it can be lost and launched again")
def rehearse_calls(home: Aws, run_id: str, run_key: str, server: str, point: Point, instance_id: str) -> None:
    """By DryRun: AWS checks permissions and settings of both calls, before anybody is asked."""
    home.instances.check_terminable(instance_id)
    check_launchable(home, run_key, run_id, server, point)


def check_launchable(home: Aws, run_key: str, run_id: str, server: str, point: Point) -> None:
    """Whether AWS would launch the replacement of a lost server, by DryRun. Raises what AWS would answer."""
    home.instances.check_launchable(_launch(home, run_key, run_id, server, point))


@step("Launch the replacement", gives="replacement_id", effect=True, tell=lambda made: f"`{made}`")
def launch_replacement(
    home: Aws, run_id: str, run_key: str, server: str, point: Point, beside: bool, subnet: str, instance_type: str,
    retries: int, kept: dict[str, Any], isolation: Isolation | None = None,
) -> str:  # fmt: skip
    """One instance from the point's image; with `isolation` a copy, kept apart. What this run has launched already is
    adopted; another living server of the name is not stood beside unasked. The token is derived from the run, and from
    how often a person has retried or AWS has refused outright: either made the next try a new intent."""
    for mine in home.copies.of(run_key) if isolation else home.instances.made_by(run_key):
        if not mine.gone:
            return mine.id
    alive = [] if beside else [each for each in home.instances.all() if each.server == server and not each.gone]
    if alive:
        raise still_alive(server, alive[0].id)
    if isolation:
        launch = copy_launch(home, run_key, run_id, server, point, isolation)
    else:
        launch = _launch(home, run_key, run_id, server, point, beside, subnet, instance_type)
    token = f"{run_key}-launch-{retries}-{kept.get('refusals', 0)}"
    return home.instances.ensure_launched(replace(launch, token=token))


def _launch(
    home: Aws, run_key: str, run_id: str, server: str, point: Point, beside: bool = False, subnet: str = "",
    instance_type: str = "",
) -> Launch:  # fmt: skip
    settings = launch_settings(point)
    data = home.templates.data(settings)
    interfaces = [{**each, **({"SubnetId": subnet} if subnet else {})} for each in data.get("NetworkInterfaces", [])]
    if subnet and not interfaces:
        raise ReplacementFailed(
            "The launch settings name no network interface to place elsewhere.", "Leave --subnet out."
        )
    marks = _marks(data, server, run_id, run_key, home.installation, beside)
    if len(marks) > MOST_TAGS:
        raise ReplacementFailed(
            f"*{safe(server)}* has so many tags that its replacement would have {len(marks)}; AWS allows {MOST_TAGS}.",
            "Remove some of its tags, then start anew.",
        )
    return Launch(
        image_id=point.image_id,
        template_id=settings.template_id,
        template_version=settings.version,
        tags=marks,
        instance_type=instance_type,
        interfaces=tuple(interfaces) if subnet else (),
    )


def _marks(
    data: dict[str, Any], server: str, run_id: str, run_key: str, installation: str, beside: bool
) -> dict[str, str]:
    """The source's own tags; a copy beside the living server is another server, and says so."""
    own = [each for each in data.get("TagSpecifications", []) if each["ResourceType"] == "instance"]
    marks = tags.of(own[0]) if own else {}
    name = f"{server[:230]} (copy {run_id})" if beside else server
    named = {"Name": name} if beside or "Name" not in marks else {}
    return {**marks, **named, tags.SERVER: name, tags.RUN: run_key, tags.INSTALLATION: installation}


@step("Wait until it runs", gives="running_at")
def wait_until_running(home: Aws, replacement_id: str, now: float) -> Wait | float:
    """Gives when it was seen running, in seconds since the epoch. Raises ReplacementFailed if it died at birth."""
    try:
        instance = home.instances.get(replacement_id)
    except NotFound as missing:
        raise NotVisibleYet(f"AWS does not show {replacement_id} yet.") from missing
    if instance.state == "running":
        return now
    if instance.state == "pending":
        return Wait(f"{replacement_id} to run", "it is pending", RUNNING_PATIENCE)
    raise ReplacementFailed(
        f"{replacement_id} is `{instance.state}`: {safe(instance.reason) or 'no reason given'}.",
        "Often a volume limit, or a KMS key that the role may not use. Mend that; `/dr retry` launches another.",
        again_from="launch_replacement",
    )


@step("Wait for both status checks")
def wait_for_checks(home: Aws, replacement_id: str) -> Wait | None:
    """2/2: AWS's check of the host and of the instance."""
    checks = home.instances.checks(replacement_id)
    if checks.passed:
        return None
    because = f"system check {checks.system}, instance check {checks.instance}"
    return Wait(f"the status checks of {replacement_id}", because, CHECKS_PATIENCE)


@step("Wait for its agent")
def wait_for_agent(home: Aws, replacement_id: str) -> Wait | None:
    """Nothing can be measured before the SSM agent has registered."""
    if home.commands.online(replacement_id):
        return None
    return Wait(f"the SSM agent of {replacement_id}", "it has not come online yet", AGENT_PATIENCE)
