"""Images and snapshots that AWS gives up on, leaves out, or takes a day for: nothing is terminated on their account."""

from collections.abc import Callable

import pytest

from tests.flows.scene import ONCE, SMALL, nothing_lost, once, retried, shown, slow_images, words
from tests.stage import Stage
from workflows.engine.run import Status


def _image_fails(stage: Stage) -> None:
    stage.lab.faults.fail_image()


def _snapshot_fails(stage: Stage) -> None:
    stage.lab.faults.fail_snapshot()


def _volume_left_out(stage: Stage) -> None:
    stage.lab.faults.lose_volume()


@pytest.mark.parametrize(
    ("fault", "step", "said"),
    [
        (_image_fails, "wait_for_image", "AWS could not make ami-"),
        (_snapshot_fails, "verify_recovery_point", "state is `error`, not `completed`"),
        (_volume_left_out, "verify_recovery_point", "has no snapshot of /dev/sdf"),
    ],
)
def test_an_image_that_is_not_whole_is_found_before_anybody_is_asked_to_terminate(
    stage: Stage, fault: Callable[[Stage], None], step: str, said: str
) -> None:
    source = stage.seed(disks=SMALL)
    fault(stage)
    failed = stage.drill()
    assert failed.status is Status.FAILED
    assert failed.questions == 0
    assert failed.step.name == step
    assert said in words(failed)
    assert nothing_lost(stage, source)
    image = stage.aws.images.get(failed.values["asked"]["image_id"])
    assert image.tags["firedrill:proof"] == "created"
    assert retried(stage, failed).status is Status.FAILED
    assert stage.count("CreateImage") == 1
    stage.look()
    assert [point.usable for point in stage.desk.points("orders-db")] == [False]


def test_a_backup_whose_image_fails_does_not_say_that_it_succeeded_and_a_new_one_makes_a_new_image(
    stage: Stage,
) -> None:
    stage.seed(disks=SMALL)
    stage.lab.faults.fail_image()
    assert stage.backup().status is Status.FAILED
    assert stage.backup().status is Status.SUCCEEDED
    assert stage.count("CreateImage") == 2


def test_an_image_that_takes_a_day_is_waited_for_and_shown(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    slow_images(stage, 24 * 3600)
    stage.lab.faults.after("CreateImage", lambda: stage.clock.forward(23.9 * 3600))
    run = stage.drive(stage.drill())
    assert run.status is Status.ASKING, run.problem
    waited = next(each for each in run.steps if each.name == "wait_for_image")
    assert waited.looks > 10
    assert "is available, every snapshot is completed" in shown(run)
    slow_images(stage, 60)
    assert stage.approve(run).status is Status.SUCCEEDED
    assert once(stage) == ONCE
