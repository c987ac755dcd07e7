"""Lifespan of the SDK's session managers: per event loop, entered and left in one task."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial
from typing import Any, Self

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Receive, Send

from django_mcp.conf import settings
from django_mcp.threads.executors import finish_work


class RunningManagers:
    """Session managers of one loop; they run until they are stopped, or the loop ends.

    `streaming` can send messages before an answer. `single` cannot, and takes far less time.
    """

    def __init__(self, server: Server[Any]) -> None:
        manager = partial(
            StreamableHTTPSessionManager,
            server,
            stateless=True,
            max_request_body_size=settings.MAX_REQUEST_BYTES,
        )
        self.streaming = manager()
        self.single = manager(json_response=True)
        self._has_started = asyncio.Event()
        self._is_stopping = asyncio.Event()
        self._owner = asyncio.create_task(self._run())

    async def ready(self) -> Self:
        """Return the managers once they run. Raises the error that kept them from starting."""
        await self._has_started.wait()
        if self.has_ended:
            self._owner.result()
        return self

    async def stop(self) -> None:
        """Stop the managers, and wait for their end."""
        self._is_stopping.set()
        await self._owner

    @property
    def has_ended(self) -> bool:
        """True if the managers run no more."""
        return self._owner.done()

    def when_ended(self, call: Callable[[], None]) -> None:
        """Add a callback for their end, for whatever reason."""
        self._owner.add_done_callback(lambda _: call())

    async def _run(self) -> None:
        try:
            async with self.streaming.run(), self.single.run():
                self._has_started.set()
                await self._is_stopping.wait()
            # Calls go on without their clients, and a process that dies at once would leave records
            # that never end.
            with suppress(TimeoutError):
                async with asyncio.timeout(settings.SHUTDOWN_TIMEOUT):
                    await finish_work()
        finally:
            self._has_started.set()  # `ready` then finds that this has ended


class SessionManagers:
    """Session managers of a server: started with the lifespan, or by the first request.

    Servers may send no lifespan events (`uvicorn --lifespan off`), and Django's own application
    refuses them. Managers that could not start fail those who wait for them; the next to come
    starts others.
    """

    def __init__(self, server: Server[Any]) -> None:
        self._server = server
        # Whatever ends managers takes them out, so that no loop is kept that has ended. Weak keys
        # would keep them all: the managers' task refers to its loop.
        self._running: dict[asyncio.AbstractEventLoop, RunningManagers] = {}

    async def current(self) -> RunningManagers:
        """Return the managers of the running loop. Raises what kept them from starting."""
        loop = asyncio.get_running_loop()
        running = self._running.get(loop)
        if running is None or running.has_ended:
            running = self._running[loop] = RunningManagers(self._server)
            running.when_ended(lambda: self._forget(loop, running))
        return await running.ready()

    def _forget(self, loop: asyncio.AbstractEventLoop, ended: RunningManagers) -> None:
        if self._running.get(loop) is ended:
            del self._running[loop]

    async def stop(self) -> None:
        """Stop the managers of the running loop, if there are any."""
        running = self._running.pop(asyncio.get_running_loop(), None)
        if running is not None:
            await running.stop()


async def serve_lifespan(
    managers: Collection[SessionManagers], receive: Receive, send: Send
) -> None:
    """Serve the server's lifespan events until it shuts down: start the managers, and stop them."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                await asyncio.gather(*(each.current() for each in managers))
            except Exception as error:
                await send({"type": "lifespan.startup.failed", "message": repr(error)})
                raise
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await asyncio.gather(*(each.stop() for each in managers))
            await send({"type": "lifespan.shutdown.complete"})
            return
