"""The card as a function of the record."""

import json
from dataclasses import replace
from typing import Any

import pytest

from handlers.announcements import Outlook, announcement
from handlers.batch_card import Standing, summary
from handlers.cards import bar, card, replies, sentence
from practice.workspace.blocks import check_blocks
from workflows.catalogue import RUNBOOKS
from workflows.engine import moves
from workflows.engine.batches import Batch
from workflows.engine.run import Actor, Answer, Question, Run, Status, StepState, Target
from workflows.errors import Busy, CalledOff
from workflows.schedules.occurrence import held, planned
from workflows.schedules.schedule import Schedule
from workflows.words import safe

NOW = 1_795_500_000.0
ASKER, APPROVER = Actor("U1", "ada"), Actor("U2", "bo")


def run(book: str = "drill", server: str = "orders-db", **changes: Any) -> Run:
    plan = RUNBOOKS[book].plan({"profile": {}, "reboot": False})
    steps = tuple(StepState(each.name, each.title) for each in plan)
    made = Run(
        "D-0013", "D-0013-0123abcd", book, RUNBOOKS[book].title.format(server=server), Target(server, "0", "eu-west-1"),
        ASKER, "C1", NOW, steps, {}, reason="rehearsal",
    )  # fmt: skip
    return replace(made, **changes)


def asking(server: str = "orders-db") -> Run:
    items = (("Instance", f"`i-1`, *{safe(server)}*"), ("Its volumes", "vol-1\nvol-2"))
    question = Question(
        "q:1", "approve_terminate", f"Terminate {safe(server)}?", "Approve termination", items, "Sure?", NOW, NOW + 1800
    )
    return moves.asks(run(server=server, at=6), question)


def words(shown: Run) -> str:
    painted = card(shown)
    return json.dumps(painted.blocks, ensure_ascii=False) + painted.text


def buttons(shown: Run) -> list[str]:
    return [
        each["action_id"] for block in card(shown).blocks if block["type"] == "actions" for each in block["elements"]
    ]


def test_the_text_is_a_full_sentence_that_says_the_state_without_colour_or_emoji() -> None:
    waiting = moves.waits(run(at=4), NOW, "AWS has copied 42 % of the blocks", 42, {})
    assert sentence(waiting) == (
        "D-0013, live drill of orders-db: wait for the image, AWS has copied 42 % of the blocks."
    )
    assert ":" not in card(waiting).text.replace("D-0013, live drill of orders-db:", "")


def test_a_waiting_step_shows_its_progress_as_a_bar_and_a_number() -> None:
    assert "▓▓▓▓░░░░░░ 42 %" in words(moves.waits(run(at=4), NOW, "copying", 42, {}))
    assert [bar(each)[:10].count("▓") for each in (0, 9, 10, 99, 100)] == [0, 0, 1, 9, 10]


def test_the_point_of_no_return_stands_before_its_step_and_says_what_holds_before_and_after_it() -> None:
    begun = run(at=4)
    ahead = words(
        replace(begun, steps=tuple(replace(each, state="done") for each in begun.steps[:5]) + begun.steps[5:])
    )
    mark = "*Point of no return*: anything unclear before it stops the run; after it, the run goes forward by itself"
    assert ahead.index("Ask for approval") < ahead.index(mark) < ahead.index("Then: Terminate the source")
    past = run(no_return=True, status=Status.RUNNING)
    past = replace(past, steps=tuple(replace(each, state="done") for each in past.steps))
    shown = words(past)
    passed = "*Point of no return*, passed: from here the run goes forward by itself"
    assert shown.index("Ask for approval") < shown.index(passed) < shown.index("Terminate the source")
    for other in (run("backup"), moves.failed(run(), NOW, "It broke.", "Mend it.")):
        assert "Point of no return" not in words(other)


def test_trouble_is_shown_by_its_name() -> None:
    assert "throttled: AWS asks for fewer calls" in words(
        moves.troubled(run(at=3), "throttled: AWS asks for fewer calls", {})
    )


def test_buttons_are_those_that_make_sense_now() -> None:
    assert buttons(run()) == ["cancel"]
    assert buttons(asking()) == ["approve", "reject"]
    assert buttons(run(no_return=True, status=Status.RUNNING)) == []
    assert buttons(moves.failed(run(), NOW, "It broke.", "Mend it.")) == ["retry"]
    for ended in (Status.SUCCEEDED, Status.CANCELLED, Status.REJECTED, Status.EXPIRED):
        assert buttons(run(status=ended, ended=NOW)) == []


def test_the_button_carries_run_and_question_and_no_dialog_stands_before_the_window() -> None:
    (approve,) = [each for each in card(asking()).blocks[4]["elements"] if each["action_id"] == "approve"]
    assert approve["style"] == "danger"
    assert "confirm" not in approve
    assert json.loads(approve["value"]) == {"run": "D-0013", "question": "q:1"}


