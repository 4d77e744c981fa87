"""The server: one thread with its own event loop on a free port of 127.0.0.1."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from aiohttp import web

T = TypeVar("T")

_STARTED_WITHIN = 10.0


class Server:
    """Serves an aiohttp application until it is told to stop; other threads hand it coroutines."""

    def __init__(self, application: web.Application) -> None:
        self._application = application
        self._loop = asyncio.new_event_loop()
        self._runner: web.AppRunner | None = None
        self._thread = threading.Thread(target=self._run, name="practice-workspace", daemon=True)
        self.port = 0

    def start(self) -> int:
        """Listen, and give the port."""
        self._thread.start()
        self.port = self.call(self._listen(), _STARTED_WITHIN)
        return self.port

    def stop(self) -> None:
        """Close everything and end the thread. Safe to call twice."""
        if not self._thread.is_alive():
            return
        if self._runner is not None:
            self.call(self._runner.cleanup(), _STARTED_WITHIN)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STARTED_WITHIN)

    def call(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Run a coroutine in the server's thread and wait for its result."""
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError("this would wait for its own thread")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def do(self, work: Callable[[], T]) -> T:
        """Run a plain function in the server's thread, which may be this one, and give its result."""
        if threading.current_thread() is self._thread:
            return work()

        async def done() -> T:
            return work()

        return self.call(done())

    async def _listen(self) -> int:
        self._runner = web.AppRunner(self._application, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        address: tuple[str, int] = self._runner.addresses[0]
        return address[1]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            pending = asyncio.all_tasks(self._loop)
            for task in pending:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()
