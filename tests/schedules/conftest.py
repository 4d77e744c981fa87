"""A team for each test that wants one."""

from collections.abc import Iterator

import pytest

from practice.workspace import Workspace
from practice.world import MANIFEST
from tests.practice.workspace_apps import Served
from tests.schedules.team import Team
from tests.stage import Stage


@pytest.fixture
def team(stage: Stage) -> Iterator[Team]:
    served = Served()
    with Workspace(MANIFEST, request_url=served.url) as space:
        yield Team(stage, space, served)
    served.close()


@pytest.fixture
def slow_team(stage: Stage) -> Iterator[Team]:
    """One whose Slack goes by the stage's clock. Its clicks reach nobody: a request's age is told by the machine's."""
    served = Served()
    with Workspace(MANIFEST, request_url=served.url, now=stage.clock.now) as space:
        yield Team(stage, space, served)
    served.close()
