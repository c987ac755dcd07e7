"""Inline execution: in the test's own thread and database connection, tasks included."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from asgiref.sync import sync_to_async

from django_mcp.background.backend import using_backend
from django_mcp.background.backends.inline import InlineBackend
from django_mcp.threads.executors import Executors, using_executors
from django_mcp.threads.leased_thread import LeasedThread

R = TypeVar("R")


class InlineExecutors(Executors):
    """Executors that run everything on the thread that called `async_to_sync`."""

    async def run_in_worker(self, call: Callable[[], R]) -> R:
        """See `Executors`."""
        return await sync_to_async(call)()

    async def run_in_control(self, call: Callable[[], R]) -> R:
        """See `Executors`."""
        return await sync_to_async(call)()

    async def run_to_end(self, call: Callable[[], R]) -> tuple[R, asyncio.CancelledError | None]:
        """See `Executors`."""
        work = asyncio.ensure_future(sync_to_async(call)())
        cancellation: asyncio.CancelledError | None = None
        while not work.done():
            try:
                await asyncio.wait([work])
            except asyncio.CancelledError as error:
                cancellation = error
        return work.result(), cancellation

    def lease(self) -> LeasedThread | None:
        """See `Executors`."""
        return None


@contextmanager
def inline() -> Iterator[None]:
    """Serve the calls inside the block on one thread, and run their tasks there at once."""
    with using_executors(InlineExecutors()), using_backend(InlineBackend()):
        yield
