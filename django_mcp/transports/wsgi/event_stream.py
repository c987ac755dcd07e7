"""Event streams: content of streaming responses, in the pieces that an application sends."""

from collections.abc import AsyncIterator, Iterator
from queue import Empty
from typing import Final

from django_mcp.transports.wsgi.connection import Connection

UNREAD_SECONDS = 15.0
"""After which a stream that was not read is given up, wherever its response is kept."""

PROBE_INTERVAL_SECONDS = 2.0
"""Of silence, after which a comment is sent: only by sending do WSGI servers see a client gone.

An abandoned stream gives its worker back after two of them.
"""

PROBE: Final = b":\r\n\r\n"
END_OF_EVENT: Final = (b"\r\n\r\n", b"\n\n")


class _Stream:
    """Stream that disconnects when it is closed, dropped, or never read.

    Django closes no response that middleware has replaced, or whose client left before it was sent.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        connection.disconnect_unless_read(UNREAD_SECONDS)

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Give the stream up; what is left of it is not produced."""
        self._connection.disconnect_soon()


class EventStream(_Stream, Iterator[bytes]):
    """Event stream for a WSGI server, which calls `close` at its end or when it fails."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._is_complete = False
        self._is_inside_event = False

    def __next__(self) -> bytes:
        while not self._is_complete:
            try:
                message = self._connection.message(PROBE_INTERVAL_SECONDS)
            except Empty:
                if self._is_inside_event:
                    continue
                return PROBE
            if message is None:
                break
            self._is_complete = not message.get("more_body", False)
            if piece := bytes(message.get("body", b"")):
                self._is_inside_event = not piece.endswith(END_OF_EVENT)
                return piece
        raise StopIteration


class AsyncEventStream(_Stream):
    """Event stream for Django's ASGI application."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for message in self._connection.messages():
                yield bytes(message.get("body", b""))
                if not message.get("more_body", False):
                    return
        finally:
            self.close()
