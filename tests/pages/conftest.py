"""The whole practice world and a browser in which people click: in Socket Mode and in HTTP mode."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from practice.servers import settings_text
from practice.world import World
from tests.pages.people import QUICK, Windows
from tests.practice.browser import open_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module", params=[False, True], ids=["socket-mode", "http-mode"])
def shared(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    del browser  # without one, the tests are skipped before a world is opened
    with World(tmp_path_factory.mktemp("world"), QUICK, http=request.param, settings=quiet) as world:
        yield world


def quiet(login: str, region: str) -> str:
    """Without the digest, for which the clock would run ahead where a test expects nothing more."""
    return settings_text(login, region).replace("[announcements]\n", '[announcements]\ndigest = ""\n')


@pytest.fixture
def world(shared: World) -> Iterator[World]:
    yield shared
    shared.lab.faults.clear()
    shared.lab.pace.usual_images()
    shared.workspace.faults.clear()


@pytest.fixture
def windows(browser: Browser, world: World) -> Iterator[Windows]:
    opened = Windows(browser, world)
    yield opened
    opened.close()
