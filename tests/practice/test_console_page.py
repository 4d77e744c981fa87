"""The cloud page in a real browser: what is there, what is written, what is switched, and the drill that plays."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from practice.console import guide
from practice.world import World
from tests.practice.browser import addressed, context_of, faults_for_readers
from tests.practice.console_world import DELAYS, LONG, living, post

LINE = "# a visitor was here"
LONG_MS = LONG * 1000


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[World]:
    del browser  # without one, no world is needed
    with World(tmp_path_factory.mktemp("world"), DELAYS) as world:
        yield world


@pytest.fixture
def world(opened: World) -> Iterator[World]:
    """Nothing is wrong at first."""
    yield opened
    post(opened, "clear")
    opened.wait_reachable(LONG)


@pytest.fixture
def page(browser: Browser, world: World) -> Iterator[Page]:
    with ExitStack() as windows:
        page = windows.enter_context(context_of(browser)).new_page()
        page.goto(world.cloud_url)
        expect(server(page, "orders-db")).to_contain_text("running")
        yield page


def server(page: Page, name: str) -> Locator:
    return page.locator(f"[data-server='{name}']")


def go_to(page: Page, name: str, *directories: str) -> Locator:
    """Open directories of a server's disk, one in the other."""
    within = server(page, name).locator(".living > details")
    within.locator("> summary").click()
    for each in directories:
        within = within.locator(f"> ul > li > details[data-path$='/{each}']")
        within.locator("> summary").click()
    return within


def begin(page: Page, title: str) -> None:
    page.get_by_role("button", name=title, exact=True).click()


def test_a_newcomer_is_told_in_four_lines_until_they_have_got_it(page: Page) -> None:
    note = page.get_by_role("region", name="New here?")
    for each in guide.lines():
        expect(note).to_contain_text(each["word"])
    note.get_by_role("button", name="Got it").click()
    expect(note).to_be_hidden()
    page.reload()
    expect(server(page, "wiki")).to_contain_text("agent online")
    expect(note).to_be_hidden()


def test_the_channel_greets_with_the_same_four_lines_until_they_are_read(browser: Browser, world: World) -> None:
    with context_of(browser, 380, 800) as context:
        page = addressed(context.new_page(), world.workspace.url, "U0OPERATOR")
        note = page.get_by_role("region", name="New here?")
        for each in guide.lines():
            expect(note).to_contain_text(each["text"].replace("`", ""))
        assert faults_for_readers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == 380
        note.get_by_role("button", name="Got it").click()
        expect(note).to_be_hidden()
        expect(page.get_by_role("textbox", name="Message")).to_be_focused()
        page.reload()
        page.get_by_role("button", name="New here?").click()
        expect(note).to_be_visible()


def test_the_channel_and_the_cloud_lead_to_each_other(page: Page) -> None:
    page.get_by_role("link", name="Channel", exact=True).click()
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    page.get_by_role("link", name="Cloud").click()
    expect(server(page, "billing-web")).to_contain_text("checks 2/2")


def test_a_line_written_in_the_page_is_in_the_file_on_the_disk(page: Page, world: World) -> None:
    go_to(page, "billing-web", "data", "invoices").get_by_role("button", name="2026-11.txt").click()
    text = page.get_by_role("textbox", name="The file's text")
    expect(text).to_have_value("invoice 1 of 1: 42.00 EUR\n")
    text.fill("invoice 1 of 1: 42.00 EUR\ninvoice 2: 1.00 EUR\n")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="is saved on billing-web")).to_be_visible()
    file = world.lab.tree(living(world, "billing-web")) / "data/invoices/2026-11.txt"
    assert file.read_text() == "invoice 1 of 1: 42.00 EUR\ninvoice 2: 1.00 EUR\n"
    expect(server(page, "billing-web")).to_contain_text("46 B")


def test_an_unsaved_change_is_thrown_away_only_when_asked_twice(page: Page) -> None:
    go_to(page, "wiki", "srv", "wiki").get_by_role("button", name="LocalSettings.php").click()
    page.get_by_role("textbox", name="The file's text").fill("nothing")
    for visible in (True, False):
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_visible(visible=visible)


