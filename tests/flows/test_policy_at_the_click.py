"""What must never happen, 1: an approval counts by the policy and the people of the moment, not of the click."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from handlers.access import Access
from handlers.answers import Answers
from handlers.grammar import parse
from handlers.requests import Decide
from tests.flows.asked import cloned, drilled, pruned
from tests.flows.scene import SMALL, nothing_lost, retried, words
from tests.stage import APPROVER, APPROVER2, ASKING, Stage
from workflows import inventory
from workflows.aws.calls import Calls
from workflows.desk import Asking
from workflows.engine.run import Actor, Run, Status
from workflows.errors import NotAllowed
from workflows.policy import Directory, Rule, When


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
    told = stage.desk.answer(again.id, APPROVER, True)
    assert told.startswith(f"You approved `{again.id}`. 1 more approval is needed; ")
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


def _launch_settings_go(stage: Stage, run: Run) -> None:
    raw = Calls("us-east-1", stage.lab.url, clients=stage.clients)
    raw("ec2", "delete_launch_template", LaunchTemplateId=run.values["launch"].partition(":")[0])


BY_TAGS = Rule("production", When(tags={"Environment": "production"}), reason=True)


def _behind(stage: Stage, *rules: Rule) -> Answers:
    access = Access(replace(stage.policy, rules=rules), lambda _: stage.directory)
    return Answers(stage.desk, access, stage.calendar)


def _asked(stage: Stage, typed: str) -> Run:
    """By an operator, behind the rule for production."""
    return _behind(stage, BY_TAGS).to(parse(typed), ASKING)[1][0]


def test_a_rule_by_tags_holds_for_a_lost_server_whose_tags_aws_has_forgotten(stage: Stage) -> None:
    for name, environment in (("orders-db", "production"), ("intranet", "test")):
        source = stage.seed(name, disks=SMALL, tags={"Environment": environment})
        backup = stage.backup(name)
        stage.lose(source)
    stage.clock.forward(2 * 3600)
    stage.look()
    known = stage.desk.lookout.last()
    assert known is not None
    assert known.servers == ()
    with pytest.raises(NotAllowed, match="wants a reason"):
        _asked(stage, "restore orders-db")
    assert _asked(stage, "restore intranet").tags == {
        "Environment": "test",
        "Name": "intranet",
        "firedrill:server": "intranet",
    }
    _launch_settings_go(stage, backup)
    again = inventory.taken(stage.home, ["us-east-1"], stage.clock.now(), known)
    assert again.lost == known.lost, "what is known is not asked again"


def test_where_no_point_tells_a_lost_servers_tags_every_rule_by_tags_holds_for_it(stage: Stage) -> None:
    source = stage.seed("intranet", disks=SMALL, tags={"Environment": "test"})
    _launch_settings_go(stage, stage.backup("intranet"))
    stage.lose(source)
    stage.clock.forward(2 * 3600)
    stage.look()
    with pytest.raises(NotAllowed, match="wants a reason"):
        _asked(stage, "restore intranet")
    assert _asked(stage, "restore intranet --reason 'the disk died'").tags is None
    known, before = stage.desk.lookout.last(), len(stage.lab.calls)
    inventory.taken(stage.home, ["us-east-1"], stage.clock.now(), known)
    assert "DescribeLaunchTemplateVersions" not in [each.action for each in stage.lab.calls[before:]]


def test_a_schedule_of_a_lost_server_is_removed_only_by_whom_the_rule_by_its_tags_lets(stage: Stage) -> None:
    board = replace(BY_TAGS, operators=("U0BOARD",), reason=False)
    for name, environment in (("orders-db", "production"), ("intranet", "test")):
        source = stage.seed(name, disks=SMALL, tags={"Environment": environment})
        stage.backup(name)
        _behind(stage).to(parse(f"schedule backup {name} --at 'every day at 02:00'"), ASKING)
        stage.lose(source)
    stage.look()
    with pytest.raises(NotAllowed, match="not an operator"):
        _behind(stage, board).to(parse("unschedule S-0001"), ASKING)
    assert "is removed" in _behind(stage, board).to(parse("unschedule S-0002"), ASKING)[0]


def test_what_is_not_known_of_a_schedules_servers_keeps_nobody_from_calling_it_off(stage: Stage) -> None:
    board = replace(BY_TAGS, operators=("U0BOARD",), reason=False)
    for environment in ("test", "production"):
        stage.seed(environment, disks=SMALL, tags={"Environment": environment})
        target = f"tag:Environment={environment}"
        _behind(stage).to(parse(f"schedule backup {target} --at 'every day at 02:00'"), ASKING)
    stage.board.put_inventory("{}")
    assert "is removed" in _behind(stage, board).to(parse("unschedule S-0001"), ASKING)[0]
    with pytest.raises(NotAllowed, match="not an operator"):
        _behind(stage, board).to(parse("unschedule S-0002"), ASKING)


@pytest.mark.parametrize("who", [Actor("U0STRANGER"), Actor("U0OPERATOR")], ids=["a stranger", "the asker"])
def test_who_may_not_approve_is_refused_and_the_question_stays_open(stage: Stage, who: Actor) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    with pytest.raises(NotAllowed):
        stage.answers.deciding.decide(Decide(asked.id, approved=True, name="orders-db"), Asking(who))
    assert stage.store.read(asked.id).status is Status.ASKING
    assert stage.approve(stage.store.read(asked.id)).status is Status.SUCCEEDED
