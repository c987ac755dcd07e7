"""The only crossing between the event loop and threads.

Tools run on worker threads. Authentication, policy and the record of async calls run on control
threads, so that stuck tools lock nobody out. The threads live as long as the process and treat
their database connections as Django does around a request.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Executor, Future, InvalidStateError, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from functools import cache, partial
from inspect import isawaitable
from queue import SimpleQueue
from typing import Any, Generic, ParamSpec, TypeVar

from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async
from django.db import Error, connections, reset_queries
from django.db.backends.base.base import BaseDatabaseWrapper

from django_mcp.conf import settings
from django_mcp.exceptions import BusyError

P = ParamSpec("P")
R = TypeVar("R")

_stay_in_thread: ContextVar[bool] = ContextVar("django_mcp_stay_in_thread", default=False)
_detached: "set[asyncio.Task[Any]]" = set()


class PerLoop(Generic[R]):
    """What every event loop has one of; a process has one loop, except in tests.

    What was made for loops that have closed is forgotten when another one comes.
    """

    def __init__(self, make: Callable[[], R]) -> None:
        self._make = make
        # Not by weak references: what is made refers to its loop, and would keep it for ever.
        self._made: dict[asyncio.AbstractEventLoop, R] = {}

    def get(self) -> R:
        """The running loop's own."""
        loop = asyncio.get_running_loop()
        if loop not in self._made:
            for closed in [each for each in tuple(self._made) if each.is_closed()]:
                self._made.pop(closed, None)  # loops of other threads may do the same
            self._made[loop] = self._make()
        return self._made[loop]


class ThreadPool:
    """A fixed number of threads, of which a caller may wait for a free one in vain."""

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
        ended: asyncio.Future[R] = loop.create_future()

        def settle(result: Any, error: BaseException | None) -> None:
            free.release()
            if ended.cancelled():
                return  # the caller has left; whoever runs the call tells of how it ended
            if error is None:
                ended.set_result(result)
            else:
                ended.set_exception(error)

        self._executor.submit(copy_context().run, _work, loop, call, settle)
        return await ended

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
    settle: Callable[[Any, BaseException | None], None],
) -> None:
    """Do the work on its thread, and have the loop told how it ended."""
    with suppress(RuntimeError):  # where the loop has closed, nobody waits
        try:
            result = with_fresh_connections(call)
        except BaseException as error:  # noqa: BLE001  (it belongs to the coroutine that waits)
            loop.call_soon_threadsafe(settle, None, error)
        else:
            loop.call_soon_threadsafe(settle, result, None)


def with_fresh_connections(call: Callable[[], R]) -> R:
    """Call it as Django's request signals would around a request, in a thread that serves none."""
    reset_queries()
    _close_old_connections()
    try:
        return call()
    finally:
        for connection in connections.all(initialized_only=True):
            if connection.in_atomic_block:
                # A tool began a transaction by hand and left it open: nobody may come after it.
                forget_connection(connection)
                del connections[connection.alias]
        _close_old_connections()


def forget_connection(connection: BaseDatabaseWrapper) -> None:
    """Close it, even if it cannot be closed: the next query opens another."""
    # mysqlclient refuses to close what a tool has closed. Django lets go of it all the same.
    with suppress(Error):
        connection.close()


def _close_old_connections() -> None:
    """As Django's own, past a connection that cannot be closed: no answer is lost for that."""
    for connection in connections.all(initialized_only=True):
        with suppress(Error):
            connection.close_if_unusable_or_obsolete()


def _workers() -> ThreadPool:
    return _workers_of(os.getpid())


def _controllers() -> ThreadPool:
    return _controllers_of(os.getpid())


# By process: no thread outlives a fork, and uWSGI calls nothing of os.register_at_fork().


@cache
def _workers_of(process: int) -> ThreadPool:
    return ThreadPool("worker", settings.THREADS)


@cache
def _controllers_of(process: int) -> ThreadPool:
    return ThreadPool("control", settings.CONTROL_THREADS)


async def run_in_worker(call: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a tool's work on a worker thread; `BusyError` when none becomes free in time."""
    if _stay_in_thread.get():
        return await sync_to_async(call)(*args, **kwargs)
    return await _workers().run(partial(call, *args, **kwargs), patience=settings.BUSY_AFTER)


async def run_in_control(call: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run short work of ours that needs the database, whatever the tools are doing."""
    if _stay_in_thread.get():
        return await sync_to_async(call)(*args, **kwargs)
    return await _controllers().run(partial(call, *args, **kwargs))


def run_detached(work: Coroutine[Any, Any, R]) -> "asyncio.Task[R]":
    """Begin what goes on when whoever waits for it leaves; `finish_work` waits for it too."""
    task = asyncio.create_task(work)
    _detached.add(task)  # the loop itself keeps no strong reference
    task.add_done_callback(_detached.discard)
    return task


async def finish_work() -> None:
    """Return when what this loop began, here and on threads, has ended: before the process goes."""
    loop = asyncio.get_running_loop()
    while running := [each for each in _detached if each.get_loop() is loop]:
        await asyncio.wait(running)
    await _workers().finish()
    await _controllers().finish()


class DatabaseThread:
    """Gives the async ORM inside its block a worker thread of its own, taken at its first use.

    Without it, every async ORM call of the process waits for one shared thread.
    """

    async def __aenter__(self) -> None:
        self._thread = None if _stay_in_thread.get() else LeasedThread(_workers())
        if self._thread is not None:
            self._context: Any = ThreadSensitiveContext(executor=self._thread)
            await self._context.__aenter__()  # type: ignore[no-untyped-call]

    async def __aexit__(self, *error: Any) -> None:
        if self._thread is not None:
            await self._context.__aexit__(*error)
            if self._thread.is_leased:
                await asyncio.shield(self._thread.aclose())


def awaited(value: Any) -> Any:
    """The value, or what it comes to if it is an awaitable. Call it from a thread without a loop.

    What it asks of the async ORM runs on the calling thread, and so in its transaction.
    """
    return async_to_sync(_outcome_of)(value) if isawaitable(value) else value


async def _outcome_of(awaitable: Awaitable[R]) -> R:
    return await awaitable


def stays_in_thread() -> bool:
    """Whether everything is kept on one thread now, by `in_current_thread`."""
    return _stay_in_thread.get()


@contextmanager
def in_current_thread() -> Iterator[None]:
    """Keep everything on the thread that called `async_to_sync`: for tests with a transaction."""
    token = _stay_in_thread.set(True)
    try:
        yield
    finally:
        _stay_in_thread.reset(token)


class LeasedThread(Executor):
    """An executor that runs everything on one thread of a pool, from its first use to `aclose`."""

    def __init__(self, pool: ThreadPool) -> None:
        self._pool = pool
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._futures: set[Future[Any]] = set()
        self._lease: asyncio.Task[None] | None = None

    @property
    def is_leased(self) -> bool:
        """Whether anything has been submitted, and so a thread asked for."""
        return self._lease is not None

    def submit(self, call: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
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
            # No thread, or one that cannot clean up its connections: nobody may wait for ever.
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
