"""The page in the browser: what it shows, and what a person does on it."""

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web

from practice.workspace.emoji import EMOJI
from practice.workspace.interactions import Interactions
from practice.workspace.records import Delivery, Message
from practice.workspace.refusals import Refused
from practice.workspace.sockets import Sockets
from practice.workspace.state import State

PAGE = Path(__file__).parent / "page"
_BEAT = 15.0
"""Seconds after which a silent event stream says that it is still there."""


class Ui:
    """Routes under /ui/, all of which need the key of this start."""

    def __init__(self, state: State, interactions: Interactions, sockets: Sockets) -> None:
        self._state = state
        self._interactions = interactions
        self._sockets = sockets
        self._closing = asyncio.Event()

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/", self.page),
            web.get("/ui/state", self.state),
            web.get("/ui/events", self.events),
            web.post("/ui/say", self.say),
            web.post("/ui/click", self.click),
            web.static("/page", PAGE),
        ]

    async def close(self, _application: web.Application) -> None:
        self._closing.set()

    async def page(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "index.html")

    async def state(self, request: web.Request) -> web.StreamResponse:
        """Everything that one person sees in one channel."""
        with self._state.changes.reading():
            return web.json_response(self._seen_by(request.query.get("person", ""), request.query.get("channel", "")))

    def _seen_by(self, person: str, channel: str) -> dict[str, Any]:
        team, board = self._state.team, self._state.board
        shown = [*board.shared(channel), *board.ephemerals(person, channel)]
        return {
            "bot": team.bot_name,
            "connected": self._sockets.count,
            "commands": list(self._state.manifest.commands),
            "people": [{"id": each.id, "name": each.name, "real_name": each.real_name} for each in team.people],
            "channels": [{"id": each.id, "name": each.name} for each in team.channels.values()],
            "names": dict(team.names.people),
            "emoji": EMOJI,
            "messages": [_drawn(message) for message in sorted(shown, key=lambda each: each.ts)],
        }

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

    async def say(self, request: web.Request) -> web.StreamResponse:
        """{person, channel, text, thread_ts?}"""
        body = await request.json()
        try:
            person = self._state.team.person(str(body.get("person")))
            channel = self._state.team.channel(str(body.get("channel")))
            delivery = await self._interactions.say(person, channel, str(body.get("text", "")), body.get("thread_ts"))
        except Refused as refusal:
            return web.json_response(refusal.body(), status=400)
        return web.json_response(_told(delivery))

    async def click(self, request: web.Request) -> web.StreamResponse:
        """{person, channel, ts, block_id, action_id}"""
        body = await request.json()
        try:
            person = self._state.team.person(str(body.get("person")))
            message = self._state.board.find(str(body.get("channel")), str(body.get("ts")))
            if message is None:
                raise Refused("message_not_found")
            pressed = (body.get("block_id"), body.get("action_id"))
            for button in message.buttons():
                if (button.block_id, button.action_id) == pressed:
                    return web.json_response(_told(await self._interactions.press(person, message, button)))
        except Refused as refusal:
            return web.json_response(refusal.body(), status=400)
        return web.json_response({"ok": False, "error": "button_not_found"}, status=400)


def _told(delivery: Delivery) -> dict[str, Any]:
    return {"ok": delivery.error is None, "error": delivery.error, "acked_in": delivery.acked_in}


def _drawn(message: Message) -> dict[str, Any]:
    return {
        "ts": message.ts,
        "user": message.user,
        "text": message.text,
        "blocks": list(message.blocks),
        "thread_ts": message.thread_ts if message.is_reply else None,
        "edited": message.shows_edited,
        "ephemeral": message.ephemeral_for is not None,
        "files": [file.get("title") for file in message.files],
        "reactions": {name: len(who) for name, who in message.reactions.items()},
    }
