"""Restore a recovery point beside the living server, in isolation; compare; remove the copy. The server stays."""

from collections.abc import Mapping
from dataclasses import replace

from workflows.engine.approval import approval
from workflows.engine.run import Json
from workflows.engine.runbook import Runbook, Step
from workflows.steps.evidence import compare_facts, mark_proof, record_facts
from workflows.steps.freeze import freeze_file_systems
from workflows.steps.hydration import see_hydration
from workflows.steps.image import create_image, keep_launch_settings, verify_recovery_point, wait_for_image
from workflows.steps.isolation import check_alone, choose_point, isolate_copy, place_copy, take_for_lost
from workflows.steps.measures import report
from workflows.steps.removal import (
    removal_question,
    removal_waived,
    remove_copy,
    still_a_copy,
    verdict_of_copy,
    wait_until_removed,
)
from workflows.steps.replacement import launch_replacement, wait_for_agent, wait_for_checks, wait_until_running
from workflows.steps.source import inspect_source
from workflows.steps.thaw import thaw_file_systems
from workflows.steps.vss import ask_vss


def _fresh(step: Step) -> Step:
    """Taken only where the drill makes its own recovery point."""

    def wanted(asked: Mapping[str, Json]) -> bool:
        return asked["which"] == "fresh" and (step.when is None or step.when(asked))

    return replace(step, when=wanted)


CLONE_DRILL = Runbook(
    name="clone",
    letter="D",
    title="Clone drill of {server}",
    takes=[
        "which", "instance_id", "profile", "reboot", "accept_loss", "beside", "subnet", "instance_type", "left_behind",
        "rehearsed", "targets",
    ],
    steps=[
        _fresh(inspect_source),
        _fresh(record_facts),
        _fresh(keep_launch_settings),
        _fresh(freeze_file_systems),
        _fresh(ask_vss),
        _fresh(create_image),
        _fresh(thaw_file_systems),
        _fresh(wait_for_image),
        _fresh(verify_recovery_point),
        choose_point,
        take_for_lost,
        place_copy,
        isolate_copy,
        replace(launch_replacement, title="Launch the copy"),
        wait_until_running,
        check_alone,
        wait_for_checks,
        wait_for_agent,
        compare_facts,
        mark_proof,
        see_hydration,
        report,
        approval(
            "remove", title="Ask for approval", ask=removal_question, recheck=still_a_copy, waived=removal_waived
        ),
        remove_copy,
        wait_until_removed,
        verdict_of_copy,
    ],
)  # fmt: skip
