"""What must never happen, 1: something is terminated without an approval that names it, after it expired, or when the
look at the click finds a doubt."""

from collections.abc import Callable

import pytest

from handlers.requests import Decide
from tests.flows import scene
from tests.flows.scene import SMALL, Died, cloud, dying, made, nothing_lost, retried, shown, words
from tests.stage import APPROVER, OPERATOR, Stage
from workflows.desk import Asking
from workflows.engine.pace import Pace
from workflows.engine.run import Actor, Run, Status
from workflows.errors import NotAllowed

MINUTES = 60.0


def test_nothing_is_terminated_while_nobody_answers_and_the_question_ends_by_itself(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    asked = stage.drill()
    stage.clock.forward(29 * MINUTES)
    stage.step()
    assert stage.store.read(asked.id).status is Status.ASKING
    stage.clock.forward(1 * MINUTES)
    stage.step()
    ended = stage.store.read(asked.id)
    assert ended.status is Status.EXPIRED
    assert "Nothing was terminated" in shown(ended)
    late = stage.desk.answer(asked.id, APPROVER, True, question=f"{asked.key}:1")
    assert late == f"That question of `{asked.id}` is not open any more: the run is expired."
    assert stage.store.next_due() is None
    assert nothing_lost(stage, source)


def test_nothing_is_terminated_after_a_rejection_and_a_later_approval_changes_nothing(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    asked = stage.drill()
    question = f"{asked.key}:1"
    assert stage.desk.answer(asked.id, APPROVER, False, reason="not today") == f"You rejected `{asked.id}`."
    assert "You rejected" in stage.desk.answer(asked.id, APPROVER, True, question=question)
    other = Actor("U0APPROVER2", "another")
    assert "already decided" in stage.desk.answer(asked.id, other, True, question=question)
    stage.clock.forward(1)
    stage.step()
    ended = stage.store.read(asked.id)
    assert ended.status is Status.REJECTED
    assert "not today" in shown(ended)
    assert nothing_lost(stage, source)


def test_a_click_before_the_expiry_counts_for_nothing_when_the_worker_is_back_after_it(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    asked = stage.drill()
    stage.clock.forward(29 * MINUTES)
    assert stage.desk.answer(asked.id, APPROVER, True) == f"You approved `{asked.id}`."
    stage.clock.forward(2 * MINUTES)
    stage.step()
    assert stage.store.read(asked.id).status is Status.EXPIRED
    assert nothing_lost(stage, source)


def test_a_click_after_the_expiry_is_told_so_even_if_no_worker_has_looked_since(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    asked = stage.drill()
    stage.clock.forward(31 * MINUTES)
    assert "Too late" in stage.desk.answer(asked.id, APPROVER, True)
    stage.step()
    assert stage.store.read(asked.id).status is Status.EXPIRED
    assert nothing_lost(stage, source)


def _dies_before_the_termination(stage: Stage) -> Run:
    asked = stage.drill()
    stage.desk.answer(asked.id, APPROVER, True)
    stage.clock.forward(1)
    (hint,) = stage.store.dispatch(10, pause=5)
    with pytest.raises(Died):
        dying(stage, "terminate_source").advance(hint)
    return stage.store.read(asked.id)


def test_a_worker_that_died_between_approval_and_termination_terminates_nothing_after_the_expiry(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    died = _dies_before_the_termination(stage)
    assert died.step.intended is not None
    stage.clock.forward(31 * MINUTES)
    failed = stage.drive(died)
    assert failed.status is Status.FAILED
    assert "expired before the termination" in words(failed)
    assert "was terminated.*" not in shown(failed)
    assert nothing_lost(stage, source)
    again = retried(stage, failed)
    assert again.question is not None
    assert again.question.id.endswith(":2")
    assert stage.desk.cancel(died.id, OPERATOR).startswith(f"`{died.id}` stops")
    assert nothing_lost(stage, source)


def test_a_worker_that_comes_back_before_the_expiry_looks_at_the_world_again(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    died = _dies_before_the_termination(stage)
    cloud(stage)("ec2", "deregister_image", ImageId=died.values["point"]["image_id"])
    stage.clock.forward(Pace().lease + 5)
    stage.step()
    failed = stage.store.read(died.id)
    assert failed.status is Status.FAILED
    assert nothing_lost(stage, source)


def test_a_worker_that_comes_back_before_the_expiry_goes_on_where_nothing_has_changed(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    died = _dies_before_the_termination(stage)
    ended = stage.drive(died)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert scene.once(stage) == scene.ONCE


def test_a_termination_that_aws_puts_off_until_after_the_expiry_is_not_carried_out(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    asked = stage.drill()
    stage.lab.faults.throttle("TerminateInstances", times=None)
    stage.desk.answer(asked.id, APPROVER, True)
    stage.clock.forward(1)
    stage.step()
    assert "throttled" in stage.store.read(asked.id).step.trouble
    stage.clock.forward(30 * MINUTES)
    failed = stage.drive(asked)
    assert failed.status is Status.FAILED
    assert "expired before the termination" in words(failed)
    assert "was terminated.*" not in shown(failed)
    assert nothing_lost(stage, source)
    assert not failed.no_return


def test_who_asked_cannot_approve_and_an_old_question_approves_nothing(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    asked = stage.drill()
    with pytest.raises(NotAllowed, match="somebody else"):
        stage.answers.deciding.decide(Decide(asked.id, approved=True, name="orders-db"), Asking(OPERATOR))
    cloud(stage)("ec2", "modify_instance_attribute", InstanceId=source, DisableApiTermination={"Value": True})
    failed = stage.approve(asked)
    assert failed.status is Status.FAILED
    cloud(stage)("ec2", "modify_instance_attribute", InstanceId=source, DisableApiTermination={"Value": False})
    again = retried(stage, failed)
    assert again.status is Status.ASKING
    assert "already" in stage.desk.answer(asked.id, APPROVER, True, question=f"{asked.key}:1")
    stage.clock.forward(1)
    stage.step()
    assert stage.store.read(asked.id).status is Status.ASKING
    assert nothing_lost(stage, source)


# ── the look at the click ────────────────────────────────────────────────────────────────────────────────

Mishap = Callable[[Stage, Run, str], object]


def _image(run: Run) -> str:
    return str(run.values["point"]["image_id"])


def _snapshot(stage: Stage, run: Run) -> str:
    return stage.aws.images.get(_image(run)).snapshots["/dev/sdf"]


def _deregistered(stage: Stage, run: Run, source: str) -> None:
    cloud(stage)("ec2", "deregister_image", ImageId=_image(run))


def _image_failed(stage: Stage, run: Run, source: str) -> None:
    scene.image_fails(stage, _image(run))


def _image_pending(stage: Stage, run: Run, source: str) -> None:
    scene.slow_images(stage, 24 * 3600)


def _snapshot_failed(stage: Stage, run: Run, source: str) -> None:
    scene.snapshot_fails(stage, _snapshot(stage, run))


def _snapshot_gone(stage: Stage, run: Run, source: str) -> None:
    scene.snapshot_vanishes(stage, _snapshot(stage, run))


def _volume_out_of_the_image(stage: Stage, run: Run, source: str) -> None:
    scene.image_loses_volume(stage, _image(run))


def _another_of_the_name(stage: Stage, run: Run, source: str) -> None:
    stage.lab.add_server("orders-db", SMALL)


def _renamed(stage: Stage, run: Run, source: str) -> None:
    cloud(stage)("ec2", "create_tags", Resources=[source], Tags=[{"Key": "Name", "Value": "billing"}])


def _volume_attached(stage: Stage, run: Run, source: str) -> None:
    zone = scene.zone_of(stage, source)
    made = cloud(stage)("ec2", "create_volume", AvailabilityZone=zone, Size=3, VolumeType="gp3")
    cloud(stage)("ec2", "attach_volume", VolumeId=made["VolumeId"], InstanceId=source, Device="/dev/sdg")


def _volume_detached(stage: Stage, run: Run, source: str) -> None:
    volume = next(each for each in stage.aws.instances.get(source).disks if each.device == "/dev/sdf").volume_id
    cloud(stage)("ec2", "detach_volume", VolumeId=volume, InstanceId=source, Device="/dev/sdf")


def _protected(stage: Stage, run: Run, source: str) -> None:
    cloud(stage)("ec2", "modify_instance_attribute", InstanceId=source, DisableApiTermination={"Value": True})


def _tagged_by_another_run(stage: Stage, run: Run, source: str) -> None:
    marks = [{"Key": "firedrill:run", "Value": "D-0001-00000000"}]
    cloud(stage)("ec2", "create_tags", Resources=[_image(run)], Tags=marks)


def _tagged_by_another_installation(stage: Stage, run: Run, source: str) -> None:
    marks = [{"Key": "firedrill:installation", "Value": "theirs"}]
    cloud(stage)("ec2", "create_tags", Resources=[_image(run)], Tags=marks)


@pytest.mark.parametrize(
    ("mishap", "said"),
    [
        (_deregistered, "there is no image"),
        (_image_failed, "is `failed`, not `available`"),
        (_image_pending, "is `pending`, not `available`"),
        (_snapshot_failed, "state is `error`, not `completed`"),
        (_snapshot_gone, "is not there"),
        (_volume_out_of_the_image, "has no snapshot of /dev/sdf"),
        (_another_of_the_name, "the approval was for"),
        (_renamed, "the approval was for"),
        (_volume_attached, "Its volumes, or what becomes of them, have changed"),
        (_volume_detached, "Its volumes, or what becomes of them, have changed"),
        (_protected, "protection was turned on"),
        (_tagged_by_another_run, "made by this run"),
        (_tagged_by_another_installation, "was not made by this installation"),
    ],
)
def test_a_doubt_at_the_click_stops_the_run_and_is_named(stage: Stage, mishap: Mishap, said: str) -> None:
    source = stage.seed(disks=SMALL)
    asked = stage.drill()
    mishap(stage, asked, source)
    failed = stage.approve(asked)
    assert failed.status is Status.FAILED
    assert said in words(failed)
    assert "Nothing was terminated" in words(failed)
    assert "was terminated.*" not in shown(failed)
    assert made(stage, "TerminateInstances") == made(stage, "RunInstances") == []
    assert nothing_lost(stage, source)


def test_a_source_that_somebody_else_has_terminated_at_the_click_is_not_taken_for_ours(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    asked = stage.drill()
    cloud(stage)("ec2", "terminate_instances", InstanceIds=[source])
    failed = stage.approve(asked)
    assert failed.status is Status.FAILED
    assert "orders-db" in words(failed)
    assert stage.count("RunInstances") == 0
    assert stage.restore().status is Status.SUCCEEDED
