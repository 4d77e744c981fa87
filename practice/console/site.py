"""The console's addresses under /world/, behind the guard that keeps the practice workspace."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from practice.console import trees
from practice.console.aws_faults import aws_faults
from practice.console.guide import lines
from practice.console.panel import Panel, UnknownFault
from practice.console.picture import picture
from practice.console.process_faults import process_faults
from practice.console.slack_faults import slack_faults
from practice.console.stage import AlreadyPlaying, Stage
from practice.console.upcoming import NothingAhead, Upcoming

if TYPE_CHECKING:
    from practice.world import World

ADDRESS = "/world/cloud"
#: The script with which the channel greets.
WELCOME = "/world/page/welcome.js"
PAGE = Path(__file__).parent / "page"
#: Seconds between two moves of the drill that plays by itself.
PAUSE = 1.5

Json = dict[str, Any]
#: What a person does on the page: the fields of the request → the fields of the answer.
Deed = Callable[[Json], Json]


class Console:
    """One world, seen and handled from the browser."""

    def __init__(self, world: "World", pause: float = PAUSE) -> None:
        self._world = world
        self._stage = Stage(world, pause)
        self._upcoming = Upcoming(world)
        self._deciding = threading.Lock()

    @cached_property
    def _panel(self) -> Panel:
        """Made at the first request: the world is whole by then."""
        world = self._world
        return Panel([*aws_faults(world.lab), *slack_faults(world.workspace), *process_faults(world)])

    def add_to(self, application: web.Application) -> None:
        """Add the routes to the workspace's application."""
        deeds: dict[str, Deed] = {
            "begin": self._begin,
            "end": self._end,
            "clear": self._clear,
            "finish": self._finish,
            "ahead": self._ahead,
            "play": self._play,
            "list": self._list,
            "open": self._open,
            "save": self._save,
        }
        application.router.add_get(ADDRESS, _page)
        application.router.add_get("/world/state", _answering(self._state))
        application.router.add_get("/world/newcomer", _answering(self._newcomer))
        for name, deed in deeds.items():
            application.router.add_post(f"/world/{name}", _answering(deed))
        application.router.add_static("/world/page", PAGE)

    def _state(self, body: Json) -> Json:
        return {
            **picture(self._world.lab),
            "faults": self._panel.shown(),
            "on": self._panel.on(),
            "clock": self._upcoming.shown(),
            **self._newcomer(body),
        }

    def _newcomer(self, _body: Json) -> Json:
        return {"play": self._stage.shown(), "guide": lines()}

    def _begin(self, body: Json) -> Json:
        """{name, choice}: a fault."""
        with self._deciding:
            self._panel.begin(str(body["name"]), str(body.get("choice", "")))
        return {}

    def _end(self, body: Json) -> Json:
        """{name, choice}: a fault that is on."""
        with self._deciding:
            self._panel.end(str(body["name"]), str(body.get("choice", "")))
        return {}

    def _clear(self, _body: Json) -> Json:
        with self._deciding:
            self._panel.clear()
        return {}

    def _finish(self, _body: Json) -> Json:
        self._world.lab.pace.finish()
        return {}

    def _ahead(self, _body: Json) -> Json:
        with self._deciding:
            self._upcoming.go()
        return {}

    def _play(self, _body: Json) -> Json:
        self._stage.begin()
        return {}

    def _list(self, body: Json) -> Json:
        """{instance, path}: a directory."""
        return {"entries": trees.listing(self._tree(body), str(body["path"]))}

    def _open(self, body: Json) -> Json:
        """{instance, path}: a text file."""
        return asdict(trees.read(self._tree(body), str(body["path"])))

    def _save(self, body: Json) -> Json:
        """{instance, path, text, digest}: the digest is that of the text that was opened."""
        text, digest = str(body["text"]), str(body["digest"])
        return asdict(trees.write(self._tree(body), str(body["path"]), text, digest))

    def _tree(self, body: Json) -> Path:
        """Raises CannotOpen for what is no living instance."""
        instance_id = str(body["instance"])
        if instance_id not in self._world.lab.living():
            raise trees.CannotOpen("There is no such instance (any more), and its disk is gone with it.")
        return self._world.lab.tree(instance_id)


async def _page(_request: web.Request) -> web.StreamResponse:
    return web.FileResponse(PAGE / "cloud.html")


def _answering(deed: Deed) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """JSON in, JSON out, and beside the event loop, since the lab may be busy."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            body = json.loads(await request.text() or "{}")
            if not isinstance(body, dict):
                raise ValueError("no object")
            return web.json_response({"ok": True, **await asyncio.to_thread(deed, body)})
        except (KeyError, ValueError):
            return _refused("The request is not well formed.")
        except UnknownFault as fault:
            return _refused(f"There is no such fault: {fault}.")
        except (trees.CannotOpen, AlreadyPlaying, NothingAhead) as why:
            return _refused(str(why))

    return handle


def _refused(why: str) -> web.Response:
    return web.json_response({"ok": False, "error": why}, status=400)
