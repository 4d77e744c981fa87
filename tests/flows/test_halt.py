"""Halt and resume: what is before its point of no return stands still, nothing begins, and all of it can go on."""

from dataclasses import replace

import pytest

from handlers.access import Access
from handlers.answers import Answers
from handlers.cards import card, line, replies
from handlers.grammar import parse
from tests.flows.scene import ONCE, SMALL, after_the_disaster, made, nothing_lost, once, shown, worker
from tests.handlers.test_cards import NOW, asking
from tests.stage import APPROVER, ASKING, OPERATOR, Stage
from workflows.desk import Asking
from workflows.engine import moves
from workflows.engine.halting import Halting
from workflows.engine.run import Actor, Answer, Halt, Run, Status
from workflows.engine.store import Store
from workflows.errors import Halted, NotAllowed, UserError
from workflows.policy import Rule, When

WHY = "the network is being rebuilt"


def _typed(stage: Stage, text: str, by: Actor = OPERATOR) -> str:
    asking = Asking(by, "C0DROPS")
    with stage.answers.recorded(asking, f"/dr {text}"):
        return stage.answers.to(parse(text), asking)[0]


def _halt(stage: Stage) -> None:
    _typed(stage, f"halt {WHY}")


def _settle(stage: Stage, run: Run) -> Run:
    """What a worker does in the next minutes."""
    for _ in range(8):
        stage.clock.forward(31)
        stage.step()
    return stage.store.read(run.id)


def _waiting_for_its_image(stage: Stage) -> Run:
    begun = stage.desk.start(stage.desk.drill(ASKING, "orders-db", accept_loss=False))
    return stage.drive(begun, until=lambda run: run.step.name == "wait_for_image" and run.step.looks > 0)


def test_why_it_is_halted_goes_into_a_sentence_whether_it_ends_with_a_full_stop_or_not() -> None:
    assert {Halt(OPERATOR, 0.0, f"{WHY}{end}").sentence().rpartition(WHY)[2] for end in ("", ".", " …", "...")} == {
        "",
        " …",
    }


