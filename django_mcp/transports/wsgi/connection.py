"""Connection between the thread of one HTTP request and an ASGI application on an event loop."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Protocol

logger = logging.getLogger(__name__)

Message = dict[str, Any]
Application = Callable[[Any, Any, Any], Any]

DISCONNECT: Message = {"type": "http.disconnect"}


class Body(Protocol):
    """Body of a request, in pieces."""

    def read(self) -> Message:
        """Return the next piece as `http.request`, or `http.disconnect`; waits for it."""


@dataclass(frozen=True, slots=True)
class _BodyRequest:
    """Request of the application for a piece of the body."""

    answer: "asyncio.Future[Message]"


@dataclass(frozen=True, slots=True)
class _Piece:
    """Message of the application, which waits until it is passed on."""

    message: Message
    is_passed_on: "asyncio.Future[None]"


@dataclass(frozen=True, slots=True)
class _End:
    """End of the application, or its failure."""

    error: Exception | None


class Connection:
    """Connection of a request's thread to its ASGI application, which runs on `loop`.

    That thread takes the application's messages one after the other, and reads the body whenever
    the application asks for more. The application's `send` returns when a piece of a body was
    passed on: what a slow client has not taken is not produced.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, body: Body) -> None:
        self._loop = loop
        self._body = body
        self._is_read = False
        self._is_answered = False
        self._has_reader = False
        self._items: SimpleQueue[_BodyRequest | _Piece | _End | Message] = SimpleQueue()
        self._when_item: Callable[[], object] | None = None
        self._last: _Piece | None = None
        self._is_disconnected = asyncio.Event()
        self._pending: set[asyncio.Future[Any]] = set()

    # On the event loop.

    async def serve(self, application: Application, scope: Message) -> None:
        """Run the application."""
        error: Exception | None = None
        try:
            await application(scope, self._receive, self._send)
        except Exception as raised:
            if self._is_answered:
                logger.exception("The application failed after its answer")
            error = raised
        finally:
            self._put(_End(error))

    def disconnect(self) -> None:
        """Send `http.disconnect` to the application."""
        self._is_disconnected.set()
        for future in tuple(self._pending):
            if not future.done():
                future.set_result(DISCONNECT)

    async def _receive(self) -> Message:
        if self._is_read:
            await self._is_disconnected.wait()
        if self._is_disconnected.is_set():
            return DISCONNECT
        message: Message = await self._await_reply(_BodyRequest)
        self._is_read = not message.get("more_body", False)
        return message

    async def _send(self, message: Message) -> None:
        if self._is_disconnected.is_set():
            return  # as servers do with what no client will read
        if message.get("more_body", False):
            await self._await_reply(partial(_Piece, message))
        else:
            self._is_answered = message["type"] == "http.response.body"
            self._put(message)

    async def _await_reply(
        self, item: Callable[["asyncio.Future[Any]"], _BodyRequest | _Piece]
    ) -> Any:
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._pending.add(answer)
        self._put(item(answer))
        try:
            return await answer
        finally:
            self._pending.discard(answer)

    def _put(self, item: _BodyRequest | _Piece | _End | Message) -> None:
        self._items.put(item)
        if self._when_item is not None:
            with suppress(RuntimeError):  # where the loop has closed, no thread waits
                self._when_item()

    # On the thread of the request.

    def message(self, patience: float | None = None) -> Message | None:
        """Wait for the application's next message; None is its end.

        Raises `queue.Empty` when there is none within `patience` seconds, and what the application
        has raised.
        """
        self._has_reader = True
        self._release_sender()
        while True:
            item = self._items.get(timeout=patience)
            if not isinstance(item, _BodyRequest):
                return self._unwrapped(item)
            self._read(item)

    async def messages(self) -> AsyncIterator[Message]:
        """Yield the application's messages from now on, for a coroutine on any event loop."""
        arrived = asyncio.Event()
        wake = partial(asyncio.get_running_loop().call_soon_threadsafe, arrived.set)
        self._when_item = wake
        while True:
            arrived.clear()
            try:
                message = self.message(0)
            except Empty:
                await arrived.wait()
                continue
            if message is None:
                return
            yield message

    def disconnect_soon(self) -> None:
        """Send `http.disconnect` to the application, from any thread."""
        with suppress(RuntimeError):  # where the loop has closed, so has the application
            self._loop.call_soon_threadsafe(self.disconnect)

    def disconnect_unless_read(self, seconds: float) -> None:
        """Disconnect if no message is read within `seconds` from now."""
        self._has_reader = False

        def disconnect() -> None:
            if not self._has_reader:
                self.disconnect()

        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._loop.call_later, seconds, disconnect)

    def _unwrapped(self, item: _Piece | _End | Message) -> Message | None:
        if isinstance(item, _End):
            if item.error is not None:
                raise item.error
            return None
        if isinstance(item, _Piece):
            self._last = item
            return item.message
        return item

    def _release_sender(self) -> None:
        """Wake the application: its last piece was passed on, for its reader asks for more."""
        if self._last is not None:
            self._resolve(self._last.is_passed_on, None)
            self._last = None

    def _read(self, request: _BodyRequest) -> None:
        self._resolve(request.answer, self._body.read())

    def _resolve(self, future: "asyncio.Future[Any]", result: Any) -> None:
        def resolve() -> None:
            if not future.done():
                future.set_result(result)

        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(resolve)
