"""Whose turn comes first where runs stand in line for a call to AWS. Pure."""

from workflows.aws.limits import Whose
from workflows.engine.run import Run, Status

#: Seconds by which a run stands ahead of those that were asked for at the same moment: a server that is down before
#: all else, then what a person restores, then what a person asks for. What a schedule began stands behind, and since
#: that is a time and not a class, nobody waits for ever.
DOWN, RESTORING, SCHEDULED = 86400.0, 3600.0, -900.0


def whose_turn(run: Run) -> Whose:
    ahead = SCHEDULED if run.via == "schedule" else RESTORING if run.runbook == "restore" else 0.0
    return Whose(run.key, run.created - (DOWN if run.no_return else ahead))


def goes_no_further(run: Run) -> bool:
    """Whether it wants no turn any more, at least for now."""
    return run.halted is not None or not (run.status.open or run.status is Status.SUCCEEDED)
