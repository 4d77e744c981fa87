"""A window that was opened by somebody who might, and is submitted when they may not, or it counts no more."""

from dataclasses import replace

from tests.attacks.bot import Bot
from tests.flows.scene import SMALL, nothing_lost
from tests.stage import APPROVER, APPROVER2, OPERATOR, Stage
from workflows.engine.run import Actor, Run, Status

BYSTANDER = Actor("U0BYSTANDER", "bystander")


def _asked(stage: Stage) -> tuple[str, Run]:
    """The source, and a live drill at its question."""
    return stage.seed(disks=SMALL), stage.drill()


def _nothing_decided(stage: Stage, source: str, run: Run) -> bool:
    """No answer waits for a worker, and one that looks does nothing."""
    assert not stage.store.inbox(run.id).answers
    stage.clock.forward(1)
    stage.step()
    return nothing_lost(stage, source)


def _decided(stage: Stage) -> list[str]:
    """Who decided, by the audit."""
    return [each["actor"]["id"] for each in stage.audit() if each["kind"] == "decision"]


def test_a_name_that_is_typed_wrongly_decides_nothing_and_is_in_the_audit(stage: Stage, bot: Bot) -> None:
    source, run = _asked(stage)
    view = bot.window("approver", run)
    for typed in ("billing-web", "orders", "orders_db", "orders-db2", source, run.id):
        assert bot.fault("approver", view, typed).startswith(f"{typed} is not the server of {run.id}, so nothing was")
        asked, refused = stage.audit()[-2:]
        assert (asked["kind"], asked["what"].rsplit(": ", 1)[1]) == ("request", typed)
        assert (refused["kind"], refused["actor"]["id"]) == ("refusal", APPROVER.id)
    assert bot.space.modals("approver")
    assert _nothing_decided(stage, source, run)
    assert stage.store.read(run.id).status is Status.ASKING
    told = bot.told("approver", lambda: bot.space.fill("approver", view, " orders-db "))
    assert told == f"You approved `{run.id}`."
    assert bot.space.modals("approver") == []


def test_a_window_that_was_left_open_past_the_expiry_says_so(stage: Stage, bot: Bot) -> None:
    source, run = _asked(stage)
    view = bot.window("approver", run)
    stage.clock.forward(31 * 60)
    assert bot.fault("approver", view, "orders-db").startswith(f"Too late: the question of {run.id} has expired")
    stage.step()
    assert stage.store.read(run.id).status is Status.EXPIRED
    assert bot.fault("approver", view, "orders-db").endswith("is not open any more: the run is expired.")
    assert nothing_lost(stage, source)


def test_a_window_that_was_left_open_past_the_decision_says_who_decided(stage: Stage, bot: Bot) -> None:
    source, run = _asked(stage)
    view = bot.window("approver", run)
    no = bot.window("second-approver", run, "reject")
    told = bot.told("second-approver", lambda: bot.space.fill("second-approver", no, "the shop is open"))
    assert told == f"You rejected `{run.id}`."
    assert bot.fault("approver", view, "orders-db").startswith("That was already decided: @U0APPROVER2 rejected it ")
    stage.clock.forward(1)
    stage.step()
    ended = stage.store.read(run.id)
    assert (ended.status, ended.answers[0].reason) == (Status.REJECTED, "the shop is open")
    assert bot.fault("approver", view, "orders-db").startswith("That was already decided: @U0APPROVER2 rejected it ")
    assert _decided(stage) == [APPROVER2.id]
    assert nothing_lost(stage, source)


def test_a_window_that_was_left_open_past_a_cancel_says_who_cancelled(stage: Stage, bot: Bot) -> None:
    source, run = _asked(stage)
    view = bot.window("approver", run)
    assert stage.desk.cancel(run.id, OPERATOR).startswith(f"`{run.id}` stops")
    assert bot.fault("approver", view, "orders-db").endswith("the run is being cancelled by @U0OPERATOR.")
    assert _nothing_decided(stage, source, run)
    assert stage.store.read(run.id).status is Status.CANCELLED
    assert bot.fault("approver", view, "orders-db").endswith("is not open any more: the run is cancelled.")