def test_a_decided_card_says_who_and_has_no_buttons() -> None:
    no = Answer("q:1", False, APPROVER, NOW, NOW + 1800, "not today")
    rejected = moves.rejected(asking(), (no,), no)
    assert buttons(rejected) == []
    assert "<@U2>" in words(rejected)
    assert "not today" in words(rejected)


def test_a_cancelled_run_says_what_of_it_stays_and_no_more_than_that_it_made_no_machine() -> None:
    kept = {"launch": "firedrill-0123abcd"}
    for values, told in (
        (kept, "It had made no image and no instance."),
        ({**kept, "asked": {"image_id": "ami-1"}}, "The image `ami-1` stays."),
        ({"asked": {"image_id": "ami-1"}, "replacement_id": "i-2"}, "The image `ami-1` and the instance `i-2` stay."),
    ):
        assert told in sentence(moves.cancelled(run(values=values), NOW, APPROVER))


@pytest.mark.parametrize(
    ("book", "further"),
    [("drill", "`/dr drill orders-db --live` asks again."), ("prune", "`/dr prune` asks again."), ("clone", "by hand")],
)
def test_a_run_whose_question_expired_says_how_one_goes_on(book: str, further: str) -> None:
    expired = moves.expired(replace(asking(), runbook=book, values={"replacement_id": "i-2"}), NOW + 1800, ())
    assert further in sentence(expired)
    assert further in words(expired)
    assert ("asks again" in sentence(expired)) is (book != "clone")


def test_the_thread_calls_those_who_may_answer_and_tells_the_asker_the_end() -> None:
    (call,) = replies(asking(), ["U2", "U3"])
    assert "<@U2> <@U3>" in call.text
    (end,) = replies(moves.failed(run(), NOW, "It broke.", "Mend it."), [])
    assert end.text.startswith("<@U1> D-0013")
    assert "It broke. Mend it." in end.text


def test_a_failure_after_the_termination_says_loudly_what_the_server_can_be_restored_from() -> None:
    lost = run(no_return=True, values={"point": {"image_id": "ami-1"}, "lost_at": NOW}, at=10)
    assert "*The source was terminated.*" in words(moves.failed(lost, NOW, "No capacity.", "Wait."))
    assert "ami-1" in words(moves.failed(lost, NOW, "No capacity.", "Wait."))


def test_that_the_source_was_terminated_stands_before_the_longest_problem_and_the_thread_has_all_of_it() -> None:
    lost = run(no_return=True, values={"point": {"image_id": "ami-1"}, "lost_at": NOW}, at=10)
    wrong = "AWS refused it. " * 200
    failed = moves.failed(lost, NOW, f"{wrong}The end.", "Wait.")
    loud = "*The source was terminated.* It can be restored from `ami-1`: `/dr retry D-0013` goes on from here."
    painted = card(failed)
    head = painted.blocks[0]["text"]["text"]
    for shown in (head, painted.text):
        assert shown.index(loud) < shown.index("AWS refused it.") < shown.index("Wait.")
        assert len(shown) < 1100
    (end,) = replies(failed, [])
    assert end.text.index(loud) < end.text.index(f"{wrong}The end. Wait.")


@pytest.mark.parametrize("name", ["<!channel>", "<@U999>", "`a` *b* _c_", "a&b<c>d"])
def test_a_server_name_can_neither_mention_nor_link(name: str) -> None:
    left = tuple(f"{each.text} {each.hint}" for each in (Busy(name, "D-0012"), CalledOff(name)))
    batch = Batch("G-0001", "Backup of 2 servers", ASKER, "C1", NOW, 2, left=left, whole=True)
    painted = summary(Standing(batch, []))
    schedule = Schedule("S-0001", "backup", "tag:a=b", "every day at 02:00", "UTC", ASKER, "C1", NOW)
    told = announcement(held(planned(schedule, NOW), left[0]), Outlook())
    for shown in (
        words(run(server=name)),
        json.dumps(painted.blocks) + painted.text,
        json.dumps(told.blocks) + told.text,
    ):
        assert "<!channel>" not in shown
        assert "<@U999>" not in shown
        assert "b<c>" not in shown
        assert "*`a`" not in shown


@pytest.mark.parametrize("name", ["x" * 256, "<&>" * 85])
def test_the_longest_names_stay_within_slacks_limits(name: str) -> None:
    volumes = "\n".join(f"`vol-0123456789abcdef0` /dev/sd{n}, 16384 GiB: stays, detached" for n in range(40))
    shown = asking(server=name)
    shown = replace(
        shown,
        question=replace(shown.question, items=(*shown.question.items, ("Its volumes", volumes))),  # type: ignore[union-attr, type-var]
        steps=tuple(
            replace(each, state="done", started=NOW, ended=NOW + 4000, detail="d" * 500) for each in shown.steps
        ),
    )
    long = moves.failed(run(server=name, reason=name), NOW, name * 20, name * 20)
    for each in (card(shown), card(long)):
        assert check_blocks(each.blocks, "message") == each.blocks
        assert len(each.text) <= 4000
