"""The facts of the living server, measured again and held against a recovery point. Changes nothing, and proves nothing
of the backup: only a machine that was restored from it does."""

from collections.abc import Callable
from typing import Any

from workflows.aws import Aws
from workflows.engine.runbook import Wait, step
from workflows.errors import RecordGone, ServerDiffers
from workflows.facts.evidence import Evidence
from workflows.facts.script import compare_script
from workflows.points import Point
from workflows.steps.evidence import compared, told_comparison
from workflows.steps.source import check_agent, known
from workflows.words import safe


@step("Inspect the server")
def inspect_server(home: Aws, server: str, instance_id: str) -> None:
    """Refuses, with the reason, what could not be measured."""
    check_agent(home, known(home, server, instance_id).id)


@step("Compare the facts", gives="evidence", effect=True, tell=told_comparison)
def compare_in_place(
    home: Aws, instance_id: str, run_key: str, point: Point, retries: int, intended: float, kept: dict[str, Any],
    hold: Callable[[], float],
) -> Evidence | Wait:  # fmt: skip
    """By the record that the point's own run left on the server, whatever newer ones lie beside it: the tag of the AMI
    says which record that is. No image seals what is compared: the server has gone on living. Raises RecordGone."""
    windows = home.instances.get(instance_id).windows
    script = compare_script(point.run_key, point.facts, windows=windows)
    evidence = compared(home, instance_id, script, point, run_key, retries, intended, kept, hold)
    if isinstance(evidence, Wait) or not evidence.trouble:
        return evidence
    server = safe(point.server)
    raise RecordGone(
        f"{safe(evidence.trouble)} So `{instance_id}` was not compared. That says nothing about the backup: "
        f"`{point.image_id}` has a record of its own.",
        "A server keeps the records of its ten newest backups and drills. "
        f"`/dr points {server}` lists newer points for `--against`; `/dr backup {server}` makes a new one.",
    )


@step("Verdict", gives="not_proven", tell=lambda told: told)
def verdict_of_server(instance_id: str, point: Point, evidence: Evidence) -> str:
    """Gives what it is no proof of, in a sentence. Raises ServerDiffers."""
    server = safe(point.server)
    stays = f"The backup itself was not tested: `{point.image_id}` stays {point.proof}"
    if evidence.verdict != "same":
        raise ServerDiffers(
            f"{safe(evidence.sentence())} That is `{instance_id}` as it is now. {stays}.",
            f"If that is damage, `/dr restore {point.image_id} --beside` launches a copy of how it was. "
            f"If it was meant, `/dr backup {server}` records it.",
        )
    return f"{stays}; `/dr drill {server}` tests it."