def test_the_asker_cannot_submit_a_window_that_an_approver_opened(stage: Stage, bot: Bot) -> None:
    source, run = _asked(stage)
    view = bot.window("approver", run)
    for who, why in ((OPERATOR, "somebody else must approve it"), (BYSTANDER, "You are not an approver")):
        status, answer = bot.post(bot.submission(who, view, "orders-db"))
        assert status == 200
        assert why in answer
    assert _nothing_decided(stage, source, run)
    assert stage.store.read(run.id).status is Status.ASKING


def test_who_was_removed_while_the_window_was_open_approves_nothing(stage: Stage, bot: Bot) -> None:
    source, run = _asked(stage)
    view = bot.window("approver", run)
    bot.start(replace(stage.policy, base=replace(stage.policy.base, approvers=(APPROVER2.id,))))
    assert bot.fault("approver", view, "orders-db").startswith("You are not an approver for that")
    assert _nothing_decided(stage, source, run)


def test_a_name_may_begin_with_the_capital_that_a_phone_makes_of_its_first_letter(stage: Stage, bot: Bot) -> None:
    _, run = _asked(stage)
    view = bot.window("approver", run)
    told = bot.told("approver", lambda: bot.space.fill("approver", view, " Orders-db"))
    assert told == f"You approved `{run.id}`."
    assert _decided(stage) == [APPROVER.id]


def test_who_was_deactivated_while_the_window_was_open_approves_nothing(stage: Stage, bot: Bot) -> None:
    source, run = _asked(stage)
    view = bot.window("approver", run)
    bot.space.deactivate("approver")
    told = bot.told("approver", lambda: bot.space.fill("approver", view, "orders-db"))
    assert told == "The Slack account `U0APPROVER` is deactivated, so nothing was decided."
    assert _nothing_decided(stage, source, run)


def test_one_person_counts_once_by_whatever_way_they_approve_again(stage: Stage, bot: Bot) -> None:
    stage.needs(2)
    source, run = _asked(stage)
    view = bot.window("approver", run)
    again = bot.submission(APPROVER, view, "orders-db")
    told = bot.told("approver", lambda: bot.space.fill("approver", view, "orders-db"))
    assert told.startswith(f"You approved `{run.id}`. 1 more approval is needed; ")
    stage.clock.forward(1)
    stage.step()
    assert "1 of 2" in bot.card(run).plain()
    assert f"You approved {run.id} already" in bot.post(again)[1]
    ways = (
        lambda: bot.space.click("approver", bot.card(run), "approve"),
        lambda: bot.space.say("approver", "C0DROPS", f"/dr approve {run.id} --name orders-db"),
    )
    for way in ways:
        assert bot.told("approver", way).startswith(f"You approved `{run.id}` already")
    stage.clock.forward(1)
    stage.step()
    assert stage.store.read(run.id).status is Status.ASKING
    assert _decided(stage) == [APPROVER.id]
    assert nothing_lost(stage, source)


def test_whoever_gave_the_first_of_two_approvals_takes_it_back_by_rejecting(stage: Stage, bot: Bot) -> None:
    stage.needs(2)
    source, run = _asked(stage)
    late = bot.window("second-approver", run)
    view = bot.window("approver", run)
    told = bot.told("approver", lambda: bot.space.fill("approver", view, "orders-db"))
    assert told.endswith("1 more approval is needed; until then *Reject* takes yours back, and ends the run.")
    stage.clock.forward(1)
    stage.step()
    no = bot.window("approver", run, "reject")
    assert bot.told("approver", lambda: bot.space.fill("approver", no, "the wrong one")) == f"You rejected `{run.id}`."
    fault = bot.fault("second-approver", late, "orders-db")
    assert fault.startswith("That was already decided: @U0APPROVER rejected it ")
    again = bot.told("approver", lambda: bot.space.click("approver", bot.card(run), "approve"))
    assert again.startswith(f"You rejected `{run.id}` already")
    stage.clock.forward(1)
    stage.step()
    ended = stage.store.read(run.id)
    assert (ended.status, ended.ended_by, ended.answers[0].reason) == (Status.REJECTED, APPROVER, "the wrong one")
    told_of = [(each["actor"]["id"], each["what"]) for each in stage.audit() if each["kind"] == "decision"]
    assert told_of == [(APPROVER.id, "approve"), (APPROVER.id, "reject")]
    assert nothing_lost(stage, source)
