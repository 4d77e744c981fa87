"""Socket Mode: tickets, connections, envelopes and their acks. Lives in the server's thread."""

import asyncio
import json
import secrets
import time
import uuid
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web

from practice.workspace.changes import Changes
from practice.workspace.couriers import Ack, patiently
from practice.workspace.faults import Faults
from practice.workspace.team import APP_ID

MOST_CONNECTIONS = 10


class Sockets:
    """Hands each envelope to exactly one of the app's connections, in turn."""

    def __init__(self, now: Callable[[], float], changes: Changes, base_url: Callable[[], str]) -> None:
        self._now = now
        self._changes = changes
        self._base_url = base_url
        self._tickets: set[str] = set()
        self._connections: list[tuple[web.WebSocketResponse, web.Request]] = []
        self._pending: dict[str, asyncio.Future[Any]] = {}
        self._turn = 0

    @property
    def count(self) -> int:
        return len(self._connections)

    def issue(self) -> str:
        """An address that opens one connection. Plain ws on loopback: the SDK chooses TLS by the port."""
        ticket = secrets.token_urlsafe(24)
        self._tickets.add(ticket)
        return f"{self._base_url().replace('http', 'ws', 1)}/link/?ticket={ticket}&app_id={APP_ID}"

    async def serve(self, request: web.Request, faults: Faults) -> web.StreamResponse:
        """One connection, from its hello to its end. A ticket is good once."""
        if faults.is_away:
            return web.Response(status=503)
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=408 if ticket else 401)
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse(compress=False, autoping=True)
        await socket.prepare(request)
        if self.count >= MOST_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        connection = (socket, request)
        self._connections.append(connection)
        try:
            await socket.send_json(self._hello())
            self._ring()
            await self._listen(socket)
        finally:
            if connection in self._connections:
                self._connections.remove(connection)
            self._ring()
        return socket

    async def deliver(self, kind: str, payload: dict[str, Any]) -> Ack:
        """Send one envelope. The error is dispatch_failed without a connection, operation_timeout without an ack."""
        envelope_id = str(uuid.uuid4())
        socket = self._next()
        if socket is None:
            return Ack(envelope_id, error="dispatch_failed")
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._pending[envelope_id] = answer
        started = time.perf_counter()
        envelope = {
            "envelope_id": envelope_id,
            "type": kind,
            "accepts_response_payload": kind != "events_api",
            "payload": payload,
        }
        try:
            await socket.send_json(envelope)
            if not await patiently(answer, self._now):
                return Ack(envelope_id, error="operation_timeout")
            return Ack(envelope_id, answer.result(), time.perf_counter() - started)
        except ConnectionError:
            return Ack(envelope_id, error="operation_timeout")
        finally:
            del self._pending[envelope_id]

    def drop(self) -> None:
        """Cut every connection without a goodbye, as a broken network does."""
        for _socket, request in self._connections:
            if request.transport is not None:
                request.transport.abort()
        self._connections.clear()

    async def refresh(self) -> None:
        """Ask every client to come back over a new connection, and hang up, as Slack does every few hours."""
        leaving = list(self._connections)
        self._connections.clear()
        for socket, request in leaving:
            await socket.send_json({"type": "disconnect", "reason": "refresh_requested"})
            if request.transport is not None:
                request.transport.close()

    async def close(self) -> None:
        for socket, _request in list(self._connections):
            await socket.close()

    def _next(self) -> web.WebSocketResponse | None:
        if not self._connections:
            return None
        self._turn += 1
        return self._connections[self._turn % len(self._connections)][0]

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        """Take acks until the connection ends. An ack that nobody waits for any more is too late."""
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                continue
            try:
                message = json.loads(frame.data)
            except ValueError:
                continue
            waiting = self._pending.get(message.get("envelope_id", ""))
            if waiting is not None and not waiting.done():
                waiting.set_result(message.get("payload"))

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": self.count,
            "connection_info": {"app_id": APP_ID},
            "debug_info": {"host": "practice", "approximate_connection_time": 18060},
        }

    def _ring(self) -> None:
        with self._changes.writing():
            pass
