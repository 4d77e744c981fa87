"""A question that nobody answers."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from practice.servers import settings_text
from practice.world import World
from tests.pages.people import QUICK, Windows

#: Long enough to be seen, short enough to be waited for.
MINUTES = 0.05


@pytest.fixture
def hasty(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world whose approvals expire after three seconds."""
    del browser

    def settings(login: str, region: str) -> str:
        return f"approval_minutes = {MINUTES}\n{settings_text(login, region)}"

    with World(tmp_path_factory.mktemp("hasty"), QUICK, settings=settings) as world:
        yield world


def test_a_question_that_nobody_answers_expires_and_its_buttons_go(browser: Browser, hasty: World) -> None:
    windows = Windows(browser, hasty)
    operator = windows.of("U0OPERATOR")
    operator.types("/dr drill orders-db --live")
    card = operator.card("Live drill of orders-db")
    operator.sees(card, "Expired")
    operator.sees(card, "Nobody approved it in time. Nothing was terminated.")
    assert card.get_by_role("button").count() <= 1  # the thread's link alone
    assert hasty.lab.tree(hasty.instances["orders-db"]).exists()
    windows.close()
