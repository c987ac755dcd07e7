"""Content of streaming responses: the pieces of an application's answer, as they come."""

from collections.abc import AsyncIterator, Iterator
from queue import Empty
from typing import Final

from django_mcp.http.connection import Connection

PROBE_INTERVAL_SECONDS = 2.0
"""Of silence, after which a comment is sent: only by sending do WSGI servers see a client gone.

An abandoned stream gives its worker back after two of them.
"""

PROBE: Final = b":\r\n\r\n"
END_OF_EVENT: Final = (b"\r\n\r\n", b"\n\n")


class EventStream(Iterator[bytes]):
    """A stream of events for a WSGI server, which calls `close` at its end or when it fails."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
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

    def close(self) -> None:
        """Give the stream up; what is left of it is not produced."""
        self._connection.leave()


class AsyncEventStream:
    """A stream of events for Django's ASGI application."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for message in self._connection.messages():
                yield bytes(message.get("body", b""))
                if not message.get("more_body", False):
                    return
        finally:
            self.close()

    def close(self) -> None:
        """See `EventStream.close`."""
        self._connection.leave()
