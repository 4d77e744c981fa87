"""The channel in a browser: writing, threads, notes for one, people, edits in place."""

import re
import struct
import zlib
from datetime import datetime

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from practice.workspace import Workspace
from practice.workspace.refusals import Refused
from tests.practice.browser import addressed, context_of
from tests.practice.conftest import Opener
from tests.practice.page_app import PageApp
from tests.practice.workspace_apps import FULL_MANIFEST, actions, button, client_of, section


def test_a_command_is_completed_from_the_manifest_and_its_answer_is_for_the_asker_alone(page: Page) -> None:
    field = page.get_by_role("textbox", name="Message")
    expect(field).to_be_focused()
    page.keyboard.type("/d")
    offers = page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    expect(offers).to_have_count(2)
    expect(offers.first).to_contain_text("backup|restore|drill")
    page.keyboard.press("ArrowDown")
    expect(offers.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    expect(field).to_have_value("/dr ")
    expect(page.get_by_text("/dr backup|restore|drill")).to_be_visible()
    page.keyboard.type("hepl")
    page.keyboard.press("Enter")
    note = page.get_by_role("log").get_by_role("article").last
    expect(note).to_contain_text("Only visible to you")
    expect(note).to_contain_text("You said hepl.")
    expect(field).to_have_value("")
    page.keyboard.press("ArrowUp")
    expect(field).to_have_value("/dr hepl")


def test_what_is_typed_before_the_channel_has_come_is_not_lost(browser: Browser, space: Workspace) -> None:
    with context_of(browser) as context:
        page = context.new_page()
        held: list[Route] = []
        typed: list[str] = []

        def hold(route: Route) -> None:
            if typed:
                route.continue_()
            else:
                held.append(route)

        page.route("**/ui/state*", hold)
        addressed(page, space.url, "U0OPERATOR")
        page.get_by_role("textbox", name="Message").press_sequentially("orders-db is gone")
        page.keyboard.press("Enter")
        typed.append("all of it")
        for route in held:
            route.continue_()
        expect(page.get_by_role("article", name="Olga Operator: orders-db is gone")).to_be_visible()


def test_a_message_shows_author_badge_and_a_relative_time_that_is_kept_fresh(opened: Opener, app: PageApp) -> None:
    page = opened()
    page.clock.install()
    page.reload()
    app.post(section("Running."), text="Running.")
    message = page.get_by_role("article", name="Firedrill: Running.")
    expect(message).to_contain_text("APP")
    time = message.get_by_role("time").first
    expect(time).to_have_text("just now")
    expect(time).to_have_attribute("title", re.compile(str(datetime.now().astimezone().year)))
    page.clock.fast_forward("05:00")
    expect(time).to_have_text(re.compile(r"[45] min\.? ago"))


def test_a_thread_opens_beside_the_channel_and_refuses_slash_commands(page: Page, app: PageApp) -> None:
    app.post(section("Drill D-0013"), text="Drill D-0013")
    page.get_by_role("article", name="Drill D-0013").get_by_role("button", name="Reply in thread").click()
    thread = page.get_by_role("region", name="Thread")
    expect(thread.get_by_role("textbox", name="Reply")).to_be_focused()
    page.keyboard.type("Who approves?")
    page.keyboard.press("Enter")
    expect(thread.get_by_role("article", name="Olga Operator: Who approves?")).to_be_visible()
    expect(page.get_by_role("log", name="#dr-ops").get_by_role("button", name=re.compile("^1 reply"))).to_be_visible()
    page.keyboard.type("/dr status")
    page.keyboard.press("Enter")
    expect(thread.get_by_text("is not supported in threads. Sorry!")).to_be_visible()
    page.keyboard.press("Escape")
    expect(thread).to_be_hidden()
    expect(page.get_by_role("button", name=re.compile("^1 reply"))).to_be_focused()


def test_an_edit_keeps_focus_scroll_and_what_is_being_typed(page: Page, app: PageApp, space: Workspace) -> None:
    name = {"type": "plain_text_input", "action_id": "name"}
    asked = {"type": "input", "block_id": "in", "label": {"type": "plain_text", "text": "Server"}, "element": name}
    stays = {**actions(button("Approve", "approve")), "block_id": "act"}
    ts = app.post({**section("Step 1"), "block_id": "head"}, asked, stays)
    for number in range(30):
        space.say("operator", "dr-ops", f"line {number}")
    log = page.get_by_role("log", name="#dr-ops")
    expect(page.get_by_text("line 29")).to_be_in_viewport()
    field = log.get_by_role("textbox", name="Server")
    field.press_sequentially("orders")
    field.press("ArrowLeft")
    before = log.evaluate("node => node.scrollTop")
    changed = {**section("Step 2"), "block_id": "head"}
    app.bolt.client.chat_update(
        channel="C0DROPS", ts=ts, text="x", blocks=[changed, {**asked, "optional": True}, stays]
    )
    expect(log.get_by_text("Step 2")).to_be_visible()
    expect(field).to_be_focused()
    expect(field).to_have_value("orders")
    assert log.evaluate("node => node.scrollTop") == before
    page.keyboard.type("-db-")
    expect(field).to_have_value("order-db-s")


def test_a_message_that_loses_its_buttons_keeps_the_focus_of_who_pressed_one(page: Page, app: PageApp) -> None:
    ts = app.post(actions(button("Approve", "approve")), text="May I?")
    page.get_by_role("button", name="Approve").focus()
    app.bolt.client.chat_update(channel="C0DROPS", ts=ts, text="Approved.", blocks=[section("Approved.")])
    expect(page.get_by_role("article", name="Firedrill: Approved.")).to_be_focused()


def test_two_tabs_are_two_people_and_a_switch_stays_with_its_tab(opened: Opener, app: PageApp) -> None:
    operator, approver = opened("U0OPERATOR"), opened("U0APPROVER")
    app.bolt.client.chat_postEphemeral(channel="C0DROPS", user="U0APPROVER", text="for Arun alone")
    expect(approver.get_by_text("for Arun alone")).to_be_visible()
    expect(operator.get_by_text("for Arun alone")).to_have_count(0)
    you = approver.get_by_role("combobox", name="You are")
    expect(you).to_have_value("U0APPROVER")
    you.select_option("Ben Bystander")
    expect(approver.get_by_text("for Arun alone")).to_have_count(0)
    assert "as=U0BYSTANDER" in approver.url
    approver.reload()
    expect(approver.get_by_role("combobox", name="You are")).to_have_value("U0BYSTANDER")
    expect(operator.get_by_role("combobox", name="You are")).to_have_value("U0OPERATOR")


def test_what_the_app_writes_to_one_person_is_a_place_of_theirs_in_which_nobody_writes(
    opened: Opener, app: PageApp
) -> None:
    operator, approver = opened("U0OPERATOR"), opened("U0APPROVER")
    app.bolt.client.chat_postMessage(channel="U0APPROVER", text="for Arun alone")
    approver.get_by_role("link", name="Firedrill (direct message) (unread)").click()
    expect(approver.get_by_text("for Arun alone")).to_be_visible()
    expect(approver.get_by_role("textbox", name="Message")).to_have_count(0)
    expect(approver).to_have_title(re.compile(r"^Firedrill \(direct message\)"))
    expect(operator.get_by_role("link", name="direct message")).to_have_count(0)


def test_a_channel_with_news_is_marked_until_it_is_opened(page: Page, app: PageApp) -> None:
    channels = page.get_by_role("navigation", name="Channels")
    expect(channels.get_by_role("link", name="dr-announcements")).to_be_visible()
    expect(channels.get_by_text("(unread)")).to_have_count(0)
    app.bolt.client.chat_postMessage(channel="C0ANNOUNCE", text="Drill at 03:00.")
    news = channels.get_by_role("link", name="# dr-announcements (unread)")
    news.click()
    expect(page.get_by_role("article", name="Firedrill: Drill at 03:00.")).to_be_visible()
    expect(channels.get_by_text("(unread)")).to_have_count(0)


def test_a_global_shortcut_is_offered_below_a_slash_and_opens_what_the_app_makes_of_it(
    page: Page, app: PageApp, space: Workspace
) -> None:
    page.keyboard.type("/reh")
    page.get_by_role("option", name="Rehearse a loss").click()
    expect(page.get_by_role("dialog", name="Points")).to_be_visible()
    expect(page.get_by_role("textbox", name="Message", include_hidden=True)).to_have_value("")
    assert (app.actions[0]["type"], app.actions[0]["callback_id"]) == ("shortcut", "rehearse")
    assert "channel" not in app.actions[0]
    with pytest.raises(Refused, match="shortcut_not_found"):
        space.shortcut("operator", "about")


def test_a_mention_of_the_app_reaches_it(page: Page, app: PageApp, space: Workspace) -> None:
    page.get_by_role("textbox", name="Message").press_sequentially("@Fire")
    page.keyboard.press("Enter")
    page.keyboard.type("are you there?")
    page.keyboard.press("Enter")
    space.wait_for(lambda: app.mentions == ["<@U0BOT> are you there?"], 5)
    expect(page.get_by_role("article", name="Olga Operator: @Firedrill are you there?")).to_be_visible()


def png(width: int, height: int) -> bytes:
    """A grey picture of that size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x80" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_uploaded_pictures_are_shown_in_channel_and_thread_and_other_files_can_be_taken_away(
    page: Page, app: PageApp
) -> None:
    page.set_viewport_size({"width": 1280, "height": 420})  # the picture is higher than what is left
    client = app.bolt.client
    root = app.post(section("Live drill of orders-db"), text="D-0001")
    client.files_upload_v2(
        channel="C0DROPS",
        filename="rto.png",
        content=png(900, 600),
        title="RTO by week",
        alt_txt="Falls from 9 to 4 min",
    )
    picture = page.get_by_role("log", name="#dr-ops").get_by_role("img", name="Falls from 9 to 4 min")
    expect(picture).to_be_visible()
    page.wait_for_function("node => node.naturalWidth === 900", arg=picture.element_handle())
    page.wait_for_function(
        "log => log.scrollHeight - log.scrollTop - log.clientHeight < 80", arg=page.query_selector("#log")
    )
    client.files_upload_v2(
        channel="C0DROPS", thread_ts=root, initial_comment="The timeline.", filename="D-0001.png", content=png(9, 9),
        title="Timeline of D-0001",
    )  # fmt: skip
    page.get_by_role("article", name="Firedrill: D-0001").get_by_role("button", name="1 reply").click()
    reply = page.get_by_role("log", name="Thread").get_by_role("article", name="Firedrill: The timeline.")
    shown = reply.get_by_role("img", name="Timeline of D-0001")
    expect(shown).to_be_visible()
    page.wait_for_function("node => node.naturalWidth === 9", arg=shown.element_handle())
    client.files_upload_v2(channel="C0DROPS", filename="report.html", content="<b>no</b>", title="Report")
    with page.expect_download() as download:
        page.get_by_role("link", name="Report").click()
    assert download.value.path().read_text() == "<b>no</b>"


def test_a_picture_that_was_uploaded_may_stand_in_a_block(page: Page, app: PageApp) -> None:
    sent = app.bolt.client.files_upload_v2(filename="rto.png", content=png(9, 9), title="RTO")
    app.post({"type": "image", "slack_file": {"id": sent["files"][0]["id"]}, "alt_text": "RTO by week"})
    picture = page.get_by_role("img", name="RTO by week")
    expect(picture).to_be_visible()
    page.wait_for_function("node => node.naturalWidth === 9", arg=picture.element_handle())


def test_a_click_that_no_app_hears_of_says_so(browser: Browser) -> None:
    with Workspace(FULL_MANIFEST) as deserted, context_of(browser) as context:
        page = addressed(context.new_page(), deserted.url, "U0OPERATOR")
        ask = [actions(button("Approve", "approve"))]
        client_of(deserted).chat_postMessage(channel="C0DROPS", text="?", blocks=ask)
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_role("alert").filter(has_text="No app is connected")).to_be_visible()
