"""Bring a server back from a recovery point, and compare."""

from workflows.engine.runbook import Runbook
from workflows.steps.evidence import compare_facts, mark_proof, verdict
from workflows.steps.hydration import see_hydration
from workflows.steps.image import weigh_point
from workflows.steps.measures import report
from workflows.steps.replacement import (
    find_point,
    launch_replacement,
    wait_for_agent,
    wait_for_checks,
    wait_until_running,
)

RESTORE = Runbook(
    name="restore",
    letter="R",
    title="Restore of {server}",
    takes=[
        "image_id", "beside", "subnet", "instance_type", "lost_at", "left_behind", "rehearsed", "targets", "cautions",
    ],
    steps=[
        weigh_point,
        find_point,
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
