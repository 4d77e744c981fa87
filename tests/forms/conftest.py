"""A bot in this process, on a workspace of its own whose clock stands still: on a busy machine no trigger runs out."""

import time
from collections.abc import Iterator

import pytest

from practice.workspace import Workspace
from practice.world import MANIFEST
from tests.attacks.bot import Bot
from tests.practice.workspace_apps import Served
from tests.stage import Stage


@pytest.fixture
def bot(stage: Stage) -> Iterator[Bot]:
    served, begun = Served(), time.time()
    with Workspace(MANIFEST, request_url=served.url, now=lambda: begun) as space:
        yield Bot(stage, space, served)
    served.close()
