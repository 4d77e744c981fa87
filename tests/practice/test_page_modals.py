"""Modals and Home in a browser: filled in, refused, stacked, closed, published."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from practice.workspace import Workspace
from tests.practice.conftest import Opener
from tests.practice.gallery import RESTORE, modal, mrkdwn
from tests.practice.page_app import PageApp

DONE = modal("Restore started", {"type": "section", "text": mrkdwn("R-0007 is under way.")}, callback_id="points")


@pytest.fixture
def dialog(page: Page, app: PageApp) -> Locator:
    """The restore modal, opened by a command."""
    page.get_by_role("textbox", name="Message").fill("/dr restore")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Restore a server")
    expect(dialog.get_by_role("textbox", name="Server")).to_be_focused()
    return dialog


@pytest.fixture
def filled(dialog: Locator) -> Locator:
    dialog.get_by_role("textbox", name="Server").fill("orders-db")
    dialog.get_by_role("combobox", name="Point").press_sequentially("ami-0aaa")
    dialog.get_by_role("option", name="ami-0aaa").click()
    dialog.get_by_role("textbox", name="How many").fill("1")
    return dialog


def submit(dialog: Locator) -> None:
    dialog.get_by_role("button", name="Start").click()


def test_what_slack_itself_asks_for_is_said_at_the_inputs(dialog: Locator, app: PageApp) -> None:
    dialog.get_by_role("textbox", name="Server").fill("db")
    dialog.get_by_role("textbox", name="How many").fill("7")
    dialog.get_by_role("textbox", name="Report to").fill("nobody")
    submit(dialog)
    server = dialog.get_by_role("textbox", name="Server")
    expect(server).to_be_focused()
    expect(server).to_have_accessible_description("⚠ Please enter at least 3 characters. Its name or its instance id.")
    expect(dialog.get_by_text("Please complete this required field.")).to_have_count(1)
    expect(dialog.get_by_text("Please enter 3 or less.")).to_be_visible()
    expect(dialog.get_by_text("Please enter an e-mail address.")).to_be_visible()
    assert app.submitted == []


def test_the_apps_own_errors_are_said_at_the_inputs_and_what_was_typed_stays(filled: Locator, app: PageApp) -> None:
    app.answer = {"response_action": "errors", "errors": {"count": "There is room for none."}}
    submit(filled)
    count = filled.get_by_role("textbox", name="How many")
    expect(count).to_be_focused()
    expect(count).to_have_accessible_description("⚠ There is room for none.")
    expect(filled.get_by_role("textbox", name="Server")).to_have_value("orders-db")
    submit(filled)
    expect(filled).to_be_hidden()
    values = app.submitted[-1]["view"]["state"]["values"]
    assert values["name"]["text"] == {"type": "plain_text_input", "value": "orders-db"}
    assert values["point"]["point"]["selected_option"]["value"] == "ami-0aaa"
    assert values["mail"]["mail"] == {"type": "email_text_input", "value": None}
    assert app.closed == []


def test_a_submission_may_change_the_modal_or_put_another_on_top(filled: Locator, page: Page, app: PageApp) -> None:
    app.answer = {"response_action": "push", "view": DONE}
    submit(filled)
    done = page.get_by_role("dialog", name="Restore started")
    expect(done).to_contain_text("R-0007 is under way.")
    done.get_by_role("button", name="Cancel").click()
    expect(filled.get_by_role("textbox", name="Server")).to_have_value("orders-db")
    app.answer = {"response_action": "update", "view": DONE}
    submit(filled)
    expect(done).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_modals_stack_three_deep_and_clear_ends_them_all(
    filled: Locator, page: Page, app: PageApp, space: Workspace
) -> None:
    filled.get_by_role("button", name="Points …").click()
    points = page.get_by_role("dialog", name="Points")
    expect(points).to_be_visible()
    assert [view.previous_id for view in space.modals("operator")] == [None, space.modals("operator")[0].id]
    assert app.actions[0]["view"]["state"]["values"]["name"]["text"]["value"] == "orders-db"
    assert app.actions[0]["container"]["type"] == "view"
    page.keyboard.press("Escape")
    expect(points).to_be_hidden()
    app.answer = {"response_action": "push", "view": RESTORE}
    submit(filled)
    space.wait_for(lambda: len(space.modals("operator")) == 2, 5)
    app.answer = {"response_action": "clear"}
    space.submit("operator", space.modals("operator")[1], app.submitted[-1]["view"]["state"]["values"] and _values())
    expect(page.get_by_role("dialog")).to_have_count(0)
    space.wait_for(lambda: len(app.closed) == 1, 5)
    assert app.closed[0]["is_cleared"] is True


def _values() -> dict[str, dict[str, Any]]:
    point = {"text": {"type": "plain_text", "text": "ami-0aaa"}, "value": "ami-0aaa"}
    return {"name": {"text": "orders-db"}, "point": {"point": point}, "count": {"number": "1"}}


def test_a_closed_modal_is_told_to_the_app_that_asked_for_it(
    dialog: Locator, page: Page, app: PageApp, space: Workspace
) -> None:
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    space.wait_for(lambda: app.closed, 5)
    assert (app.closed[0]["type"], app.closed[0]["is_cleared"]) == ("view_closed", False)
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()


def test_a_submission_that_the_app_answers_too_late_says_so_and_the_modal_stays(
    opened: Opener, space: Workspace, app: PageApp, page: Page, filled: Locator
) -> None:
    asleep = threading.Event()

    def sleep(ack: Callable[..., Any]) -> None:
        asleep.wait(10)
        ack()

    app.bolt.view("slow")(sleep)
    view = space.modals("operator")[0]
    app.bolt.client.views_update(view_id=view.id, view={**RESTORE, "callback_id": "slow"})
    expect(filled.get_by_role("textbox", name="Server")).to_have_value("orders-db")
    submit(filled)
    expect(filled.get_by_role("button", name="Start")).to_have_attribute("aria-busy", "true")
    expect(filled.get_by_role("alert")).to_have_text("We had some trouble connecting. Try again?")
    asleep.set()
    expect(filled).to_be_visible()


def test_a_conversation_may_begin_with_the_channel_on_the_screen(
    dialog: Locator, space: Workspace, app: PageApp
) -> None:
    element = {"type": "conversations_select", "action_id": "where", "default_to_current_conversation": True}
    label = {"type": "plain_text", "text": "Channel"}
    view = {**RESTORE, "blocks": [{"type": "input", "block_id": "where", "label": label, "element": element}]}
    app.bolt.client.views_update(view_id=space.modals("operator")[0].id, view=view)
    expect(dialog.get_by_role("combobox", name="Channel")).to_have_value("C0DROPS")
    submit(dialog)
    expect(dialog).to_be_hidden()
    assert app.submitted[-1]["view"]["state"]["values"]["where"]["where"]["selected_conversation"] == "C0DROPS"


def test_home_is_published_when_it_is_opened_and_its_buttons_work(page: Page, app: PageApp, space: Workspace) -> None:
    page.get_by_role("navigation", name="Channels").get_by_role("link", name="Firedrill").click()
    expect(page.get_by_role("heading", name="Servers")).to_be_visible()
    page.get_by_role("button", name="Back up now").click()
    space.wait_for(lambda: app.actions, 5)
    body = app.actions[0]
    assert (body["actions"][0]["action_id"], body["view"]["type"]) == ("home-backup", "home")
    assert "response_url" not in body
    page.get_by_role("link", name="dr-ops").click()
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()
