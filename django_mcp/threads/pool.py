"""Bounded thread pool; `run` raises `BusyError` after `patience` seconds without a free thread."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar

from typing_extensions import override

from django_mcp.db.connections import with_fresh_connections
from django_mcp.exceptions import BusyError
from django_mcp.threads.per_loop import PerLoop

R = TypeVar("R")


class _EndOfWork(asyncio.Future[R]):
    """Future that is not cancelled with the task that awaits it: the task is, when it is done."""

    @override
    def cancel(self, msg: Any | None = None) -> bool:
        return False


class ThreadPool:
    """Fixed number of threads; callers wait for a free one on their loop, for a bounded time."""

    def __init__(self, name: str, size: int) -> None:
        self._size = size
        self._executor = ThreadPoolExecutor(size, thread_name_prefix=f"django_mcp_{name}")
        self._free = PerLoop(partial(asyncio.Semaphore, size))

    async def run(self, call: Callable[[], R], *, patience: float | None = None) -> R:
        """Run `call` on one of the threads and return what it returns.

        A caller that is cancelled leaves, and the thread finishes its work. Raises `BusyError` when
        no thread becomes free within `patience` seconds.
        """
        loop = asyncio.get_running_loop()
        free = self._free.get()
        if free.locked():
            try:
                async with asyncio.timeout(patience):
                    await free.acquire()
            except TimeoutError:
                raise BusyError from None
        else:
            await free.acquire()
        # Not `run_in_executor` and `shield`, which take three turns of the loop to say the same.
        future: asyncio.Future[R] = loop.create_future()
        self._submit(loop, call, future, free)
        return await future

    async def run_to_end(self, call: Callable[[], R]) -> tuple[R, asyncio.CancelledError | None]:
        """Run `call` on one of the threads, and return only when it has ended.

        Returns what it returns, and the cancellation of the caller meanwhile.
        """
        loop = asyncio.get_running_loop()
        free = self._free.get()
        cancellation: asyncio.CancelledError | None = None
        while True:
            try:
                await free.acquire()
                break
            except asyncio.CancelledError as error:
                cancellation = error
        future: _EndOfWork[R] = _EndOfWork(loop=loop)
        self._submit(loop, call, future, free)
        try:
            await future
        except asyncio.CancelledError as error:
            if not future.done():
                raise
            cancellation = error
        return future.result(), cancellation

    def _submit(
        self,
        loop: asyncio.AbstractEventLoop,
        call: Callable[[], R],
        future: "asyncio.Future[R]",
        free: asyncio.Semaphore,
    ) -> None:
        def resolve(result: Any, error: BaseException | None) -> None:
            free.release()
            if future.cancelled():
                return  # the caller has left; the call itself records how it ended
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self._executor.submit(copy_context().run, _work, loop, call, resolve)

    async def finish(self) -> None:
        """Return when nothing of the running event loop runs on the threads any more."""
        free, taken = self._free.get(), 0
        try:
            for _ in range(self._size):
                await free.acquire()
                taken += 1
        finally:
            for _ in range(taken):
                free.release()


def _work(
    loop: asyncio.AbstractEventLoop,
    call: Callable[[], Any],
    resolve: Callable[[Any, BaseException | None], None],
) -> None:
    """Do the work on its thread, and schedule `resolve` on the loop with the outcome."""
    with suppress(RuntimeError):  # where the loop has closed, no caller waits
        try:
            result = with_fresh_connections(call)
        except SystemExit as error:
            # Raised again in a task of the loop, it would end the loop, and so the server.
            exited = RuntimeError("the code exited its thread")
            exited.__cause__ = error
            loop.call_soon_threadsafe(resolve, None, exited)
        except BaseException as error:  # noqa: BLE001  (it belongs to the coroutine that waits)
            loop.call_soon_threadsafe(resolve, None, error)
        else:
            loop.call_soon_threadsafe(resolve, result, None)
