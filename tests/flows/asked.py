"""Runs that stand at their question: each removes something once it is approved."""

from handlers.grammar import parse
from tests.flows.old_points import five_points
from tests.flows.scene import SMALL, cloud
from tests.stage import ASKING, Stage
from workflows.engine.run import Run


def drilled(stage: Stage) -> Run:
    stage.seed(disks=SMALL)
    return stage.drill()


def cloned(stage: Stage) -> Run:
    """One volume of the copy outlives it."""
    stage.seed(disks=SMALL)
    stage.backup()
    run = stage.clone()
    outlives = [{"DeviceName": "/dev/sdf", "Ebs": {"DeleteOnTermination": False}}]
    copy = run.values["replacement_id"]
    cloud(stage)("ec2", "modify_instance_attribute", InstanceId=copy, BlockDeviceMappings=outlives)
    return run


def pruned(stage: Stage) -> Run:
    five_points(stage)
    return stage.drive(stage.answers.to(parse("prune"), ASKING)[1][0])
