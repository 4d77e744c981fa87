"""A bot for each test, on a workspace of its own."""

from collections.abc import Iterator

import pytest

from practice.workspace import Workspace
from practice.world import MANIFEST
from tests.attacks.bot import Bot
from tests.practice.workspace_apps import Served
from tests.stage import Stage


@pytest.fixture
def bot(stage: Stage) -> Iterator[Bot]:
    served = Served()
    with Workspace(MANIFEST, request_url=served.url) as space:
        yield Bot(stage, space, served)
    served.close()
