"""What must never happen, 1: an approval counts by the policy and the people of the moment, not of the click."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from handlers.requests import Decide
from tests.flows.asked import cloned, drilled, pruned
from tests.flows.scene import SMALL, nothing_lost, retried, words
from tests.stage import APPROVER, APPROVER2, Stage
from workflows.desk import Asking
from workflows.engine.run import Actor, Run, Status
from workflows.errors import NotAllowed
from workflows.policy import Directory


def _approved_then(stage: Stage, source: str, expected: str) -> None:
    """The worker takes up an approval that was given before what the caller has changed since."""
    stage.clock.forward(1)
    failed = stage.drive(stage.store.latest(1)[0])
    stage.step()
    failed = stage.store.read(failed.id)
    assert failed.status is Status.FAILED, failed.status
    assert expected in words(failed)
    assert nothing_lost(stage, source)


def test_an_approver_who_was_removed_after_the_click_has_approved_nothing(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    asked = stage.drill()
    stage.desk.answer(asked.id, APPROVER, True)
    stage.policy = replace(stage.policy, base=replace(stage.policy.base, approvers=(APPROVER2.id,)))
    _approved_then(stage, source, "An approval does not count any more")


def test_an_approver_whose_account_was_deactivated_after_the_click_has_approved_nothing(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    asked = stage.drill()
    stage.desk.answer(asked.id, APPROVER, True)
    stage.directory = Directory(gone=frozenset({APPROVER.id}))
    _approved_then(stage, source, "is deactivated")


def test_a_policy_that_was_tightened_after_the_click_wants_its_second_approval_and_a_retry_asks_for_it(
    stage: Stage,
) -> None:
    source = stage.seed(disks=SMALL)
    asked = stage.drill()
    stage.desk.answer(asked.id, APPROVER, True)
    stage.policy = replace(stage.policy, base=replace(stage.policy.base, approvals=2))
    _approved_then(stage, source, "The policy now wants 2 approvals, and only 1 came.")
    again = retried(stage, stage.store.read(asked.id))
    assert again.question is not None
    assert again.question.needed == 2
    assert stage.desk.answer(again.id, APPROVER, True) == f"You approved `{again.id}`. 1 more approval is needed."
    assert stage.desk.answer(again.id, APPROVER2, True) == f"You approved `{again.id}`."
    stage.clock.forward(1)
    stage.step()
    assert stage.drive(stage.store.read(again.id)).status is Status.SUCCEEDED


def test_an_asker_who_gets_past_the_bot_is_stopped_by_the_worker(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    asked = stage.drill()
    stage.desk.answer(asked.id, asked.asked_by, True)
    _approved_then(stage, source, "whoever asked for it must leave its approval to somebody else")


def _held_up(stage: Stage, run: Run, action: str) -> None:
    """It is approved and found safe; then AWS takes no call for two minutes."""
    stage.lab.faults.refuse(action, "RequestLimitExceeded", status=503)
    stage.desk.answer(run.id, APPROVER, True)
    stage.clock.forward(1)
    stage.step()
    stage.clock.forward(120)


@pytest.mark.parametrize("asked", [drilled, cloned])
def test_who_must_approve_is_looked_up_again_when_the_look_at_the_click_is_old(
    stage: Stage, asked: Callable[[Stage], Run]
) -> None:
    run = asked(stage)
    _held_up(stage, run, "TerminateInstances")
    stage.needs(approvals=2)
    ended = stage.drive(stage.store.read(run.id))
    assert (ended.status, ended.no_return) == (Status.FAILED, False)
    assert "The policy now wants 2 approvals, and only 1 came." in words(ended)
    assert stage.count("TerminateInstances") == 0
    assert retried(stage, ended).status is Status.ASKING


def test_whose_approval_does_not_count_any_more_removes_no_further_points(stage: Stage) -> None:
    run = pruned(stage)
    _held_up(stage, run, "DeregisterImage")
    stage.directory = Directory(gone=frozenset({APPROVER.id}))
    ended = stage.drive(stage.store.read(run.id))
    assert "is deactivated" in f"{ended.steps}"
    assert stage.count("DeregisterImage") == 0


@pytest.mark.parametrize("who", [Actor("U0STRANGER"), Actor("U0OPERATOR")], ids=["a stranger", "the asker"])
def test_who_may_not_approve_is_refused_and_the_question_stays_open(stage: Stage, who: Actor) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    with pytest.raises(NotAllowed):
        stage.answers.deciding.decide(Decide(asked.id, approved=True, name="orders-db"), Asking(who))
    assert stage.store.read(asked.id).status is Status.ASKING
    assert stage.approve(stage.store.read(asked.id)).status is Status.SUCCEEDED
