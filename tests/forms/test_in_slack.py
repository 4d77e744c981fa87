"""Forms over the real protocol: signed requests to the real listeners, and what they do in the workspace."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from handlers.forms.fields import ASKS
from handlers.forms.listeners import SHORTCUT
from practice.workspace.inputs import Values
from practice.workspace.views import View
from practice.world import CHANNEL
from tests.attacks.bot import Bot
from tests.flows.scene import SMALL
from tests.stage import OPERATOR, Stage
from workflows.engine.run import Status


def opened(bot: Bot, deed: Any, person: str = "operator") -> View:
    """The form that somebody sees because of a deed."""
    before = {each.hash for each in bot.space.modals(person)}
    deed()
    return bot.until(lambda: next((each for each in bot.space.modals(person) if each.hash not in before), None))


def typed(bot: Bot, text: str, person: str = "operator") -> View:
    return opened(bot, lambda: bot.space.say(person, CHANNEL, text), person)


def given(view: View, **answers: Any) -> Values:
    """Answers to questions by their names, as the page holds them."""
    ids = {each["block_id"].partition(":")[0]: each["block_id"] for each in view.blocks if "block_id" in each}
    return {ids[name]: {ASKS + name: value} for name, value in answers.items()}


def offered(bot: Bot, view: View, name: str, text: str) -> Mapping[str, Any]:
    """The one option that is offered for what is typed."""
    (only,) = bot.space.suggest("operator", view, ASKS + name, text)
    return only


def picked(bot: Bot, view: View, name: str, option: Any) -> View:
    """Choose one in a question that changes the form."""
    deed = lambda: bot.space.act("operator", view, ASKS + name, option, given(view, **{name: option}))  # noqa: E731
    return opened(bot, deed)


def radio(view: View, name: str, value: str) -> Mapping[str, Any]:
    element = next(each["element"] for each in view.blocks if each.get("block_id") == name)
    return next(each for each in element["options"] if each["value"] == value)


def test_a_drill_is_asked_for_with_no_arguments_put_right_and_started(stage: Stage, bot: Bot) -> None:
    stage.seed("orders-db", disks=SMALL)
    stage.seed("wiki", disks=SMALL)
    view = typed(bot, "/dr drill")
    wiki = offered(bot, view, "target", "WIK")
    view = picked(bot, view, "target", wiki)
    assert "wiki has no recovery point yet." in str(view.blocks)
    delivery, faults = bot.space.submit("operator", view, given(view, target=wiki))
    assert delivery.error == "errors"
    assert list(faults.values()) == ["wiki has no recovery point. /dr backup wiki makes one while the server runs; "
                                     "/dr points lists what there is."]  # fmt: skip
    assert [each.partition(":")[0] for each in faults] == ["point"]
    assert stage.store.latest(9) == []
    fresh = offered(bot, view, "point", "made first")
    view = picked(bot, view, "point", fresh)
    answers = given(view, target=wiki, point=fresh, reason="Q4 <!channel>")
    said = bot.told("operator", lambda: bot.space.submit("operator", view, answers))
    (run,) = stage.store.latest(9)
    assert said == f"`{run.id}` Clone drill of wiki is on its way; its card says how far it is."
    assert (run.runbook, run.channel, run.asked_by, run.reason) == ("clone", "C0DROPS", OPERATOR, "Q4 <!channel>")
    assert bot.space.modals("operator") == []
    told = [each["what"] for each in stage.audit() if each["kind"] == "request"]
    assert told[-1] == "form drill wiki --point=fresh '--reason=Q4 <!channel>'"


def test_a_live_drill_by_form_says_what_it_does_and_still_asks_for_its_approval(stage: Stage, bot: Bot) -> None:
    source = stage.seed("orders-db", disks=SMALL)
    view = typed(bot, "/dr drill")
    server = offered(bot, view, "target", "orders")
    live = radio(view, "live", "yes")
    view = picked(bot, view, "live", live)
    assert "A live drill terminates the server." in str(view.blocks)
    assert bot.space.suggest("operator", view, ASKS + "profile", "def")[0]["value"] == "default"
    answers = given(view, target=server, live=live)
    bot.told("operator", lambda: bot.space.submit("operator", view, answers))
    run = stage.drive(stage.store.latest(1)[0])
    assert (run.runbook, run.status) == ("drill", Status.ASKING)
    assert stage.lab.tree(source).exists()
    view = typed(bot, "/dr backup")
    _, faults = bot.space.submit("operator", view, given(view, target=server))
    assert faults == {"target": f"{run.id} is working on orders-db, and only one run at a time may change a server. "
                                f"/dr status {run.id} shows how far it is."}  # fmt: skip
    assert len(stage.store.latest(9)) == 1


def test_the_policy_is_asked_about_who_submits_and_wants_its_reason_at_the_reason(stage: Stage, bot: Bot) -> None:
    stage.seed("orders-db", disks=SMALL)
    bot.start(replace(stage.policy, base=replace(stage.policy.base, reason=True)))
    view = typed(bot, "/dr backup")
    answers = given(view, target=offered(bot, view, "target", "orders"))
    _, faults = bot.space.submit("operator", view, answers)
    assert list(faults) == ["reason"]
    theirs = typed(bot, "/dr backup", "bystander")
    _, faults = bot.space.submit("bystander", theirs, {**answers, **given(theirs, reason="mine")})
    assert list(faults) == ["target"]
    assert faults["target"].startswith("You are not an operator for that, so nothing was started.")
    assert stage.store.latest(9) == []
    bot.space.deactivate("operator")
    late = {**answers, **given(view, reason="still here")}
    said = bot.told("operator", lambda: bot.space.submit("operator", view, late))
    assert said.startswith("The Slack account `U0OPERATOR` is deactivated, so nothing was started.")
    assert stage.store.latest(9) == []


def test_a_form_from_the_shortcut_asks_for_a_channel_and_the_run_is_told_there(stage: Stage, bot: Bot) -> None:
    stage.seed("orders-db", disks=SMALL)
    chooser = opened(bot, lambda: bot.space.shortcut("operator", SHORTCUT))
    view = opened(bot, lambda: bot.space.act("operator", chooser, "form_backup"))
    assert (len(bot.space.modals("operator")), view.id) == (1, chooser.id)
    answers = given(view, target=offered(bot, view, "target", "orders"), channel="C0RANDOM")
    _, faults = bot.space.submit("operator", view, answers)
    assert faults["channel"].startswith("I am not in this channel")
    answers = {**answers, **given(view, channel=CHANNEL)}
    bot.told("operator", lambda: bot.space.submit("operator", view, answers))
    (run,) = stage.store.latest(9)
    assert bot.card(run).channel == CHANNEL


def test_who_is_not_in_the_channel_that_they_chose_is_told_in_a_direct_message(stage: Stage, bot: Bot) -> None:
    stage.seed("orders-db", disks=SMALL)
    bot.space.leave(CHANNEL, "operator")
    chooser = opened(bot, lambda: bot.space.shortcut("operator", SHORTCUT))
    view = opened(bot, lambda: bot.space.act("operator", chooser, "form_backup"))
    answers = given(view, target=offered(bot, view, "target", "orders"), channel=CHANNEL)
    bot.space.submit("operator", view, answers)
    (told,) = bot.until(lambda: bot.space.messages("D0OPERATOR"))
    (run,) = stage.store.latest(9)
    assert told.text == f"`{run.id}` Backup of orders-db is on its way; its card says how far it is."


def test_a_form_that_is_submitted_twice_makes_one_run(stage: Stage, bot: Bot) -> None:
    stage.seed("orders-db", disks=SMALL)
    view = typed(bot, "/dr backup")
    values = given(view, target=offered(bot, view, "target", "orders"))
    payload = bot.payload(OPERATOR, view, values)
    assert bot.post(payload) == (200, "")
    bot.until(lambda: stage.store.latest(9))
    assert "is working on orders-db" in bot.post(payload)[1]
    (run,) = stage.store.latest(9)
    assert stage.drive(run).status is Status.SUCCEEDED
    assert bot.told("operator", lambda: bot.post(payload)).startswith(f"`{run.id}` Backup of orders-db")
    assert len(stage.store.latest(9)) == 1
    forged = bot.payload(OPERATOR, replace(view, body={**view.body, "private_metadata": "{}x"}), values)
    assert "not one that Firedrill made" in bot.post(forged)[1]


def test_a_name_that_looks_like_a_mention_is_shown_as_it_is(stage: Stage, bot: Bot) -> None:
    stage.seed("<!channel> & *all*", disks=SMALL)
    view = typed(bot, "/dr validate")
    view = picked(bot, view, "target", offered(bot, view, "target", "channel"))
    (note,) = [each["elements"][0] for each in view.blocks if each["type"] == "context"]
    assert (note["type"], note["text"]) == ("plain_text", "<!channel> & *all* has no recovery point yet.")


@pytest.mark.parametrize("in_thread", [True, False])
def test_a_mention_is_answered_with_help_and_buttons_in_the_thread(stage: Stage, bot: Bot, in_thread: bool) -> None:
    stage.seed("orders-db", disks=SMALL)
    bot.space.say("operator", CHANNEL, "who backs this up?")
    root = bot.space.messages(CHANNEL)[0]
    bot.space.say("operator", CHANNEL, "@Firedrill?", thread=root if in_thread else None)
    asked = root if in_thread else bot.space.messages(CHANNEL)[-1]
    answer = bot.until(lambda: next((each for each in bot.space.thread(asked) if each.buttons()), None))
    assert "Slash commands do not work in threads" in answer.text
    assert "backup" in str(answer.blocks)
    view = opened(bot, lambda: bot.space.click("operator", answer, "form_restore"))
    assert "channel" not in {each.get("block_id") for each in view.blocks}


def test_a_restore_by_form_offers_the_points_of_the_chosen_server_and_says_that_it_is_alive(
    stage: Stage, bot: Bot
) -> None:
    for name in ("orders-db", "ledger"):
        stage.seed(name, disks=SMALL)
    points = {name: stage.backup(name).values["point"]["image_id"] for name in ("orders-db", "ledger")}
    view = typed(bot, "/dr restore")
    ledger = offered(bot, view, "target", "ledger")
    view = picked(bot, view, "target", ledger)
    point = offered(bot, view, "point", "ami-")
    assert (point["value"], "1 recovery point" in str(view.blocks)) == (points["ledger"], True)
    answers = given(view, target=ledger, point=point)
    _, faults = bot.space.submit("operator", view, answers)
    assert faults["beside"].startswith("ledger is alive")
    view = opened(bot, lambda: bot.space.act("operator", view, "form_more", None, answers))
    answers = {**answers, **given(view, beside=radio(view, "beside", "yes"), subnet="net-1")}
    _, faults = bot.space.submit("operator", view, answers)
    assert faults["subnet"].startswith("Invalid value for '--subnet': net-1 is not a subnet's id.")
    answers = {**answers, **given(view, subnet=None)}
    bot.told("operator", lambda: bot.space.submit("operator", view, answers))
    run = stage.store.latest(1)[0]
    assert (run.runbook, run.values["image_id"], run.values["beside"]) == ("restore", points["ledger"], True)


def test_a_schedule_shows_when_it_comes_and_says_beside_the_question_what_is_wrong(stage: Stage, bot: Bot) -> None:
    stage.seed("orders-db", disks=SMALL)
    view = typed(bot, "/dr schedule")
    server = offered(bot, view, "target", "orders")
    view = picked(bot, view, "at", "every monday at 09:00")
    assert str(view.blocks).count("<!date^") == 5
    _, faults = bot.space.submit("operator", view, given(view, target=server, at="tomorrow"))
    assert list(faults) == ["at"]
    answers = given(view, target=server, at="every monday at 09:00", zone=offered(bot, view, "zone", "berlin"))
    said = bot.told("operator", lambda: bot.space.submit("operator", view, answers))
    (only,) = stage.calendar.all()
    assert said.startswith(f"`{only.schedule.id}` Clone drill of orders-db, every monday at 09:00 (Europe/Berlin)")
    assert (only.schedule.owner, only.schedule.channel) == (OPERATOR, "C0DROPS")
