"""Requests that no Slack sent, or not now, or not once."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from practice.workspace import Message
from tests.attacks.bot import Bot
from tests.flows.scene import ONCE, SMALL, cloud, made, nothing_lost, once, retried
from tests.stage import APPROVER, APPROVER2, OPERATOR, Stage
from workflows.engine.run import Status

#: Seconds for which a signature is good, by Slack's advice: https://docs.slack.dev/authentication/verifying-requests-from-slack
GOOD_FOR = 300


def test_a_submission_that_slack_did_not_sign_so_and_just_now_gets_401(stage: Stage, bot: Bot) -> None:
    source, run = stage.seed(disks=SMALL), stage.drill()
    view = bot.window("approver", run)
    submission = bot.submission(APPROVER, view, "orders-db")
    askers = bot.submission(OPERATOR, view, "orders-db")
    assert bot.post(submission, secret="another")[0] == 401
    assert bot.post(submission, secret="")[0] == 401
    assert bot.post(submission, age=GOOD_FOR + 5)[0] == 401
    assert bot.post(submission, age=-GOOD_FOR - 5)[0] == 401
    assert bot.post(submission, signed=askers)[0] == 401, "the asker's own signed request, with another user's id in it"
    assert stage.store.inbox(run.id).answers == ()
    assert [each["kind"] for each in stage.audit()][-1] == "request", "the click that opened the window"
    assert nothing_lost(stage, source)
    assert bot.told("approver", lambda: bot.post(submission, age=GOOD_FOR - 30)) == f"You approved `{run.id}`."


def test_a_submission_that_is_sent_again_decides_nothing_again(stage: Stage, bot: Bot) -> None:
    source, run = stage.seed(disks=SMALL), stage.drill()
    submission = bot.submission(APPROVER, bot.window("approver", run), "orders-db")
    assert bot.told("approver", lambda: bot.post(submission)) == f"You approved `{run.id}`."
    assert f"You approved {run.id} already" in bot.post(submission)[1]
    cloud(stage)("ec2", "modify_instance_attribute", InstanceId=source, DisableApiTermination={"Value": True})
    stage.clock.forward(1)
    stage.step()
    failed = stage.drive(run)
    assert failed.status is Status.FAILED
    cloud(stage)("ec2", "modify_instance_attribute", InstanceId=source, DisableApiTermination={"Value": False})
    again = retried(stage, failed)
    assert again.status is Status.ASKING
    assert f"You approved {run.id} already" in bot.post(submission)[1], "it answers the question before"
    stage.clock.forward(1)
    stage.step()
    assert stage.store.read(run.id).status is Status.ASKING
    assert nothing_lost(stage, source)


def test_the_button_and_the_window_of_another_run_approve_nothing(stage: Stage, bot: Bot) -> None:
    sources = [stage.seed(name, disks=SMALL) for name in ("orders-db", "ledger")]
    run, other = stage.drill("orders-db"), stage.drill("ledger")
    assert run.question is not None
    crossed = _with_value(bot.card(run), {"run": other.id, "question": run.question.id})
    stale = f"That question of `{other.id}` is not open any more: the run asks another one by now."
    assert bot.told("approver", lambda: bot.space.click("approver", crossed, "approve")) == stale
    assert bot.space.modals("approver") == []
    view = bot.window("approver", run)
    assert bot.fault("approver", view, "ledger").startswith(f"ledger is not the server of {run.id}")
    metadata = json.dumps({**json.loads(view.body["private_metadata"]), "run": other.id})
    moved = replace(view, body={**view.body, "private_metadata": metadata})
    assert "is not open any more" in bot.post(bot.submission(APPROVER, moved, "ledger"))[1]
    for each in (run, other):
        assert stage.store.inbox(each.id).answers == ()
    stage.clock.forward(1)
    stage.step()
    assert all(nothing_lost(stage, source) for source in sources)


def test_fifty_submissions_at_once_are_one_decision_and_one_termination(stage: Stage, bot: Bot) -> None:
    stage.seed(disks=SMALL)
    run = stage.drill()
    people = {"approver": APPROVER, "second-approver": APPROVER2}
    sent = [bot.submission(who, bot.window(name, run), "orders-db") for name, who in people.items()]
    with ThreadPoolExecutor(50) as hands:
        answered = list(hands.map(bot.post, sent * 25))
    assert {status for status, _ in answered} == {200}
    refused = [json.loads(text)["errors"]["said"] for _, text in answered if text]

    def told() -> list[str]:
        return refused + [each.text for name in people for each in bot.space.ephemerals(name)]

    bot.until(lambda: len(told()) == 50)
    assert told().count(f"You approved `{run.id}`.") == 1
    assert sum(" already" in each for each in told()) == 49
    assert len(stage.store.inbox(run.id).answers) == 1
    assert sum(each["kind"] == "decision" for each in stage.audit()) == 1
    stage.clock.forward(1)
    stage.step()
    ended = stage.drive(run)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert once(stage) == ONCE
    assert len(made(stage, "TerminateInstances")) == 1


def _with_value(card: Message, value: dict[str, str]) -> Message:
    """The card with another value in its buttons."""
    blocks = json.loads(json.dumps(card.blocks))
    for block in blocks:
        for each in block.get("elements", []):
            if "value" in each:
                each["value"] = json.dumps(value)
    return replace(card, blocks=blocks)
