"""What the audit tells of what people and runs do: every request, refusal, decision and effect."""

from typing import Any

import pytest

from handlers.grammar import grammar, parse
from tests.flows.scene import SMALL, Died, asked_for
from tests.stage import APPROVER, ASKING, OPERATOR, Stage
from workflows.aws import Home
from workflows.desk import Asking
from workflows.engine.run import Actor, Run, Status
from workflows.errors import FiredrillError

STRANGER = Actor("U0STRANGER", "stranger")
#: Each verb as an operator may write it, and what comes of it on an empty stage.
TYPED = {
    "backup": "backup orders-db --dry-run",
    "restore": "restore orders-db",
    "drill": "drill orders-db --live --dry-run",
    "validate": "validate orders-db",
    "prune": "prune orders-db",
    "approve": "approve D-0009 --name orders-db",
    "reject": "reject D-0009 because",
    "cancel": "cancel D-0009",
    "retry": "retry D-0009",
    "halt": "halt because",
    "resume": "resume",
    "status": "status D-0009",
    "runs": "runs",
    "points": "points",
    "report": "report D-0009",
    "whoami": "whoami",
    "doctor": "doctor",
    "schedule": "schedule drill orders-db --at 'every monday at 09:00'",
    "schedules": "schedules",
    "unschedule": "unschedule S-0009",
    "skip": "skip S-0009",
    "pause": "pause S-0009",
    "help": "help backup",
}
#: What of these is carried out there is an entry too.
DONE = ("decision", "schedule")


def _said(stage: Stage, typed: str, by: Actor = OPERATOR) -> str:
    """As the listener carries it out; gives the error's text, if it was refused."""
    answers = stage.answers
    asking = Asking(by, "C0DROPS")
    try:
        with answers.recorded(asking, f"/dr {typed}"):
            answers.to(parse(typed), asking)
    except FiredrillError as error:
        return error.text
    return ""


def _of(stage: Stage, kind: str) -> list[dict[str, Any]]:
    return [each for each in stage.audit() if each["kind"] == kind]


def _calls(stage: Stage) -> list[tuple[str, str]]:
    return [(call["call"], call["outcome"]) for each in stage.audit() for call in each["calls"]]


def test_every_verb_has_a_line_in_this_table() -> None:
    assert set(TYPED) == set(grammar.commands)


@pytest.mark.parametrize("verb", TYPED)
def test_every_verbs_request_and_refusal_is_in_the_audit(stage: Stage, verb: str) -> None:
    stage.seed(disks=SMALL)
    why = _said(stage, TYPED[verb])
    asked, *more = stage.audit()
    assert (asked["kind"], asked["what"], asked["actor"]["id"]) == ("request", f"/dr {TYPED[verb]}", OPERATOR.id)
    assert (asked["channel"], asked["via"]) == ("C0DROPS", "slack")
    refused = [(each["kind"], each["after"]["why"]) for each in more if each["kind"] not in DONE]
    assert refused == ([("refusal", why)] if why else [])


@pytest.mark.parametrize(
    "verb", ["backup", "restore", "drill", "validate", "prune", "approve", "reject", "cancel", "retry"]
)
def test_what_a_stranger_asks_for_is_in_the_audit_with_its_refusal(stage: Stage, verb: str) -> None:
    stage.seed(disks=SMALL)
    stage.drill()
    told = len(stage.audit())
    typed = TYPED[verb].replace("D-0009", "D-0001")
    assert _said(stage, typed, STRANGER)
    asked, refused = stage.audit()[told:]
    assert (asked["kind"], refused["kind"]) == ("request", "refusal")
    assert refused["actor"] == {"id": STRANGER.id, "name": STRANGER.name}
    assert refused["outcome"] == "NotAllowed"


@pytest.mark.parametrize("typed", ["", "destroy everything", "drill orders-db", 'backup "orders', "cancel nothing"])
def test_what_is_not_understood_is_in_the_audit_as_it_was_typed(stage: Stage, typed: str) -> None:
    why = _said(stage, typed)
    asked = stage.audit()[0]
    assert asked["what"] == f"/dr {typed}"
    assert len(stage.audit()) == (2 if why else 1)


