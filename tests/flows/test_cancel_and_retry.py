"""Stopping a run before the point of no return, and going on from a failure."""

from dataclasses import replace

import pytest

from tests.flows.scene import ONCE, SMALL, after_the_disaster, made, nothing_lost, once, retried, shown
from tests.stage import APPROVER, ASKING, OPERATOR, Stage
from workflows.engine.run import Run, Status
from workflows.errors import Busy


def _begun(stage: Stage) -> Run:
    return stage.desk.start(stage.desk.drill(ASKING, "orders-db", accept_loss=False))


def _cancelled(stage: Stage, run: Run) -> Run:
    assert "stops before its next step" in stage.desk.cancel(run.id, OPERATOR)
    assert "is being cancelled already" in stage.desk.cancel(run.id, OPERATOR)
    stage.clock.forward(1)
    stage.step()
    return stage.store.read(run.id)


def test_a_run_that_is_cancelled_before_its_first_step_does_nothing(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    calls = len(stage.lab.calls)
    ended = _cancelled(stage, _begun(stage))
    assert ended.status is Status.CANCELLED
    assert len(stage.lab.calls) == calls
    assert nothing_lost(stage, source)


def test_a_cancelled_wait_for_an_image_leaves_the_image_and_frees_the_server(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    waiting = stage.drive(_begun(stage), until=lambda run: run.step.name == "wait_for_image" and run.step.looks > 0)
    ended = _cancelled(stage, waiting)
    assert ended.status is Status.CANCELLED
    assert "topped by <@U0OPERATOR>" in shown(ended)
    assert nothing_lost(stage, source)
    assert stage.count("CreateImage") == 1
    assert stage.backup().status is Status.SUCCEEDED


@pytest.mark.parametrize("approved_first", [True, False])
def test_a_cancel_wins_over_an_approval_that_was_not_carried_out_yet(stage: Stage, approved_first: bool) -> None:
    source = stage.seed(disks=SMALL)
    asked = stage.drill()
    if approved_first:
        stage.desk.answer(asked.id, APPROVER, True)
        ended = _cancelled(stage, asked)
    else:
        stage.desk.cancel(asked.id, OPERATOR)
        assert "not open any more" in stage.desk.answer(asked.id, APPROVER, True)
        stage.clock.forward(1)
        stage.step()
        ended = stage.store.read(asked.id)
    assert ended.status is Status.CANCELLED
    assert nothing_lost(stage, source)


def test_a_cancel_that_comes_in_during_the_look_at_the_click_still_stops_the_termination(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    asked = stage.drill()
    said: list[str] = []
    stage.lab.faults.before("DescribeSnapshots", lambda: said.append(stage.desk.cancel(asked.id, OPERATOR)))
    ended = stage.approve(asked)
    assert said == [f"`{asked.id}` stops before its next step. What it has made so far stays."]
    assert ended.status is Status.CANCELLED
    assert nothing_lost(stage, source)


def test_an_intent_that_meets_a_cancel_is_not_recorded(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    stage.desk.answer(asked.id, APPROVER, True)
    stage.clock.forward(1)
    claim = stage.store.begin(asked.id, lease=60)
    assert claim is not None
    assert stage.store.cancel(asked.id, OPERATOR) == "done"
    intent = replace(claim.run, no_return=True)
    saved = stage.store.commit(intent, claim.fence, due=0, lease_until=0, event="intends", unless_cancelled=True)
    assert (saved.saved, saved.fenced) == (False, False)
    assert saved.inbox.cancel == OPERATOR
    assert stage.store.read(asked.id) == asked


def test_past_the_point_of_no_return_a_cancel_is_refused_and_the_server_comes_back(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    said: list[str] = []

    def cancels() -> None:
        said.append(stage.desk.cancel(asked.id, OPERATOR))

    after_the_disaster(stage, cancels)
    stage.lab.faults.after("RunInstances", cancels)
    ended = stage.approve(asked)
    assert said == [f"`{asked.id}` is past the point of no return: it goes on until the server is back."] * 2
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert "has ended already" in stage.desk.cancel(asked.id, OPERATOR)


def test_only_a_failed_run_can_be_retried_and_only_once_at_a_time(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    assert "Only a failed run can go on" in stage.desk.retry(asked.id, OPERATOR)
    stage.desk.answer(asked.id, APPROVER, False)
    stage.clock.forward(1)
    stage.step()
    assert "is rejected." in stage.desk.retry(asked.id, OPERATOR)
    stage.lab.faults.refuse("DescribeVolumes", "UnauthorizedOperation", 403)
    failed = stage.backup()
    assert "goes on from: Inspect the source" in stage.desk.retry(failed.id, OPERATOR)
    assert "is going on already" in stage.desk.retry(failed.id, OPERATOR)
    with pytest.raises(Busy, match=failed.id):
        stage.backup()


def test_a_failed_run_is_not_retried_while_another_changes_the_server(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.lab.faults.refuse("DescribeVolumes", "UnauthorizedOperation", 403)
    failed = stage.backup()
    asked = stage.drill()
    with pytest.raises(Busy, match=asked.id):
        stage.desk.retry(failed.id, OPERATOR)


def test_a_run_that_was_stopped_after_its_failure_can_be_retried_still(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    after_the_disaster(stage, lambda: stage.lab.faults.refuse("RunInstances", "InstanceLimitExceeded", 400))
    failed = stage.approve(asked)
    assert failed.status is Status.FAILED
    assert failed.no_return
    assert "ended already" in stage.desk.cancel(failed.id, OPERATOR)
    assert retried(stage, failed).status is Status.SUCCEEDED
    assert once(stage) == ONCE
    assert len(made(stage, "SendCommand")) == 2
