"""The moment before the termination, and the ways back from what went wrong after it."""

import random
from collections.abc import Callable

from botocore.awsrequest import AWSRequest

from tests.clock import HandClock
from tests.flows.scene import SMALL, cloud, retried, words
from tests.stage import APPROVER, Stage
from workflows.catalogue import RUNBOOKS
from workflows.engine.engine import Engine
from workflows.engine.pace import Pace
from workflows.engine.run import Run, Status
from workflows.engine.store import Store
from workflows.steps.loss import SETTLED


def other_worker(stage: Stage) -> Engine:
    return Engine(stage.store, RUNBOOKS, stage.services, stage.clock, Pace(), random.Random(1))


def in_the_termination(stage: Stage, run: Run, befalls: Callable[[], None]) -> None:
    """`befalls` happens once, while the step that terminates has looked and has not called yet."""

    def looked() -> None:
        if stage.store.read(run.id).step.name == "terminate_source":
            befalls()
        else:
            stage.lab.faults.after("DescribeInstances", looked)

    stage.lab.faults.after("DescribeInstances", looked)


def approved(stage: Stage) -> Run:
    """The approver's click; no worker has looked yet."""
    stage.seed(disks=SMALL)
    run = stage.drill()
    stage.desk.answer(run.id, APPROVER, True)
    stage.clock.forward(1)
    return run


def expires(stage: Stage, run: Run) -> Run:
    """What becomes of it: it fails in words, and nothing was terminated."""
    ended = stage.drive(run)
    assert (ended.status, ended.no_return) == (Status.FAILED, False)
    assert "expired" in words(ended)
    assert stage.count("TerminateInstances") == 0
    return ended


def test_a_worker_that_lost_its_run_while_it_looked_terminates_nothing(stage: Stage) -> None:
    """Its lease ends between the look and the call; another takes over. Only the other one terminates."""
    run = approved(stage)
    calls: list[int] = []

    def taken_over() -> None:
        stage.clock.forward(Pace().lease + 1)
        other_worker(stage).advance(run.id)
        calls.append(stage.count("TerminateInstances"))

    in_the_termination(stage, run, taken_over)
    stage.step()
    assert calls == [1]
    ended = stage.drive(run)
    assert ended.status is Status.SUCCEEDED, ended.problem
    sent = [call for call in stage.lab.calls if call.action == "TerminateInstances" and call.outcome == "ok"]
    assert len(sent) == 1


def test_a_worker_that_looked_until_the_approval_expired_terminates_nothing(stage: Stage) -> None:
    run = approved(stage)
    in_the_termination(stage, run, lambda: stage.clock.forward(31 * 60))
    stage.step()
    ended = expires(stage, run)
    assert retried(stage, ended).status is Status.ASKING


def test_a_second_look_that_lasts_until_the_approval_expired_terminates_nothing(stage: Stage) -> None:
    """The check at the click is stale, so it is made again; when it is done, the time is over."""
    run = approved(stage)
    asked = stage.store.read(run.id).question
    assert asked is not None
    late = asked.expires_at + 1
    seen: list[float] = []

    def goes_stale() -> None:
        stage.clock.forward(90)
        stage.lab.faults.after("DescribeImages", looks_again)

    def looks_again() -> None:
        seen.append(stage.clock.now())
        stage.clock.time = late

    in_the_termination(stage, run, goes_stale)
    stage.step()
    assert seen
    assert seen[0] < asked.expires_at
    expires(stage, run)


class Slept:
    """The clock of a worker whose machine was suspended for `seconds`, of which it knows nothing yet."""

    def __init__(self, true: HandClock) -> None:
        self._true = true
        self.seconds = 0.0

    def now(self) -> float:
        return self._true.now() - self.seconds

    def for_sure(self) -> float:
        self.seconds = 0.0
        return self.now()


def test_a_worker_whose_machine_slept_until_the_approval_expired_terminates_nothing(stage: Stage) -> None:
    run, clock = approved(stage), Slept(stage.clock)
    sleepy = Engine(Store(stage.store.redis, clock), RUNBOOKS, stage.services, clock, Pace(), random.Random(1))

    def sleeps() -> None:
        stage.clock.forward(31 * 60)
        clock.seconds = 31 * 60

    in_the_termination(stage, run, sleeps)
    sleepy.advance(run.id)
    expires(stage, run)


def test_an_approval_that_would_expire_during_the_call_is_not_used(stage: Stage) -> None:
    run = approved(stage)
    asked = stage.store.read(run.id).question
    assert asked is not None
    in_the_termination(stage, run, lambda: setattr(stage.clock, "time", asked.expires_at - 10))
    stage.step()
    expires(stage, run)