def test_a_live_drill_is_told_from_the_request_to_its_end_with_every_call_that_changed_something(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    assert not _said(stage, "drill orders-db --live --reason 'a rehearsal'")
    asking = stage.drive(stage.store.read("D-0001"))
    assert not _said(stage, "approve D-0001 --name orders-db", APPROVER)
    stage.clock.forward(1)
    ended = stage.drive(asking) if asking.status is not Status.ASKING else _on(stage, asking)
    assert ended.status is Status.SUCCEEDED, ended.problem
    kinds = [each["kind"] for each in stage.audit() if each["kind"] not in ("intent", "effect")]
    assert kinds == ["request", "start", "move", "request", "decision", "move", "move"]
    start, decision, last = _of(stage, "start")[0], _of(stage, "decision")[0], _of(stage, "move")[-1]
    assert start["after"]["reason"] == "a rehearsal"
    assert (decision["actor"]["id"], decision["run"], decision["before"]["status"]) == (APPROVER.id, "D-0001", "asking")
    assert (last["before"]["status"], last["after"]["status"]) == ("running", "succeeded")
    assert stage.chainer.verdict().whole


def test_each_effect_has_its_intent_before_it_and_awss_id_of_the_request(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    ended = stage.approve(stage.drill())
    assert ended.status is Status.SUCCEEDED, ended.problem
    changing = [each.action for each in stage.lab.calls if not each.action.startswith(("Describe", "Get", "List"))]
    rehearsed = [each.action for each in stage.lab.calls if each.params.get("DryRun")]
    for each in rehearsed:
        changing.remove(each)
    assert [call for call, outcome in _calls(stage) if outcome == "ok"] == changing
    requests = {call["request"] for each in _of(stage, "effect") for call in each["calls"]}
    assert {each.request_id for each in stage.lab.effects} <= requests
    assert "" not in requests
    told = stage.audit()
    terminated = next(at for at, each in enumerate(told) if "TerminateInstances" in str(each["calls"]))
    assert told[terminated - 1]["kind"] == "intent"
    assert told[terminated]["before"]["step"] == "terminate_source"


def test_a_call_that_aws_refuses_or_never_answers_is_told_as_such(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.lab.faults.throttle("CreateImage", times=2)
    assert stage.backup().status is Status.SUCCEEDED
    codes = [outcome for call, outcome in _calls(stage) if call == "CreateImage"]
    assert len(codes) == 3
    assert codes[-1] == "ok"
    assert "ok" not in codes[:2]


def test_a_worker_that_lost_the_run_still_tells_what_it_has_done(stage: Stage) -> None:
    """It froze in CreateImage until somebody else had a newer fence."""
    stage.seed(disks=SMALL)
    run = stage.desk.start(stage.desk.backup(Asking(OPERATOR), "orders-db", reboot=False, accept_loss=False)[0])

    def taken_over() -> None:
        stage.clock.forward(61)
        assert stage.store.begin(run.id, 0.0)

    stage.lab.faults.after("CreateImage", taken_over)
    assert stage.drive(run).status is Status.SUCCEEDED
    orphans = [each for each in _of(stage, "effect") if "had lost the run" in each["what"]]
    assert [call["call"] for each in orphans for call in each["calls"]][:1] == ["CreateImage"]
    assert len(asked_for(stage, "CreateImage")) == len([call for call, _ in _calls(stage) if call == "CreateImage"])


def _deadly(stage: Stage, calls: set[str]) -> dict[str, str]:
    """From now on a worker dies of the first answer to each of these calls. Gives AWS's ids of them, as they come."""
    lost: dict[str, str] = {}

    def hear(call: str, request: str, outcome: str) -> None:
        stage.ledger.note(call, request, outcome)
        if call in calls and call not in lost:
            lost[call] = request
            raise Died(call)

    stage.home = Home("test", stage.lab.url, hear)
    return lost


def _with_new_workers(stage: Stage, run: Run) -> Run:
    """Driven to its question or its end by one worker after another."""
    while True:
        try:
            stage.step()
            return stage.drive(run)
        except Died:
            stage.ledger.take()  # was in the memory of the process
            stage.clock.forward(61)


def test_a_call_whose_worker_was_killed_before_it_wrote_the_answer_down_leaves_its_intent_and_what_the_next_one_found(
    stage: Stage,
) -> None:
    stage.seed(disks=SMALL)
    effects = {
        "SendCommand": "record_facts", "CreateLaunchTemplate": "keep_launch_settings", "CreateImage": "create_image",
        "TerminateInstances": "terminate_source", "RunInstances": "launch_replacement",
    }  # fmt: skip
    lost = _deadly(stage, {*effects, "CreateTags"})
    asked = _with_new_workers(stage, stage.desk.start(stage.desk.drill(ASKING, "orders-db", accept_loss=False)))
    stage.desk.answer(asked.id, APPROVER, True)
    stage.clock.forward(1)
    ended = _with_new_workers(stage, asked)
    assert (ended.status, set(lost)) == (Status.SUCCEEDED, {*effects, "CreateTags"}), ended.problem
    told = stage.audit()
    assert not set(lost.values()) & {call["request"] for each in told for call in each["calls"]}
    for call, step in effects.items():
        assert [(each["kind"], each["calls"]) for each in told if each["before"].get("step") == step] == [
            ("intent", []), ("effect", []),
        ], call  # fmt: skip
        assert len(asked_for(stage, call)) == (2 if call == "SendCommand" else 1)  # the second compares
    tagged = [each for each in told if each["before"].get("step") == "verify_recovery_point"]
    assert [[call["call"] for call in each["calls"]] for each in tagged] == [["CreateTags"]]


def _on(stage: Stage, run: Run) -> Run:
    stage.step()
    return stage.drive(run)
