"""One practice world at a time for this room: most tests share it, each with a server of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from practice.world import World
from tests.processes.play import ALSO, FAST, SETTINGS, Play


class Stand:
    """Holds the open world; another kind of world closes it and opens anew. The lab allows one in a process."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders
        self._http = False
        self._world: World | None = None

    def world(self, http: bool = False) -> World:
        """An open world of that kind, with both processes alive and nothing switched on."""
        if self._world is None or self._http != http:
            self.close()
            made = World(self._folder(), FAST, http=http, settings=lambda _login, _region: SETTINGS, also=ALSO)
            self._world, self._http = made.__enter__(), http
        self._mended(self._world)
        return self._world

    def close(self) -> None:
        if self._world is not None:
            self._world.stop()
        self._world = None

    def _folder(self) -> Path:
        return self._folders.mktemp("world")

    def _mended(self, world: World) -> None:
        world.lab.faults.clear()
        world.workspace.faults.clear()
        for name in ("worker", "bot"):
            if world.processes[name].poll() is not None:
                world.start_process(name)
        world.wait_reachable()
        self._ended(world)

    def _ended(self, world: World) -> None:
        """What a failed test has left undone is not the next one's."""
        store = world.store()
        for run in store.latest(50):
            if run.status.open:
                store.cancel(run.id, run.asked_by)
        world.workspace.wait_for(lambda: not any(run.status.open for run in store.latest(50)), 30)


@pytest.fixture(scope="package")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    made = Stand(tmp_path_factory)
    yield made
    made.close()


@pytest.fixture
def world(stand: Stand) -> World:
    return stand.world()


@pytest.fixture
def play(world: World, request: pytest.FixtureRequest) -> Play:
    return Play(world, request.node.name)


@pytest.fixture
def http_play(stand: Stand, request: pytest.FixtureRequest) -> Play:
    return Play(stand.world(http=True), request.node.name)
