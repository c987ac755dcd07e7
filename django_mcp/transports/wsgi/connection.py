"""One HTTP request between a thread that drives it and an ASGI application on an event loop."""

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
    """The body of a request, in pieces."""

    def read(self) -> Message:
        """Return the next piece as `http.request`, or `http.disconnect`; waits for it."""


@dataclass(frozen=True, slots=True)
class _Question:
    """The application asks for a piece of the body."""

    answer: "asyncio.Future[Message]"


@dataclass(frozen=True, slots=True)
class _Piece:
    """The application has sent something, and waits until it is passed on."""

    message: Message
    is_passed_on: "asyncio.Future[None]"


@dataclass(frozen=True, slots=True)
class _End:
    """The application has returned, or failed."""

    error: Exception | None


class Connection:
    """A request whose ASGI application runs on `loop`, for the thread that the request came in on.

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
        self._items: SimpleQueue[_Question | _Piece | _End | Message] = SimpleQueue()
        self._when_item: Callable[[], object] | None = None
        self._last: _Piece | None = None
        self._has_left = asyncio.Event()
        self._waiting: set[asyncio.Future[Any]] = set()

    # On the event loop.

    async def serve(self, application: Application, scope: Message) -> None:
        """Have the application answer."""
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
        self._has_left.set()
        for future in tuple(self._waiting):
            if not future.done():
                future.set_result(DISCONNECT)

    async def _receive(self) -> Message:
        if self._is_read:
            await self._has_left.wait()
        if self._has_left.is_set():
            return DISCONNECT
        message: Message = await self._answer_to(_Question)
        self._is_read = not message.get("more_body", False)
        return message

    async def _send(self, message: Message) -> None:
        if self._has_left.is_set():
            return  # as servers do with what nobody will read
        if message.get("more_body", False):
            await self._answer_to(partial(_Piece, message))
        else:
            self._is_answered = message["type"] == "http.response.body"
            self._put(message)

    async def _answer_to(self, item: Callable[["asyncio.Future[Any]"], _Question | _Piece]) -> Any:
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._waiting.add(answer)
        self._put(item(answer))
        try:
            return await answer
        finally:
            self._waiting.discard(answer)

    def _put(self, item: _Question | _Piece | _End | Message) -> None:
        self._items.put(item)
        if self._when_item is not None:
            with suppress(RuntimeError):  # where the loop has closed, nobody waits
                self._when_item()

    # On the thread of the request.

    def message(self, patience: float | None = None) -> Message | None:
        """Wait for the application's next message; None is its end.

        Raises `queue.Empty` when there is none within `patience` seconds, and what the application
        has raised.
        """
        self._has_reader = True
        self._pass_on()
        while True:
            item = self._items.get(timeout=patience)
            if not isinstance(item, _Question):
                return self._opened(item)
            self._read(item)

    async def messages(self) -> AsyncIterator[Message]:
        """The application's messages from now on, for a coroutine on any event loop."""
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

    def leave(self) -> None:
        """Send `http.disconnect` to the application, from any thread."""
        with suppress(RuntimeError):  # where the loop has closed, so has the application
            self._loop.call_soon_threadsafe(self.disconnect)

    def leave_unless_read(self, seconds: float) -> None:
        """Leave where nobody asks for a message within `seconds` from now."""
        self._has_reader = False

        def leave() -> None:
            if not self._has_reader:
                self.disconnect()

        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._loop.call_later, seconds, leave)

    def _opened(self, item: _Piece | _End | Message) -> Message | None:
        if isinstance(item, _End):
            if item.error is not None:
                raise item.error
            return None
        if isinstance(item, _Piece):
            self._last = item
            return item.message
        return item

    def _pass_on(self) -> None:
        """Wake the application, whose last piece was passed on by whoever asks for more."""
        if self._last is not None:
            self._settle(self._last.is_passed_on, None)
            self._last = None

    def _read(self, question: _Question) -> None:
        self._settle(question.answer, self._body.read())

    def _settle(self, future: "asyncio.Future[Any]", result: Any) -> None:
        def settle() -> None:
            if not future.done():
                future.set_result(result)

        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(settle)