def test_credentials_that_were_fetched_until_the_approval_expired_terminate_nothing(stage: Stage) -> None:
    """botocore fetches new ones when it signs a call, which is after all that was asked for it."""
    run = approved(stage)
    events, fetched = stage.clients.of("ec2", "us-east-1").meta.events, []

    def fetch(request: AWSRequest, **_: object) -> None:
        if "DryRun" not in request.data:
            fetched.append(request)
            stage.clock.forward(31 * 60)

    events.register("before-sign.ec2.TerminateInstances", fetch)
    stage.step()
    events.unregister("before-sign.ec2.TerminateInstances", fetch)
    assert fetched
    expires(stage, run)


def test_nothing_is_said_to_be_left_alone_while_a_call_of_the_last_moment_may_be_on_its_way(stage: Stage) -> None:
    """The step began long ago: an earlier try may have left when the approval was just good enough."""
    run = approved(stage)
    asked = stage.store.read(run.id).question
    assert asked is not None
    in_the_termination(stage, run, lambda: setattr(stage.clock, "time", asked.expires_at - 10))
    stage.step()
    for _ in range(3):
        waiting = stage.store.read(run.id)
        assert waiting.status is Status.WAITING
        assert "making sure that nothing was terminated" in waiting.step.because
        stage.clock.forward(40)
        stage.step()
    ended = expires(stage, run)
    assert ended.ended
    assert ended.ended >= asked.expires_at + SETTLED


def test_launch_settings_that_were_deleted_while_the_question_stood_stop_the_run(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    run = stage.drill()
    template = run.values["launch"].partition(":")[0]
    cloud(stage)("ec2", "delete_launch_template", LaunchTemplateId=template)
    ended = stage.approve(run)
    assert ended.status is Status.FAILED
    assert stage.count("TerminateInstances") == 0


def test_a_server_whose_replacement_would_have_too_many_tags_is_refused_before_anybody_is_asked(stage: Stage) -> None:
    stage.seed(disks=SMALL, tags={f"tag-{n:02d}": "x" for n in range(47)})
    ended = stage.drill()
    assert ended.status is Status.FAILED
    assert "AWS allows 50" in words(ended)
    assert stage.count("TerminateInstances") == 0


def test_a_role_that_may_not_terminate_is_found_out_before_anybody_is_asked(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.lab.faults.refuse("TerminateInstances", "UnauthorizedOperation", status=403)
    ended = stage.drill()
    assert ended.status is Status.FAILED
    assert "TerminateInstances" in words(ended)


def test_a_replacement_that_dies_at_birth_is_launched_again_by_a_retry(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    run = stage.drill()

    def dies() -> None:
        born = [each.id for each in stage.aws.instances.all() if each.id != source]
        stage.lose(born[0])

    stage.lab.faults.after("RunInstances", dies)
    ended = stage.approve(run)
    assert ended.status is Status.FAILED
    assert f"`/dr retry {ended.id}` launches another" in words(ended)
    again = retried(stage, ended)
    assert again.status is Status.SUCCEEDED, again.problem
    assert stage.count("RunInstances") == 2


def test_a_retry_launches_no_second_server_beside_one_that_was_restored_meanwhile(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    run = stage.drill()
    stage.desk.answer(run.id, APPROVER, True)
    in_the_termination(
        stage, run, lambda: stage.lab.faults.refuse("RunInstances", "VcpuLimitExceeded", status=400, times=None)
    )
    stage.clock.forward(1)
    stage.step()
    failed = stage.drive(run)
    assert (failed.status, failed.step.name) == (Status.FAILED, "launch_replacement")
    stage.lab.faults.clear()
    assert stage.restore().status is Status.SUCCEEDED
    again = retried(stage, failed)
    assert again.status is Status.FAILED
    assert "is alive" in words(again)
    assert stage.count("RunInstances") == 1


def test_a_difference_stays_a_difference_whatever_is_mended_by_hand(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    run = stage.drill()
    stage.lab.faults.corrupt_disk("/data/orders/day-000.csv")
    ended = stage.approve(run)
    assert ended.status is Status.FAILED
    assert ended.problem is not None
    assert ended.problem.final
    stage.look()
    assert stage.desk.points("orders-db")[0].proof == "complete"
    assert stage.desk.points("orders-db")[0].differed_in == run.id


def test_volumes_whose_fate_changed_after_the_question_stop_the_run(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    run = stage.drill()
    keeps = run.values["source"]["disks"][1]["keeps"]
    other = [{"DeviceName": "/dev/sdf", "Ebs": {"DeleteOnTermination": keeps}}]
    cloud(stage)("ec2", "modify_instance_attribute", InstanceId=source, BlockDeviceMappings=other)
    ended = stage.approve(run)
    assert ended.status is Status.FAILED
    assert "/dev/sdf" in words(ended)
    assert stage.count("TerminateInstances") == 0
