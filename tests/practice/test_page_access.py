"""Who can use the page: by keyboard alone, by screen reader, on a phone; and who cannot: other websites."""

import http.server
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from practice.workspace import Workspace
from tests.practice.browser import addressed, context_of, faults_for_readers
from tests.practice.conftest import Opener
from tests.practice.gallery import CHOICES, REPORTS, WORDS
from tests.practice.page_app import PageApp
from tests.practice.workspace_apps import actions, button, client_of, section

SIZES = [(1280, 900), (380, 800)]


def post_everything(app: PageApp) -> None:
    app.post(*WORDS, text="words")
    app.post(*REPORTS, text="reports")
    app.post(*CHOICES, text="choices")
    app.bolt.client.chat_postEphemeral(channel="C0DROPS", user="U0OPERATOR", text="`/dr help`")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_axe_finds_nothing_wrong(opened: Opener, app: PageApp, width: int, height: int, dark: bool) -> None:
    post_everything(app)
    page = opened(width=width, height=height, dark=dark)
    expect(page.get_by_text("Only visible to you")).to_be_visible()
    assert faults_for_readers(page) == []
    page.get_by_role("textbox", name="Message").press_sequentially("/d")
    assert faults_for_readers(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("article", name="choices").get_by_role("button", name="Reply in thread").click()
    assert faults_for_readers(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("textbox", name="Message").fill("/dr restore")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Start").click()
    expect(page.get_by_role("textbox", name="Server")).to_have_attribute("aria-invalid", "true")
    assert faults_for_readers(page) == []


def test_at_380_pixels_nothing_must_be_scrolled_sideways(opened: Opener, app: PageApp) -> None:
    page = opened(width=380, height=800)
    post_everything(app)
    app.post(section("`" + "i-0c49a1f2b3c4d5e6f" * 5 + "`"), text="long")
    expect(page.get_by_role("article", name="Firedrill: long")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 380
    log = page.get_by_role("log", name="#dr-ops")
    assert log.evaluate("node => node.scrollWidth <= node.clientWidth")
    page.get_by_role("article", name="Firedrill: long").get_by_role("button", name="Reply in thread").click()
    expect(page.get_by_role("region", name="Thread")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 380


def test_a_drill_is_asked_for_and_approved_without_a_mouse(page: Page, app: PageApp, space: Workspace) -> None:
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    page.keyboard.type("/dr drill orders-db")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You said drill orders-db.")).to_be_visible()
    confirm = CHOICES[0]["elements"][0]["confirm"]
    app.post(section("May I?"), actions(button("Approve", "approve", confirm=confirm)), text="May I?")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    for _ in range(6):
        page.keyboard.press("Shift+Tab")
        if page.get_by_role("button", name="Approve").evaluate("node => node === document.activeElement"):
            break
    expect(page.get_by_role("button", name="Approve")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    space.wait_for(lambda: app.actions, 5)
    expect(page.get_by_role("button", name="Approve")).to_be_focused()


def test_new_messages_are_announced_politely_and_repaints_are_not(page: Page, app: PageApp) -> None:
    app.post(section("Step 1"))
    log = page.get_by_role("log", name="#dr-ops")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(log.get_by_role("article").locator("[aria-live=off]").first).to_contain_text("Step 1")


def test_the_address_without_its_key_opens_nothing(browser: Browser, space: Workspace) -> None:
    page = browser.new_page()
    answer = page.goto(space.url.partition("?")[0])
    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_text("Open the page by the address that was printed")).to_be_visible()
    page.close()


@pytest.fixture
def foreign() -> Iterator[str]:
    """A website of somebody else."""

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>Win a prize</title>")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


_TRY = """async ([url, mode]) => {
  const body = JSON.stringify({ person: "U0APPROVER", channel: "C0DROPS", text: "approved" });
  try { return (await fetch(url, { method: mode === "post" ? "POST" : "GET", mode: mode === "post" ? "no-cors" : "cors",
    body: mode === "post" ? body : undefined })).type; } catch { return "refused"; }
}"""


def test_another_website_can_neither_read_nor_post_even_if_it_knows_the_key(
    browser: Browser, space: Workspace, foreign: str
) -> None:
    client_of(space).chat_postMessage(channel="C0DROPS", text="a secret of ours")
    base, key = space.url.partition("/?")[0], urlsplit(space.url).query
    page = browser.new_page()
    page.goto(foreign)
    assert page.evaluate(_TRY, [f"{base}/ui/state?{key}&person=U0OPERATOR&channel=C0DROPS", "read"]) == "refused"
    page.evaluate(_TRY, [f"{base}/ui/say?{key}", "post"])
    assert [message.text for message in space.messages("dr-ops")] == ["a secret of ours"]
    page.close()


def test_nothing_is_asked_of_any_other_machine(browser: Browser, space: Workspace, app: PageApp) -> None:
    post_everything(app)
    with context_of(browser) as context:
        asked: list[str] = []
        context.on("request", lambda request: asked.append(request.url))
        page = addressed(context.new_page(), space.url, "U0OPERATOR")
        expect(page.get_by_role("article", name="choices")).to_be_visible()
    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {urlsplit(space.url).netloc}
