"""In which order the suite goes through its rooms, and who plays what: tests that wait for a browser or a process come
beside tests that compute, so that a machine is used to the full."""

from collections.abc import Sequence
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

#: Its tests share a practice world, whose two processes take as long to start as a test: one player has all of them.
SHARED = "tests/processes"
#: These take longest: they begin first.
FIRST = (SHARED, "tests/pages")


def file_of(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def room_of(file: str) -> str:
    """Its folder."""
    return file.rpartition("/")[0]


def side_by_side(files: Sequence[str]) -> list[str]:
    """In the order in which they are begun: all rooms come as far as one another, and each keeps its own order."""
    rooms: dict[str, list[str]] = {}
    for each in files:
        rooms.setdefault(room_of(each), []).append(each)

    def place(file: str) -> float:
        room = rooms[room_of(file)]
        return FIRST.index(room_of(file)) - len(FIRST) if room_of(file) in FIRST else room.index(file) / len(room)

    return sorted(files, key=place)


class ByRoom(LoadFileScheduling):  # type: ignore[misc]
    """A file is played by one process, and so is the room that shares a world."""

    def _split_scope(self, nodeid: str) -> str:
        file = file_of(nodeid)
        return SHARED if room_of(file) == SHARED else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {file: at for at, file in enumerate(side_by_side(list(dict.fromkeys(file_of(i.nodeid) for i in items))))}
    items.sort(key=lambda item: order[file_of(item.nodeid)])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByRoom | None:
    return ByRoom(config, log) if config.getvalue("dist") == "loadfile" else None
