"""Blocks and elements in a browser: each is drawn, and each tells the app what was done, in Slack's words."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from practice.workspace import Workspace
from tests.practice.gallery import CHOICES, REPORTS, WORDS, option
from tests.practice.page_app import PageApp
from tests.practice.workspace_apps import section


@pytest.fixture
def choices(page: Page, app: PageApp) -> Page:
    app.post(*CHOICES)
    expect(page.get_by_role("button", name="Approve termination")).to_be_visible()
    return page


def last_action(space: Workspace, app: PageApp, count: int = 1) -> dict[str, Any]:
    space.wait_for(lambda: len(app.actions) >= count, 5)
    assert len(app.actions) == count
    action: dict[str, Any] = app.actions[-1]["actions"][0]
    return action


def test_every_block_is_drawn_and_one_that_is_not_known_says_so(page: Page, app: PageApp) -> None:
    app.post(*WORDS, text="words")
    app.post(*REPORTS, text="reports")
    words = page.get_by_role("article", name="Firedrill: words")
    expect(words.get_by_role("heading", name="Live drill of orders-db")).to_be_visible()
    expect(words.get_by_role("separator")).to_have_count(1)
    expect(words.get_by_role("listitem").first).to_have_text("stop the service")
    expect(words.get_by_role("cell", name="1,204")).to_be_visible()
    expect(words).to_contain_text("RTO by week")
    reports = page.get_by_role("article", name="Firedrill: reports")
    expect(reports.get_by_role("heading", name="Evidence")).to_be_visible()
    expect(reports.get_by_role("cell", name="port 5432")).to_be_visible()
    for said in ("Create the image done", "Verify it under way", "Terminate failed", "Compare the facts to do"):
        expect(reports.get_by_text(said)).to_be_visible()
    expect(reports.get_by_role("button", name="Restore")).to_be_visible()
    expect(reports).to_contain_text("REPORT-13")
    expect(reports.get_by_text("unsupported block: video")).to_be_visible()


def test_an_element_that_is_not_known_says_so(choices: Page) -> None:
    expect(choices.get_by_text("unsupported element: workflow_button")).to_be_visible()


def test_a_button_asks_first_and_only_the_yes_reaches_the_app(choices: Page, app: PageApp, space: Workspace) -> None:
    choices.get_by_role("button", name="Approve termination").click()
    asked = choices.get_by_role("dialog", name="Terminate orders-db?")
    expect(asked.get_by_role("button", name="Keep it")).to_be_focused()
    choices.keyboard.press("Escape")
    expect(asked).to_be_hidden()
    choices.get_by_role("button", name="Approve termination").click()
    asked.get_by_role("button", name="Keep it").click()
    expect(asked).to_be_hidden()
    choices.get_by_role("button", name="Approve termination").click()
    asked.get_by_role("button", name="Terminate").click()
    action = last_action(space, app)
    assert (action["action_id"], action["value"], action["type"]) == ("approve", "D-0013", "button")


def test_every_choice_reaches_the_app_with_the_state_of_all_of_them(
    choices: Page, app: PageApp, space: Workspace
) -> None:
    choices.get_by_role("combobox", name="Server", exact=True).select_option("web-1")
    assert last_action(space, app, 1)["selected_option"] == option("web-1")
    choices.get_by_role("combobox", name="Person").select_option("Arun Approver")
    assert last_action(space, app, 2)["selected_user"] == "U0APPROVER"
    choices.get_by_role("combobox", name="Channel").select_option("#random")
    assert last_action(space, app, 3)["selected_channel"] == "C0RANDOM"
    choices.get_by_label("Day").fill("2026-11-30")
    assert last_action(space, app, 4)["selected_date"] == "2026-11-30"
    choices.get_by_label("Time").fill("03:00")
    assert last_action(space, app, 5)["selected_time"] == "03:00"
    choices.get_by_role("checkbox", name="ports").check()
    assert last_action(space, app, 6)["selected_options"] == [option("ports")]
    choices.get_by_role("radio", name="latest").check()
    assert last_action(space, app, 7)["selected_option"] == option("latest")
    values = app.actions[-1]["state"]["values"]
    assert values["selects"]["server"] == {"type": "static_select", "selected_option": option("web-1")}
    assert values["selects"]["who"] == {"type": "users_select", "selected_user": "U0APPROVER"}
    assert values["selects"]["point"] == {"type": "external_select", "selected_option": None}
    assert values["selects"]["several"] == {"type": "multi_static_select", "selected_options": []}
    assert values["checks"]["facts"]["selected_options"] == [option("ports")]
    assert values["radio"]["which"]["selected_option"] == option("latest")


def test_an_external_select_asks_the_app_while_somebody_types(choices: Page, app: PageApp, space: Workspace) -> None:
    field = choices.get_by_role("combobox", name="Recovery point")
    field.press_sequentially("ami")
    options = choices.get_by_role("listbox", name="Options").get_by_role("option")
    expect(options).to_have_count(3)
    field.press_sequentially("-0bb")
    expect(options).to_have_count(1)
    field.press("ArrowDown")
    field.press("Enter")
    assert last_action(space, app)["selected_option"] == option("ami-0bbb complete", "ami-0bbb")
    expect(field).to_have_value("ami-0bbb complete")
    field.fill("nothing like it")
    expect(choices.get_by_text("Nothing matches.")).to_be_visible()


def test_several_can_be_chosen_and_taken_back(choices: Page, app: PageApp, space: Workspace) -> None:
    choices.get_by_role("combobox", name="Servers").click()
    choices.get_by_role("listbox").get_by_role("option", name="web-1").click()
    assert last_action(space, app, 1)["selected_options"] == [option("web-1")]
    choices.get_by_role("combobox", name="Servers").press_sequentially("orders")
    choices.get_by_role("listbox").get_by_role("option", name="orders-db").click()
    assert last_action(space, app, 2)["selected_options"] == [option("web-1"), option("orders-db")]
    choices.get_by_role("button", name="Remove web-1").click()
    assert last_action(space, app, 3)["selected_options"] == [option("orders-db")]


def test_the_overflow_menu_is_walked_by_keyboard(choices: Page, app: PageApp, space: Workspace) -> None:
    opener = choices.get_by_role("button", name="More actions")
    opener.press("Enter")
    expect(choices.get_by_role("menuitem", name="Show the log")).to_be_focused()
    choices.keyboard.press("Escape")
    expect(choices.get_by_role("menu")).to_be_hidden()
    expect(opener).to_be_focused()
    choices.keyboard.press("Enter")
    choices.keyboard.press("ArrowDown")
    choices.keyboard.press("Enter")
    assert last_action(space, app)["selected_option"] == option("Cancel", "no")
    expect(opener).to_be_focused()


def test_feedback_icons_and_a_cards_button_work_too(page: Page, app: PageApp, space: Workspace) -> None:
    app.post(*REPORTS)
    page.get_by_role("button", name=re.compile("Bad")).click()
    assert last_action(space, app, 1)["value"] == "bad"
    page.get_by_role("button", name="Remove").click()
    assert last_action(space, app, 2)["type"] == "icon_button"
    page.get_by_role("button", name="Restore").click()
    assert last_action(space, app, 3)["action_id"] == "card-restore"


def test_a_text_within_blocks_is_never_taken_for_markup(page: Page, app: PageApp) -> None:
    app.post(section("&lt;img src=x onerror=alert(1)&gt; <javascript:alert(1)|press>"), text="sly")
    message = page.get_by_role("article", name="Firedrill: sly")
    expect(message).to_contain_text("<img src=x onerror=alert(1)> press")
    expect(message.get_by_role("link")).to_have_count(0)
