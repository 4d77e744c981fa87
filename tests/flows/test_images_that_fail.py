"""Images and snapshots that AWS gives up on, leaves out, or takes a day for: nothing is terminated on their account."""

from collections.abc import Callable

import pytest

from tests.flows.scene import ONCE, SMALL, cloud, nothing_lost, once, retried, shown, slow_images, words
from tests.stage import ASKING, Stage
from workflows.engine.run import Status
from workflows.errors import UserError


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
    final = step == "wait_for_image"
    if final:
        with pytest.raises(UserError, match="a retry could not change that") as refused:
            retried(stage, failed)
        assert "it asks for a new image" in refused.value.hint
    else:
        assert retried(stage, failed).status is Status.FAILED
    assert ("'retry'" in shown(failed)) is not final
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


# ── tags that somebody took away ─────────────────────────────────────────────────────────────────────────

LOST = [
    ("firedrill:launch", None, "its tag `firedrill:launch` is gone"),
    ("firedrill:launch", "by hand", "its tag `firedrill:launch` says `by hand`"),
    ("firedrill:facts", None, "its tag `firedrill:facts` is gone"),
]


def _retag(stage: Stage, image_id: str, name: str, value: str | None) -> None:
    if value is None:
        cloud(stage)("ec2", "delete_tags", Resources=[image_id], Tags=[{"Key": name}])
    else:
        cloud(stage)("ec2", "create_tags", Resources=[image_id], Tags=[{"Key": name, "Value": value}])


@pytest.mark.parametrize(("name", "value", "said"), LOST)
def test_a_point_that_has_lost_a_tag_is_not_restored_and_the_answer_names_the_tag(
    stage: Stage, name: str, value: str | None, said: str
) -> None:
    stage.seed(disks=SMALL)
    image = stage.backup().values["asked"]["image_id"]
    stage.look()
    planned = stage.desk.restore(ASKING, image, beside=True)
    _retag(stage, image, name, value)
    failed = stage.drive(stage.desk.start(planned))
    assert failed.status is Status.FAILED
    assert said in words(failed)
    stage.look()
    with pytest.raises(UserError) as refused:
        stage.desk.restore(ASKING, image, beside=True)
    assert said in refused.value.text
    assert stage.count("RunInstances") == 0


@pytest.mark.parametrize("name", ["firedrill:launch", "firedrill:facts"])
def test_an_image_that_lost_a_tag_is_no_recovery_point_until_it_bears_it_again(stage: Stage, name: str) -> None:
    source = stage.seed(disks=SMALL)
    run = stage.desk.start(stage.desk.drill(ASKING, "orders-db", accept_loss=False))
    made = stage.drive(run, until=lambda run: run.step.name == "wait_for_image")
    image = made.values["asked"]["image_id"]
    given = stage.aws.images.get(image).tags[name]
    _retag(stage, image, name, None)
    failed = stage.drive(made)
    assert (failed.status, failed.step.name) == (Status.FAILED, "verify_recovery_point")
    assert f"The tag `{name}` of {image}" in words(failed)
    assert stage.aws.images.get(image).tags["firedrill:proof"] == "created"
    assert nothing_lost(stage, source)
    _retag(stage, image, name, given)
    asked = retried(stage, failed)
    assert asked.status is Status.ASKING, asked.problem
    assert stage.approve(asked).status is Status.SUCCEEDED
