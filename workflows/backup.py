"""Back a server up: inspect it, record its facts, make an image, and verify it."""

from workflows.engine.runbook import Runbook
from workflows.steps.evidence import record_facts
from workflows.steps.freeze import freeze_file_systems
from workflows.steps.image import create_image, keep_launch_settings, verify_recovery_point, wait_for_image
from workflows.steps.source import inspect_source
from workflows.steps.thaw import thaw_file_systems
from workflows.steps.vss import ask_vss

BACKUP = Runbook(
    name="backup",
    letter="B",
    title="Backup of {server}",
    takes=["instance_id", "profile", "reboot", "accept_loss"],
    steps=[
        inspect_source,
        record_facts,
        keep_launch_settings,
        freeze_file_systems,
        ask_vss,
        create_image,
        thaw_file_systems,
        wait_for_image,
        verify_recovery_point,
    ],
)
