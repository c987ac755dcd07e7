"""Executor that leases one thread of a pool from its first use to its end."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future, InvalidStateError
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from typing_extensions import override

from django_mcp.conf import settings
from django_mcp.exceptions import BusyError
from django_mcp.threads.pool import ThreadPool

P = ParamSpec("P")
R = TypeVar("R")


class LeasedThread(Executor):
    """Executor on one leased thread of a pool, from its first use to `aclose`."""

    def __init__(self, pool: ThreadPool) -> None:
        self._pool = pool
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._futures: set[Future[Any]] = set()
        self._lease: asyncio.Task[None] | None = None

    @property
    def is_leased(self) -> bool:
        """True if work has been submitted, and so a thread requested."""
        return self._lease is not None

    @override
    def submit(self, call: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """See `Executor.submit`. The future has `BusyError` when no thread became free."""
        future: Future[R] = Future()
        if self._lease is None:
            self._lease = asyncio.get_running_loop().create_task(self._hold())
        elif self._lease.done():
            future.set_exception(BusyError())
            return future
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        self._work.put(partial(_fulfil, future, partial(call, *args, **kwargs)))
        return future

    async def aclose(self) -> None:
        """Give the thread back when the work submitted so far is done."""
        self._work.put(None)
        if self._lease is not None:
            await self._lease

    async def _hold(self) -> None:
        try:
            await self._pool.run(self._drain, patience=settings.BUSY_AFTER)
        except Exception as error:
            # No thread, or one that cannot clean up its connections: no future may stay pending.
            for future in tuple(self._futures):
                with suppress(InvalidStateError):
                    future.set_exception(error)
            if not isinstance(error, BusyError):
                raise

    def _drain(self) -> None:
        while (work := self._work.get()) is not None:
            work()


def _fulfil(future: Future[R], call: Callable[[], R]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001  (it belongs to the coroutine that waits)
        future.set_exception(error)
