"""Makes the pictures of docs/pictures/ anew: `make pictures`. Desktop and phone, light and dark."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from practice.world import CHANNEL, World
from tests.pages.people import LONG, QUICK, Window
from tests.practice.browser import addressed, context_of, open_browser
from workflows.report.page import page as as_page
from workflows.report.reading import document_of
from workflows.report.timeline import timeline

FOLDER = Path(__file__).parent.parent.parent / "docs" / "pictures"
SIZES = {"desktop": (1280, 900), "phone": (380, 800)}
THEMES = {"light": False, "dark": True}


def main() -> None:
    """Plays a drill that is approved, and one that finds a damaged disk, and pictures each stage."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        World(Path(folder), QUICK) as world,
        open_browser() as browser,
        context_of(browser) as context,
    ):
        _play(world, browser, Window(addressed(context.new_page(), world.workspace.url, "U0OPERATOR")))


def _play(world: World, browser: Browser, operator: Window) -> None:
    _all(world, browser, "welcome", folded=False)
    operator.types("/dr help")
    operator.is_told("rehearse losing them")
    _all(world, browser, "channel")
    operator.types("/dr backup billing-web")
    operator.sees(operator.card("Backup of billing-web"), "Succeeded")
    operator.types('/dr drill orders-db --live --reason "quarterly rehearsal"')
    card = operator.card("Live drill of orders-db")
    expect(card.get_by_role("button", name="Approve termination")).to_be_visible(timeout=LONG)
    _all(world, browser, "approval", _to_top)
    _all(world, browser, "window", _to_window)
    _approve(world, "Live drill of orders-db")
    operator.sees(card, "Succeeded")
    _all(world, browser, "finished", _to_top)
    _all(world, browser, "thread", _to_thread)
    _report(world, browser)
    operator.types("/dr drill wiki --live")
    card = operator.card("Live drill of wiki")
    expect(card.get_by_role("button", name="Approve termination")).to_be_visible(timeout=LONG)
    operator.types("/dr schedule drill orders-db --at 'every monday at 09:00' --tz Europe/Berlin")
    operator.is_told("S-0001")
    _all(world, browser, "home", _refresh, place="home")
    world.lab.faults.corrupt_disk("/data/pages/Main_Page.txt")
    _approve(world, "Live drill of wiki")
    operator.sees(card, "Failed")
    _all(world, browser, "failed", _to_top)
    _all(world, browser, "cloud", address=world.cloud_url)


def _report(world: World, browser: Browser) -> None:
    """The report as a page, which is light on every screen, as on paper."""
    run = world.store().latest(1)[0]
    for size, (width, height) in SIZES.items():
        with context_of(browser, width=width, height=height) as context:
            page = context.new_page()
            page.set_content(as_page(document_of(run), run.seal))
            page.screenshot(path=FOLDER / f"report-{size}-light.png")
    (FOLDER / "report-timeline.png").write_bytes(timeline(document_of(run)))


def _approve(world: World, title: str) -> None:
    card = [each for each in world.workspace.messages(CHANNEL) if title in each.plain()][-1]
    world.workspace.click("approver", card, "Approve termination")
    view = world.workspace.wait_for(lambda: world.workspace.modals("approver"), 10)[-1]
    world.workspace.fill("approver", view, title.removeprefix("Live drill of "))


def _to_window(page: Page) -> None:
    page.get_by_role("button", name="Approve termination").last.click()
    page.get_by_role("dialog").get_by_role("textbox").fill("orders-db")


def _to_top(page: Page) -> None:
    """Of the newest card: what came of the run."""
    Window(page).card("Live drill of").evaluate("node => node.scrollIntoView({ block: 'start' })")


def _refresh(page: Page) -> None:
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#home")).to_contain_text("next drill")


def _to_thread(page: Page) -> None:
    page.get_by_role("button", name="replies").last.click()


def _all(
    world: World,
    browser: Browser,
    name: str,
    act: Callable[[Page], None] = lambda page: None,
    address: str = "",
    place: str = CHANNEL,
    folded: bool = True,
) -> None:
    """One stage in all sizes and themes; `folded` as by somebody who has read what newcomers are told."""
    for size, (width, height) in SIZES.items():
        for theme, dark in THEMES.items():
            with context_of(browser, width=width, height=height, dark=dark) as context:
                if folded:
                    context.add_init_script("try { localStorage.setItem('guide-read', 'yes') } catch {}")
                page = context.new_page()
                if address:
                    page.goto(address)
                else:
                    addressed(
                        page,
                        world.workspace.url,
                        "U0OPERATOR" if name in ("welcome", "channel") else "U0APPROVER",
                        place,
                    )
                page.wait_for_timeout(800)  # a picture, not a test: until everything is drawn
                act(page)
                page.mouse.move(0, 0)  # what shows under the pointer alone would lie over the text
                page.screenshot(path=FOLDER / f"{name}-{size}-{theme}.png")
                _close(page)


def _close(page: Page) -> None:
    """A window that stays open would lie over every later picture of its owner's."""
    window = page.get_by_role("dialog")
    if window.is_visible():
        window.get_by_role("button", name="Not now").click()
        expect(window).to_be_hidden()


if __name__ == "__main__":
    main()
