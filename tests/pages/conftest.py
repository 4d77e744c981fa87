"""The whole practice world and a browser in which people click: in Socket Mode and in HTTP mode."""

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

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
    """Without the digest, for which the clock would run ahead where a test expects nothing more; with a freeze in five
    days; and with more calls to Slack than a minute of one channel has: here it has the drills of many tests."""
    text = settings_text(login, region).replace("[announcements]\n", '[announcements]\ndigest = ""\n')
    text = text.replace("[slack]\n", "[slack]\ncalls = 400\n")
    start = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(days=5)
    span = f'from = "{start.isoformat()}"\nuntil = "{(start + timedelta(hours=1)).isoformat()}"'
    return f'{text}\n[[freezes]]\n{span}\nreason = "moving day"\nservers = ["wiki"]\nbackups = false\n'


def freeze_of(world: World) -> datetime:
    """When it begins."""
    text = (world.folder / "firedrill.toml").read_text(encoding="utf-8")
    return datetime.fromisoformat(tomllib.loads(text)["freezes"][0]["from"])


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
