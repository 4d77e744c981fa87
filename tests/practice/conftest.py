"""A browser for the tests of pages, and the workspace with an app in it that they look at."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, expect

from practice.workspace import Workspace
from tests.practice.browser import addressed, context_of, open_browser
from tests.practice.page_app import PageApp, inhabited

Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What goes to the app and back is tested in both modes."""
    if "_inhabited" in metafunc.fixturenames:
        both = metafunc.module.__name__.endswith(("test_page_elements", "test_page_modals"))
        modes = {"socket-mode": False, **({"http-mode": True} if both else {})}
        metafunc.parametrize("_inhabited", modes.values(), indirect=True, ids=modes.keys(), scope="module")


@pytest.fixture(scope="module")
def _inhabited(request: pytest.FixtureRequest) -> Iterator[tuple[Workspace, PageApp]]:
    """One for all tests of a file: an app takes half a second to connect."""
    with inhabited(request.param) as both:
        yield both


@pytest.fixture
def space(_inhabited: tuple[Workspace, PageApp]) -> Workspace:
    """A workspace in which nothing has been said yet."""
    _inhabited[0].clear()
    return _inhabited[0]


@pytest.fixture
def app(_inhabited: tuple[Workspace, PageApp], space: Workspace) -> PageApp:
    del space
    _inhabited[1].forget()
    return _inhabited[1]


@pytest.fixture
def opened(browser: Browser, space: Workspace) -> Iterator[Opener]:
    """Opens a window: opened("U0APPROVER", "C0DROPS", width=380)."""
    with ExitStack() as windows:

        def open_page(person: str = "U0OPERATOR", place: str = "C0DROPS", **window: int | bool) -> Page:
            context = windows.enter_context(context_of(browser, **window))  # type: ignore[arg-type]
            page = addressed(context.new_page(), space.url, person, place)
            expect(page.get_by_text(re.compile("App (connected|reached by HTTP)"))).to_be_visible()
            return page

        yield open_page


@pytest.fixture
def page(opened: Opener, app: PageApp) -> Page:
    """The channel as the operator sees it, with the app connected."""
    del app
    return opened()
