"""The main job, on disks that hold real bytes."""

import math

from handlers.cards import card
from tests.stage import OPERATOR, Stage
from workflows.engine.run import Status


def test_a_live_drill_loses_a_server_brings_it_back_and_finds_the_same_facts(stage: Stage) -> None:
    source = stage.seed()
    before = stage.lab.tree(source)
    asked = stage.drill()
    assert asked.status is Status.ASKING
    assert stage.count("TerminateInstances") == 0
    ended = stage.approve(asked)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert ended.values["evidence"]["verdict"] == "same"
    assert not before.exists()
    replacement = stage.aws.instances.get(ended.values["replacement_id"])
    assert replacement.id != source
    assert (replacement.server, replacement.state, len(replacement.disks)) == ("orders-db", "running", 2)
    assert stage.aws.images.get(ended.values["point"]["image_id"]).tags["firedrill:proof"] == "proven"
    counts = {call: stage.count(call) for call in ("CreateImage", "TerminateInstances", "RunInstances")}
    assert counts == {"CreateImage": 1, "TerminateInstances": 1, "RunInstances": 1}


def test_the_steps_come_in_the_sacred_order(stage: Stage) -> None:
    stage.seed()
    stage.approve(stage.drill())
    done = [call.action for call in stage.lab.calls]
    order = ["SendCommand", "CreateLaunchTemplate", "CreateImage", "DescribeSnapshots", "TerminateInstances",
             "RunInstances", "DescribeInstanceStatus", "DescribeInstanceInformation", "SendCommand"]  # fmt: skip
    at = 0
    for action in order:
        at = done.index(action, at) + 1


def test_a_backup_makes_a_complete_point_and_a_restore_of_a_lost_server_proves_it(stage: Stage) -> None:
    source = stage.seed()
    backup = stage.backup()
    assert backup.status is Status.SUCCEEDED
    (point,) = stage.desk.points("orders-db")
    assert (point.proof, point.consistency) == ("complete", "crash-consistent")
    assert (point.proof_by, point.proof_at) == (backup.id, math.floor(backup.ended or 0))
    stage.lose(source)
    stage.clock.forward(60)
    restore = stage.restore()
    assert restore.status is Status.SUCCEEDED, restore.problem
    stage.look()
    (point,) = stage.desk.points("orders-db")
    assert (point.proof, point.proof_by, point.differed_in) == ("proven", restore.id, "")
    assert point.proof_at is not None
    assert restore.created < point.proof_at <= (restore.ended or 0)
    assert restore.asked_by == OPERATOR


def test_a_termination_that_aws_refuses_is_not_past_the_point_of_no_return(stage: Stage) -> None:
    """Nothing was lost: the card must not say so, a retry asks anew, and the run can be cancelled."""
    stage.seed()
    asked = stage.drill()
    stage.lab.faults.refuse("TerminateInstances", "UnauthorizedOperation", status=403)
    failed = stage.approve(asked)
    assert (failed.status, failed.no_return) == (Status.FAILED, False)
    assert failed.problem is not None
    assert "Nothing was terminated" in failed.problem.text
    assert "was terminated.*" not in card(failed).blocks[0]["text"]["text"]
    stage.desk.retry(failed.id, OPERATOR)
    stage.step()
    again = stage.drive(failed)
    assert again.status is Status.ASKING
    assert stage.desk.cancel(again.id, OPERATOR).startswith(f"`{again.id}` stops")
    stage.step()
    assert stage.store.read(again.id).status is Status.CANCELLED
    assert stage.count("TerminateInstances") == 0
