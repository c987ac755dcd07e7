"""The life of the SDK's session manager: one per event loop, entered and left in one task."""

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Receive, Send

from django_mcp.conf import settings


class RunningManager:
    """A session manager that runs until it is stopped, or its loop ends."""

    def __init__(self, server: Server[Any]) -> None:
        self._manager = StreamableHTTPSessionManager(
            server, stateless=True, max_request_body_size=settings.MAX_REQUEST_BYTES
        )
        self._is_ready = asyncio.Event()
        self._is_stopping = asyncio.Event()
        self._owner = asyncio.create_task(self._run())

    async def ready(self) -> StreamableHTTPSessionManager:
        await self._is_ready.wait()
        return self._manager

    async def stop(self) -> None:
        self._is_stopping.set()
        await self._owner

    async def _run(self) -> None:
        async with self._manager.run():
            self._is_ready.set()
            await self._is_stopping.wait()


class SessionManagers:
    """The session managers of a server: started with the lifespan, or by the first request.

    Servers may send no lifespan events (`uvicorn --lifespan off`), and Django's own application
    refuses them.
    """

    def __init__(self, server: Server[Any]) -> None:
        self._server = server
        self._running: WeakKeyDictionary[asyncio.AbstractEventLoop, RunningManager] = (
            WeakKeyDictionary()
        )

    async def current(self) -> StreamableHTTPSessionManager:
        """The manager of the running loop."""
        loop = asyncio.get_running_loop()
        running = self._running.get(loop)
        if running is None:
            running = self._running[loop] = RunningManager(self._server)
        return await running.ready()

    async def serve_lifespan(self, receive: Receive, send: Send) -> None:
        """Answer the server's lifespan events until it shuts down."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.current()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                running = self._running.pop(asyncio.get_running_loop(), None)
                if running is not None:
                    await running.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return
