"""ASGI server for requests that have come to a view already."""

import asyncio

from django_mcp.transports.wsgi.connection import Application, Body, Connection, Message
from django_mcp.transports.wsgi.event_loop import EventLoopThread


class ASGIServer:
    """Server of `application` on one event loop, with the lifespan event of its end.

    When the loop ends, the clients of open requests count as gone, and the application shuts down.
    """

    def __init__(self, application: Application, thread: EventLoopThread) -> None:
        self._application = application
        self._thread = thread
        self._open: dict[asyncio.Task[None], Connection] = {}
        thread.before_end(self._close)

    def open(self, scope: Message, body: Body) -> Connection:
        """Begin to serve a request, from any thread. Raises `LoopEndingError`."""
        connection = Connection(self._thread.loop, body)
        # In the context of the request: logs and traces of the tool belong to it.
        self._thread.call_soon(self._begin, connection, scope)
        return connection

    def _begin(self, connection: Connection, scope: Message) -> None:
        task = self._thread.loop.create_task(connection.serve(self._application, scope))
        self._open[task] = connection
        task.add_done_callback(self._open.pop)

    async def _close(self) -> None:
        for connection in tuple(self._open.values()):
            connection.disconnect()

        async def receive() -> Message:
            return {"type": "lifespan.shutdown"}

        async def send(message: Message) -> None:
            pass

        await self._application({"type": "lifespan"}, receive, send)
