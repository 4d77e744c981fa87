"""Lose a server on purpose and prove that it comes back."""

from workflows.engine.approval import approval
from workflows.engine.runbook import Runbook
from workflows.steps.approval import still_approved_and_safe, terminate_question
from workflows.steps.evidence import compare_facts, mark_proof, record_facts, verdict
from workflows.steps.freeze import freeze_file_systems
from workflows.steps.hydration import see_hydration
from workflows.steps.image import create_image, keep_launch_settings, verify_recovery_point, wait_for_image
from workflows.steps.loss import note_leftovers, terminate_source, wait_until_gone
from workflows.steps.measures import report
from workflows.steps.replacement import (
    launch_replacement,
    rehearse_calls,
    wait_for_agent,
    wait_for_checks,
    wait_until_running,
)
from workflows.steps.source import inspect_source_to_lose
from workflows.steps.thaw import thaw_file_systems
from workflows.steps.vss import ask_vss

LIVE_DRILL = Runbook(
    name="drill",
    letter="D",
    title="Live drill of {server}",
    takes=[
        "instance_id", "profile", "reboot", "accept_loss", "beside", "subnet", "instance_type",
        "rehearsed", "targets",
    ],
    steps=[
        inspect_source_to_lose,
        record_facts,
        keep_launch_settings,
        freeze_file_systems,
        ask_vss,
        create_image,
        thaw_file_systems,
        wait_for_image,
        verify_recovery_point,
        rehearse_calls,
        approval(
            "terminate", title="Ask for approval", ask=terminate_question, recheck=still_approved_and_safe
        ),
        terminate_source,
        wait_until_gone,
        note_leftovers,
        launch_replacement,
        wait_until_running,
        wait_for_checks,
        wait_for_agent,
        compare_facts,
        mark_proof,
        see_hydration,
        report,
        verdict,
    ],
)  # fmt: skip
