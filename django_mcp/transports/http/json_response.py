"""JSON responses, for requests that send no notifications before their answer.

The SDK's streams cost a call nearly as much as all the rest of the protocol. What such a call needs
of them is done here, and only for a call that takes long: noticing that the client has left, and
becoming a stream after all, so that no proxy gives the connection up.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from anyio import CancelScope
from mcp.server.streamable_http import CONTENT_TYPE_SSE
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from django_mcp.transports.http.body import replay
from django_mcp.transports.http.streams import takes_streams

ATTENDED_AFTER_SECONDS = 0.1
"""After which a disconnect of the client is listened for; most calls take less."""

PING_INTERVAL_SECONDS = 15.0
"""Of silence that proxies and clients bear; the same as that of the SDK's streams."""

PING: Final = b": ping\r\n\r\n"
STREAM_HEADERS: Final = [
    (b"content-type", CONTENT_TYPE_SSE.encode("ascii")),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),  # nginx would keep the pings to itself
]


async def serve_single(
    application: ASGIApp, scope: Scope, body: bytes, receive: Receive, send: Send
) -> None:
    """Serve a request by an application that sends one JSON message.

    The client accepts a stream of events as well. When it leaves, the application is cancelled.
    Where the server takes no streams, the answer stays in one piece however long it takes.
    """
    answer = _Answer(send, may_stream=takes_streams(scope))
    pings: list[asyncio.Task[None]] = []
    with CancelScope() as serving:

        def start_pings() -> None:
            ping_task = asyncio.create_task(
                _ping_until_disconnect(answer, receive, leave=serving.cancel)
            )
            pings.append(ping_task)

        timer = asyncio.get_running_loop().call_later(ATTENDED_AFTER_SECONDS, start_pings)
        try:
            await application(scope, replay(body, receive), answer.send)
        finally:
            timer.cancel()
            for ping_task in pings:
                ping_task.cancel()


async def _ping_until_disconnect(
    answer: "_Answer", receive: Receive, *, leave: Callable[[], None]
) -> None:
    """Ping until the client leaves."""
    while True:
        coming = asyncio.ensure_future(receive())
        try:
            while not (await asyncio.wait({coming}, timeout=PING_INTERVAL_SECONDS))[0]:
                await answer.ping()
            if coming.result()["type"] == "http.disconnect":
                leave()
                return
        except OSError:  # so servers say, since version 2.4 of ASGI, that nobody takes the ping
            leave()
            return
        finally:
            coming.cancel()


class _Answer:
    """Answer to a request: JSON, or the one event of a stream that has begun by then."""

    def __init__(self, send: Send, *, may_stream: bool) -> None:
        self._send = send
        self._may_stream = may_stream
        self._has_begun = False
        self._stream: asyncio.Lock | None = None  # once there is one; held by who sends

    async def ping(self) -> None:
        """Send a comment, which shows the client and proxies that the answer is to come."""
        if self._has_begun or not self._may_stream:
            return
        is_first = self._stream is None
        self._stream = self._stream or asyncio.Lock()
        async with self._stream:
            if is_first:
                await self._send(
                    {"type": "http.response.start", "status": 200, "headers": STREAM_HEADERS}
                )
            await self._send({"type": "http.response.body", "body": PING, "more_body": True})

    async def send(self, message: Message) -> None:
        """Send the application's answer, which comes in a start and one body."""
        self._has_begun = True
        if self._stream is None:
            await self._send(message)
        elif message["type"] == "http.response.body":
            event = b"event: message\r\ndata: " + message["body"] + b"\r\n\r\n"
            async with self._stream:
                await self._send({"type": "http.response.body", "body": event})
