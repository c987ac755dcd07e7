"""Event loop of a process whose server runs none, such as a WSGI server."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Coroutine
from threading import Lock, Thread
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from django_mcp.conf import settings

logger = logging.getLogger(__name__)

Closing = Callable[[], Coroutine[Any, Any, None]]

GRACE_SECONDS = 2.0
"""Time by which the end of the process waits longer than `DJANGO_MCP_SHUTDOWN_TIMEOUT`."""


class LoopEndingError(Exception):
    """The process ends, and its event loop takes no more work."""


class EventLoopThread:
    """Event loop on a daemon thread of its own, which runs until the process ends.

    What was given to `before_end` is awaited then, for as long as `DJANGO_MCP_SHUTDOWN_TIMEOUT`
    says; whatever still runs after that is cancelled. Raises `ImproperlyConfigured` where threads
    are not those of the system, and what has kept the loop from starting.
    """

    def __init__(self) -> None:
        self.process = os.getpid()
        self._closings: list[Closing] = []
        self._has_begun = threading.Event()
        self._error: BaseException | None = None
        self._lock = Lock()
        self.is_ending = False
        # A daemon: Python would otherwise wait for the thread before anything can end it.
        self._thread = Thread(target=self._run, name="django_mcp_event_loop", daemon=True)
        self._thread.start()
        self._has_begun.wait()
        if self._error is not None:
            raise self._error
        if self._native_id == threading.get_native_id():
            self.loop.call_soon_threadsafe(self._is_ending.set)
            raise ImproperlyConfigured(
                "The server has replaced threads by greenlets, among which no event loop can run. "
                "Use worker processes with threads, such as gunicorn's gthread, instead of gevent "
                "or eventlet."
            )
        # `atexit` comes too late: after it, the threads of concurrent.futures take no more work,
        # and no call could be put on record. What is registered here runs before those end.
        threading._register_atexit(self.end)  # type: ignore[attr-defined]

    def before_end(self, closing: Closing) -> None:
        """Add a coroutine function to await, on the loop, when the process ends."""
        self._closings.append(closing)

    def call_soon(self, call: Callable[..., object], *args: Any) -> None:
        """Schedule a call on the loop, before anything that was given to `before_end`.

        Raises `LoopEndingError`.
        """
        with self._lock:
            if self.is_ending:
                raise LoopEndingError
            self.loop.call_soon_threadsafe(call, *args)

    def _run(self) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(self._serve())
        except BaseException as error:
            if self._has_begun.is_set():
                raise
            self._error = error
            self._has_begun.set()

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._native_id = threading.get_native_id()
        self._is_ending = asyncio.Event()
        self._has_begun.set()
        await self._is_ending.wait()
        closed = (closing() for closing in self._closings)
        for error in await asyncio.gather(*closed, return_exceptions=True):
            if error is not None:
                logger.error("The event loop could not be closed in order", exc_info=error)

    def end(self) -> None:
        """End the loop, as the end of the process does, and wait for it."""
        if self.process != os.getpid() or not self._thread.is_alive():
            return  # a child of the process inherits this, but not the thread
        with self._lock:
            self.is_ending = True
            self.loop.call_soon_threadsafe(self._is_ending.set)
        self._thread.join(settings.SHUTDOWN_TIMEOUT + GRACE_SECONDS)


_starting = Lock()
_current: EventLoopThread | None = None


def event_loop() -> EventLoopThread:
    """Return the event loop of this process, started at the first call.

    A server may load the application, and even use it, before it forks: each child has its own.
    """
    global _current
    current = _current
    # Not by os.register_at_fork(), whose functions uWSGI does not call.
    if current is None or current.process != os.getpid():
        with _starting:
            current = _current
            if current is None or current.process != os.getpid():
                current = _current = EventLoopThread()
    return current
