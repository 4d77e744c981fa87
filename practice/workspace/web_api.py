"""The HTTP side of the Web API, of response URLs and of uploads: reading requests, and the faults of the network."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from practice.workspace.api import Answer, Api, rate_limited
from practice.workspace.args import Args
from practice.workspace.faults import Faults
from practice.workspace.refusals import Refused
from practice.workspace.responses import Responses
from practice.workspace.state import State

RESPOND = "respond"
_GONE = frozenset({"used_url", "expired_url", "invalid_url"})


async def read_args(request: web.Request) -> dict[str, Any]:
    """JSON, a form or a query. An empty body is fine: auth.test comes as JSON without one."""
    given: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        body = await request.text()
        sent = json.loads(body) if body.strip() else {}
        return {**given, **sent} if isinstance(sent, dict) else given
    if request.can_read_body:
        given |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return given


def token_of(request: web.Request, args: dict[str, Any]) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else args.get("token")


class WebApi:
    """Routes. What a call means is decided elsewhere; here it may be delayed, lost, or find nobody at home."""

    def __init__(self, state: State, api: Api, responses: Responses, faults: Faults) -> None:
        self._state = state
        self._api = api
        self._responses = responses
        self._faults = faults

    def routes(self) -> list[web.RouteDef]:
        return [
            web.route("*", "/api/{method}", self.call),
            web.post("/respond/{id}", self.respond),
            web.post("/upload/{ticket}", self.upload),
        ]

    async def call(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        try:
            args = await read_args(request)
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_json"})
        token = token_of(request, args)
        args.pop("token", None)
        return await self._carry_out(request, name, args, lambda: self._api.answer(name, token, Args(args)))

    async def respond(self, request: web.Request) -> web.StreamResponse:
        try:
            args = json.loads(await request.text())
        except ValueError:
            args = None
        if not isinstance(args, dict):
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        return await self._carry_out(request, RESPOND, args, lambda: self._use(request.match_info["id"], Args(args)))

    def _use(self, id_: str, args: Args) -> Answer:
        try:
            limited = self._faults.meet(RESPOND)
            if limited:
                return rate_limited(limited.retry_after)
            with self._state.changes.writing():
                self._responses.use(id_, args)
            return Answer({"ok": True})
        except Refused as refusal:
            return Answer(refusal.body(), 404 if refusal.error in _GONE else 400)

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Raw bytes, whatever the content type claims."""
        data = await request.read()
        if self._faults.is_away:
            return web.Response(status=503)
        try:
            with self._state.changes.writing():
                self._state.files.receive(request.match_info["ticket"], data)
        except Refused as refusal:
            return web.Response(status=400, text=refusal.error)
        return web.Response(text=f"OK - {len(data)}")

    async def _carry_out(
        self, request: web.Request, name: str, args: dict[str, Any], answer: Callable[[], Answer]
    ) -> web.StreamResponse:
        await asyncio.sleep(self._faults.delay(name))
        if self._faults.is_away:
            self._api.note(name, args, "away")
            return web.Response(
                text="<html><body>Service Unavailable</body></html>", status=503, content_type="text/html"
            )
        lost = self._faults.loses(name)
        given = answer()
        self._api.note(name, args, "lost" if lost else given.outcome)
        if lost and request.transport is not None:
            request.transport.abort()
        return web.json_response(dict(given.body), status=given.status, headers=dict(given.headers))
