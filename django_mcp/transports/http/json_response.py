"""Answers in one piece, for requests that have nothing to say before their answer.

The SDK's streams cost a call nearly as much as all the rest of the protocol. What such a call needs
of them is done here, and only for a call that takes long: noticing that the client has left, and
becoming a stream after all, so that no proxy takes silence for death.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from anyio import CancelScope
from mcp.server.streamable_http import CONTENT_TYPE_SSE
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from django_mcp.transports.http.body import replay
from django_mcp.transports.http.streams import takes_streams

UNATTENDED = 0.1
"""Seconds for which nobody listens whether the client is still there; most calls take less."""

PING_INTERVAL = 15.0
"""Seconds of silence that proxies and clients bear; the same as of the SDK's streams."""

PING: Final = b": ping\r\n\r\n"
STREAM_HEADERS: Final = [
    (b"content-type", CONTENT_TYPE_SSE.encode("ascii")),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),  # nginx would keep the pings to itself
]


async def serve_single(
    application: ASGIApp, scope: Scope, body: bytes, receive: Receive, send: Send
) -> None:
    """Have a request answered by an application that sends one JSON message.

    The client accepts a stream of events as well. When it leaves, the application is cancelled.
    Where the server takes no streams, the answer stays in one piece however long it takes.
    """
    answer = _Answer(send, may_stream=takes_streams(scope))
    attendants: list[asyncio.Task[None]] = []
    with CancelScope() as serving:

        def attend() -> None:
            attendant = asyncio.create_task(_attend(answer, receive, leave=serving.cancel))
            attendants.append(attendant)

        timer = asyncio.get_running_loop().call_later(UNATTENDED, attend)
        try:
            await application(scope, replay(body, receive), answer.send)
        finally:
            timer.cancel()
            for attendant in attendants:
                attendant.cancel()


async def _attend(answer: "_Answer", receive: Receive, *, leave: Callable[[], None]) -> None:
    """Ping until the client leaves."""
    while True:
        coming = asyncio.ensure_future(receive())
        try:
            while not (await asyncio.wait({coming}, timeout=PING_INTERVAL))[0]:
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
    """The answer on its way: as JSON, or as the one event of a stream that has begun by then."""

    def __init__(self, send: Send, *, may_stream: bool) -> None:
        self._send = send
        self._may_stream = may_stream
        self._has_begun = False
        self._stream: asyncio.Lock | None = None  # once there is one; held by who sends

    async def ping(self) -> None:
        """Tell the client, and whatever stands between, that its answer is on its way."""
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
        """Take the application's answer, which comes in a start and one body."""
        self._has_begun = True
        if self._stream is None:
            await self._send(message)
        elif message["type"] == "http.response.body":
            event = b"event: message\r\ndata: " + message["body"] + b"\r\n\r\n"
            async with self._stream:
                await self._send({"type": "http.response.body", "body": event})