def test_a_run_stands_still_says_who_and_why_and_goes_on_where_it_stood(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    run = _waiting_for_its_image(stage)
    told = _typed(stage, f"halt {WHY}.")
    assert f"{WHY}. Nothing new" in told
    assert f"1 run stops before the next step: `{run.id}`" in told
    stood = _settle(stage, run)
    assert stood.status is Status.WAITING
    calls, record = len(stage.lab.calls), stood
    assert _settle(stage, run) == record
    assert len(stage.lab.calls) == calls
    for text in (shown(stood), card(stood).text, replies(stood, [])[-1].text, _typed(stage, "status"),
                 _typed(stage, f"status {run.id}")):  # fmt: skip
        assert "<@U0OPERATOR>" in text
        assert WHY in text
    assert "halted" in line(stood)
    assert f"goes on: `{run.id}`" in _typed(stage, "resume")
    asked = stage.drive(run)
    assert asked.status is Status.ASKING
    assert asked.halted is None
    assert stage.count("CreateImage") == 1
    assert nothing_lost(stage, source)
    assert stage.approve(asked).status is Status.SUCCEEDED
    assert once(stage) == ONCE


def test_nothing_begins_while_all_is_halted_and_every_refusal_says_who_and_why(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.lab.faults.refuse("DescribeVolumes", "UnauthorizedOperation", 403)
    failed = stage.backup()
    _halt(stage)
    for text in ("backup orders-db", "drill orders-db --live", f"retry {failed.id}"):
        with pytest.raises(Halted) as refused:
            _typed(stage, text)
        assert "<@U0OPERATOR>" in refused.value.text
        assert WHY in refused.value.text
        assert stage.audit()[-1]["outcome"] == "halted"
    assert len(stage.store.latest(9)) == 1
    with pytest.raises(UserError, match=f"halted already.*{WHY}"):
        _typed(stage, "halt again")
    _typed(stage, "resume")
    with pytest.raises(UserError, match="is not halted"):
        _typed(stage, "resume")
    assert "goes on" in _typed(stage, f"retry {failed.id}")


def test_a_halt_makes_an_open_question_void_and_it_is_asked_anew(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    asked = stage.drill()
    assert asked.question
    _halt(stage)
    for _ in ("before the worker has looked", "after it"):
        with pytest.raises(Halted, match=f"asked anew; `/dr cancel {asked.id}`"):
            stage.desk.answer(asked.id, APPROVER, True, question=asked.question.id)
        stood = _settle(stage, asked)
    assert [each["action_id"] for block in card(stood).blocks for each in block.get("elements", [])
            if each["type"] == "button"] == ["cancel"]  # fmt: skip
    _typed(stage, "resume")
    stage.clock.forward(3600)
    again = stage.drive(asked)
    assert again.status is Status.ASKING
    assert again.question
    assert again.question.id != asked.question.id
    assert "not open any more" in stage.desk.answer(asked.id, APPROVER, True, question=asked.question.id)
    assert nothing_lost(stage, source)
    assert stage.approve(again).status is Status.SUCCEEDED


@pytest.mark.parametrize("call", ["", "DescribeInstances", "RunInstances"])
def test_a_halt_between_the_approval_and_the_termination_stops_it_and_the_approval_is_void(
    stage: Stage, call: str
) -> None:
    """Before the look at the click, at its first call, and at its last."""
    source = stage.seed(disks=SMALL)
    asked = stage.drill()
    assert "You approved" in stage.desk.answer(asked.id, APPROVER, True)
    if call:
        stage.lab.faults.before(call, lambda: _halt(stage))
    else:
        _halt(stage)
    stood = _settle(stage, asked)
    assert stood.halted
    assert not stood.no_return
    assert stood.step.name == "approve_terminate"
    assert nothing_lost(stage, source)
    _typed(stage, "resume")
    again = _settle(stage, asked)
    assert again.status is Status.ASKING
    assert nothing_lost(stage, source)
    assert stage.approve(again).status is Status.SUCCEEDED
    assert once(stage) == ONCE


def test_an_intent_that_meets_a_halt_is_not_recorded_unless_it_is_past_the_point_of_no_return(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    stage.desk.answer(asked.id, APPROVER, True)
    stage.clock.forward(1)
    claim = stage.store.begin(asked.id, lease=60)
    assert claim is not None
    past = replace(claim.run, no_return=True)
    for halt_first, saved in ((True, False), (False, True), (True, True)):
        if halt_first:
            _halt(stage)
        done = stage.store.commit(past, claim.fence, due=0, lease_until=0, event="intends", unless_cancelled=True)
        assert (done.saved, done.fenced, done.inbox.halt is not None) == (saved, False, halt_first)
        Halting(stage.store).resume(OPERATOR)


def test_past_the_point_of_no_return_a_halt_stops_nothing_and_a_retry_goes_on(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()

    def halted() -> None:
        _halt(stage)
        stage.lab.faults.refuse("RunInstances", "InstanceLimitExceeded", 400)

    after_the_disaster(stage, halted)
    failed = stage.approve(asked)
    assert failed.status is Status.FAILED
    assert failed.no_return
    assert "goes on from" in _typed(stage, f"retry {failed.id}")
    stage.clock.forward(1)
    stage.step()
    ended = stage.drive(failed)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert once(stage) == ONCE


def test_a_halt_outlives_every_process_and_a_halted_run_can_be_cancelled(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    run = _waiting_for_its_image(stage)
    _halt(stage)
    _settle(stage, run)
    fresh = Store(stage.store.redis, stage.clock)
    assert (halt := fresh.halt())
    assert (halt.by, halt.reason) == (OPERATOR, WHY)
    stage.clock.forward(31)
    calls = len(stage.lab.calls)
    assert not worker(stage).advance(run.id)
    assert len(stage.lab.calls) == calls
    stage.desk.cancel(run.id, OPERATOR)
    ended = _settle(stage, run)
    assert ended.status is Status.CANCELLED
    assert ended.halted is None
    assert made(stage, "TerminateInstances") == []


def test_the_policy_says_who_may_halt_and_who_may_resume_and_the_audit_tells_both(stage: Stage) -> None:
    base = replace(stage.policy.base, operators=(OPERATOR.id, APPROVER.id))
    rule = Rule("resuming", When(verbs=("resume",)), operators=(APPROVER.id,))
    policy = replace(stage.policy, base=base, rules=(rule,))
    stage.answers = Answers(stage.desk, Access(policy, lambda _: stage.directory), stage.calendar)
    with pytest.raises(NotAllowed):
        _typed(stage, f"halt {WHY}", Actor("U0STRANGER"))
    assert stage.store.halt() is None
    _halt(stage)
    with pytest.raises(NotAllowed, match="resuming"):
        _typed(stage, "resume")
    _typed(stage, "resume", APPROVER)
    told = [(each["what"], each["actor"]["id"]) for each in stage.audit() if each["kind"] == "decision"]
    assert told == [("halt", OPERATOR.id), ("resume", APPROVER.id)]
    assert WHY in [each["after"].get("reason") for each in stage.audit()]


def test_a_run_that_stops_for_a_halt_that_is_over_by_then_is_due_at_once(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    run = _waiting_for_its_image(stage)
    stage.clock.forward(60)
    claim = stage.store.begin(run.id, lease=60)
    assert claim is not None
    _halt(stage)
    halt = stage.store.halt()
    assert halt
    Halting(stage.store).resume(OPERATOR)
    later = stage.clock.now() + 3600
    stage.store.commit(moves.halted(claim.run, halt, None), claim.fence, due=later, lease_until=0, event="halted")
    assert stage.store.next_due() == pytest.approx(stage.clock.now(), abs=0.01)


def test_an_approval_that_stands_in_the_record_already_is_void_too_and_is_not_forgotten() -> None:
    asked = asking()
    assert asked.question
    yes = Answer(asked.question.id, True, APPROVER, NOW, asked.question.expires_at)
    again = moves.resumed(moves.halted(moves.approved(asked, (yes,)), Halt(OPERATOR, NOW, WHY), None))
    assert (again.step.name, again.question, again.answers) == (asked.step.name, None, ())
    assert [each.answers for each in again.decisions] == [(yes,)]
