"""See whether a living server still shows the facts of one of its recovery points. Changes nothing."""

from workflows.engine.runbook import Runbook
from workflows.steps.isolation import choose_point
from workflows.steps.validation import compare_in_place, inspect_server, verdict_of_server

VALIDATION = Runbook(
    name="validate",
    letter="V",
    title="Validation of {server}",
    takes=["instance_id", "which"],
    steps=[inspect_server, choose_point, compare_in_place, verdict_of_server],
)
