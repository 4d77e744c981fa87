"""A real browser for the tests of pages. Where there is none, they are skipped with a plain reason."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

MISSING = "no Chromium on this machine: apt-get install chromium"
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
#: Milliseconds within which everything on a page must have happened.
PATIENCE = 5_000


def find_chromium() -> str | None:
    """The program's path: CHROMIUM in the environment, or the first one on the PATH."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next((path for name in _NAMES if (path := shutil.which(name))), None)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """One browser; the test is skipped where there is none."""
    program = find_chromium()
    if program is None:
        pytest.skip(MISSING)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_ARGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def context_of(browser: Browser, width: int = 1280, height: int = 900, dark: bool = False) -> Iterator[BrowserContext]:
    """A window of a size, in which a script's error or a refused request fails the test."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", locale="en-GB"
    )
    context.set_default_timeout(PATIENCE)
    faults: list[str] = []
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    try:
        yield context
    finally:
        context.close()
    unexpected = [fault for fault in faults if "400 (Bad Request)" not in fault]
    assert not unexpected, unexpected


def addressed(page: Page, url: str, person: str, place: str = "C0DROPS") -> Page:
    """The page as this person sees that channel."""
    page.goto(f"{url}&as={person}#{place}")
    return page


def faults_for_readers(page: Page) -> list[str]:
    """What axe finds wrong for those who use a keyboard or a screen reader."""
    found = Axe().run(page).response["violations"]
    return [f"{fault['id']}: {node['html']}" for fault in found for node in fault["nodes"]]