def test_each_fault_is_switched_on_and_off_by_its_buttons(page: Page, world: World) -> None:
    on = page.get_by_role("region", name="Wrong at the moment")
    expect(on).to_contain_text("all is well")
    for title in ("Slow images", "Failed image", "Throttle", "No capacity", "Lost answer", "Agent offline"):
        begin(page, title)
    begin(page, "Corrupt the restored disk")
    begin(page, "Too many calls")
    expect(on.get_by_role("listitem")).to_have_count(8)
    assert world.lab.pace.slow
    assert world.lab.faults.seconds_left("throttle")
    assert world.lab.faults.offline() == [living(world, "billing-web")]
    expect(server(page, "billing-web")).to_contain_text("agent offline")
    on.get_by_role("button", name="Agent online").click()
    expect(server(page, "billing-web")).to_contain_text("agent online")
    on.get_by_role("button", name="Clear all").click()
    expect(on).to_contain_text("all is well")
    assert world.lab.faults.armed() == []


def test_a_killed_worker_is_started_again_from_the_panel(page: Page, world: World) -> None:
    before = world.processes["worker"].pid
    begin(page, "Kill the worker")
    on = page.get_by_role("region", name="Wrong at the moment")
    expect(on).to_contain_text("The worker is dead.")
    assert not world.alive("worker")
    on.get_by_role("button", name="Start the worker").click()
    until = time.monotonic() + LONG  # the page may show for a moment what an older answer said
    while world.processes["worker"].pid == before and time.monotonic() < until:
        page.wait_for_timeout(50)
    expect(on).to_contain_text("all is well")
    assert world.alive("worker")
    assert world.processes["worker"].pid != before


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 900), (380, 800)])
def test_axe_finds_nothing_wrong_and_nothing_is_scrolled_sideways(
    browser: Browser, world: World, width: int, height: int, dark: bool
) -> None:
    with context_of(browser, width, height, dark) as context:
        page = context.new_page()
        page.goto(world.cloud_url)
        begin(page, "Slow images")
        files = go_to(page, "orders-db", "srv", "app")
        expect(files).to_contain_text("config.ini")
        assert faults_for_readers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        files.get_by_role("button", name="config.ini").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert faults_for_readers(page) == []


def test_the_drill_plays_by_itself_on_both_pages_and_a_visitors_line_comes_back_with_the_server(
    page: Page, browser: Browser, world: World
) -> None:
    lost = living(world, "orders-db")
    go_to(page, "orders-db", "srv", "app").get_by_role("button", name="config.ini").click()
    text = page.get_by_role("textbox", name="The file's text")
    expect(text).to_have_value("[orders]\nport = 5432\nretention_days = 400\n")
    text.fill(f"{text.input_value()}{LINE}\n")
    page.get_by_role("button", name="Save").click()
    with context_of(browser) as context:
        channel = addressed(context.new_page(), world.workspace.url, "U0OPERATOR")
        expect(channel.get_by_role("button", name="Play it for me")).to_be_enabled()
        begin(page, "Play the live drill")
        channel.get_by_role("button", name="Play it for me").click()  # whoever presses second watches the same
        for each in (page, channel):
            expect(each.get_by_role("button", name="Playing …")).to_be_disabled()
        play = page.get_by_role("log", name="Play it for me")
        expect(play).to_contain_text("Verdict: same.", timeout=LONG_MS)
        expect(play).to_contain_text("somebody else must approve it")
        expect(channel.get_by_role("region", name="New here?")).to_contain_text("Verdict: same.")
        expect(channel.get_by_role("button", name="Play it for me")).to_be_enabled()
        cards = channel.get_by_role("log").get_by_role("article").filter(has_not_text="Only visible to you")
        card = cards.filter(has_text="Live drill of orders-db").last
        expect(card).to_contain_text("Succeeded", timeout=LONG_MS)
        assert channel.locator("#log").evaluate("node => node.scrollHeight - node.scrollTop - node.clientHeight") < 80
        card.get_by_role("button", name="replies").click()
        expect(channel.get_by_role("region", name="Thread")).to_be_visible()
        assert faults_for_readers(channel) == []
        expect(channel.get_by_role("option", name="Practice Guide")).to_have_count(0)
    expect(server(page, "orders-db")).to_contain_text("Gone at")
    expect(page.get_by_role("region", name="Images")).to_contain_text("proof: proven")
    assert not world.lab.tree(lost).exists()
    file = world.lab.tree(living(world, "orders-db")) / "srv/app/config.ini"
    assert file.read_text().endswith(f"{LINE}\n")
