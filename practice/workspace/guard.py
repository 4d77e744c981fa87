"""Who may speak to the server: this machine, this address, and for the page, who has the key.

A page of any website could otherwise press "Approve" through the browser of whoever practises.
"""

import secrets
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_OWN = ("127.0.0.1", "localhost")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def _own_host(host: str) -> bool:
    """With or without a port: some websocket clients leave it out."""
    return host.partition(":")[0] in _OWN


def _own_origin(origin: str, port: int | None) -> bool:
    return origin in {f"http://{name}:{port}" for name in _OWN}


def _needs_key(path: str) -> bool:
    """The page, what it asks, and what others add under /world/. Scripts and styles are no secret: /…/page/."""
    return path in ("/", "/world") or (path.startswith(("/ui/", "/world/")) and not path.startswith("/world/page/"))


def make_guard(key: str) -> Middleware:
    """The middleware. A foreign Host or Origin gets 403, and so does what needs the key without it."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _own_host(request.headers.get("Host", "")):
            return web.Response(status=403, text="This server answers to 127.0.0.1 and localhost only.\n")
        origin = request.headers.get("Origin")
        socket = request.transport.get_extra_info("sockname") if request.transport else None
        if origin is not None and not _own_origin(origin, socket[1] if socket else None):
            return web.Response(status=403, text="Requests from other pages are refused.\n")
        if _needs_key(request.path) and not secrets.compare_digest(request.query.get("key", "").encode(), key.encode()):
            return web.Response(status=403, text="Open the page by the address that was printed at the start.\n")
        return await handler(request)

    return guard


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """For every answer, before it leaves."""
    response.headers.update(_HEADERS)
