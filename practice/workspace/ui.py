"""The page in the browser: the addresses behind it, and what a person does on it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from practice.workspace.events import Events
from practice.workspace.inputs import Values
from practice.workspace.interactions import Interactions, Place
from practice.workspace.modals import NO_CONNECTION, Modals
from practice.workspace.parts import Json, find_element
from practice.workspace.records import Delivery, Message, Person
from practice.workspace.refusals import Refused
from practice.workspace.seen import seen_by
from practice.workspace.sockets import Sockets
from practice.workspace.state import State

PAGE = Path(__file__).parent / "page"
_BEAT = 15.0
"""Seconds after which a silent event stream says that it is still there."""
_PICTURES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}
Deed = Callable[[Person, dict[str, Any]], Awaitable[dict[str, Any]]]


class Ui:
    """Routes under /ui/, all of which need the key of this start. No `sockets` in HTTP mode."""

    def __init__(
        self,
        state: State,
        interactions: Interactions,
        modals: Modals,
        events: Events,
        sockets: Sockets | None,
        tabs: Sequence[tuple[str, str]] = (),
        welcome: str = "",
    ) -> None:
        self._state = state
        self._interactions = interactions
        self._modals = modals
        self._told = events
        self._sockets = sockets
        self._tabs = tabs
        self._welcome = welcome
        self._closing = asyncio.Event()

    def routes(self) -> list[web.AbstractRouteDef]:
        deeds: dict[str, Deed] = {
            "say": self.say,
            "act": self.act,
            "shortcut": self.shortcut,
            "suggest": self.suggest,
            "submit": self.submit,
            "close": self.close_view,
            "home": self.open_home,
        }
        return [
            web.get("/", self.page),
            web.get("/ui/state", self.state),
            web.get("/ui/events", self.events),
            web.get("/ui/file/{id}", self.file),
            *[web.post(f"/ui/{name}", self._doing(deed)) for name, deed in deeds.items()],
            web.static("/page", PAGE),
        ]

    def _doing(self, deed: Deed) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Somebody does something: {person, …} as JSON. What Slack would refuse is answered with 400."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                body = json.loads(await request.text())
                if not isinstance(body, dict):
                    raise Refused("invalid_json")
                return web.json_response(await deed(self._state.team.person(str(body.get("person"))), body))
            except ValueError:
                return web.json_response({"ok": False, "error": "invalid_json"}, status=400)
            except Refused as refusal:
                return web.json_response(refusal.body(), status=400)

        return handle

    async def close(self, _application: web.Application) -> None:
        self._closing.set()

    async def page(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "index.html")

    async def state(self, request: web.Request) -> web.StreamResponse:
        with self._state.changes.reading():
            seen = seen_by(self._state, request.query.get("person", ""), request.query.get("channel", ""))
        tabs = [{"title": title, "address": address} for title, address in self._tabs]
        reached = {"by_http": self._sockets is None, "connected": self._sockets.count if self._sockets else 0}
        return web.json_response({**seen, **reached, "tabs": tabs, "welcome": self._welcome})

    async def file(self, request: web.Request) -> web.StreamResponse:
        """An uploaded file. Pictures are shown; all else is handed over as a download and never as a page."""
        try:
            with self._state.changes.reading():
                upload = self._state.files.sent(request.match_info["id"])
        except Refused as refusal:
            return web.Response(status=404, text=refusal.error)
        kind = _PICTURES.get(upload.name.rpartition(".")[2].lower())
        headers = {} if kind else {"Content-Disposition": "attachment"}
        return web.Response(body=upload.data, content_type=kind or "application/octet-stream", headers=headers)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: a number whenever something changed. The page then asks for the state."""
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def ring() -> None:
            loop.call_soon_threadsafe(changed.set)

        forget = self._state.changes.listen(ring)
        try:
            while not self._closing.is_set():
                changed.clear()
                await stream.write(f"data: {self._state.changes.version}\n\n".encode())
                await self._wait_for(changed)
        except ConnectionError:
            pass
        finally:
            forget()
        return stream

    async def _wait_for(self, changed: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (changed, self._closing)]
        await asyncio.wait(waits, timeout=_BEAT, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def say(self, person: Person, body: dict[str, Any]) -> dict[str, Any]:
        """{channel, text, thread_ts?}"""
        channel = self._state.team.channel(str(body.get("channel")))
        text, thread_ts = str(body.get("text", "")), body.get("thread_ts")
        return _told(await self._interactions.say(person, channel, text, thread_ts))

    async def shortcut(self, person: Person, body: dict[str, Any]) -> dict[str, Any]:
        """{callback_id}, and {channel, ts} of the message at which it is taken"""
        callback_id = str(body.get("callback_id"))
        if not body.get("ts"):
            return _told(await self._interactions.shortcut(person, callback_id))
        return _told(await self._interactions.shortcut_on(person, self._message(person, body), callback_id))

    async def act(self, person: Person, body: dict[str, Any]) -> dict[str, Any]:
        """{view_id | channel, ts; block_id, action_id, given?, values?}"""
        place, element = self._found(person, body)
        block_id, values = str(body["block_id"]), _values(body)
        return _told(await self._interactions.act(person, place, block_id, element, body.get("given"), values))

    async def suggest(self, person: Person, body: dict[str, Any]) -> dict[str, Any]:
        """{view_id | channel, ts; block_id, action_id, typed}"""
        place, element = self._found(person, body)
        typed = str(body.get("typed", ""))
        return {"ok": True, **await self._interactions.suggest(person, place, str(body["block_id"]), element, typed)}

    async def submit(self, person: Person, body: dict[str, Any]) -> dict[str, Any]:
        """{view_id, values}. The answer has `faults` by block_id, or a `notice` when the app did not answer well."""
        delivery, faults = await self._modals.submit(person, str(body.get("view_id")), _values(body))
        notice = NO_CONNECTION if delivery.error and not faults else None
        return {**_told(delivery), "faults": dict(faults), "notice": notice}

    async def close_view(self, person: Person, body: dict[str, Any]) -> dict[str, Any]:
        """{view_id}"""
        return _told(await self._modals.close(person, str(body.get("view_id"))))

    async def open_home(self, person: Person, _body: dict[str, Any]) -> dict[str, Any]:
        self._told.home_opened(person)
        return {"ok": True}

    def _message(self, person: Person, body: dict[str, Any]) -> Message:
        """The one that is named, as this person sees it. Refused: message_not_found."""
        found = self._state.board.find(str(body.get("channel")), str(body.get("ts")))
        if found is None or found.ephemeral_for not in (None, person.id):
            raise Refused("message_not_found")
        return found

    def _found(self, person: Person, body: dict[str, Any]) -> tuple[Place, Json]:
        """What was used, and where. Refused: view_not_found, message_not_found, element_not_found."""
        place: Place | None
        with self._state.changes.reading():
            if body.get("view_id"):
                place = self._state.views.find(person.id, str(body["view_id"]))
            else:
                place = self._message(person, body)
        element = find_element(place.blocks, body.get("block_id"), body.get("action_id"))
        if element is None:
            raise Refused("element_not_found")
        return place, element


def _values(body: dict[str, Any]) -> Values:
    values = body.get("values")
    return values if isinstance(values, dict) else {}


def _told(delivery: Delivery) -> dict[str, Any]:
    return {"ok": delivery.error is None, "error": delivery.error, "acked_in": delivery.acked_in}
