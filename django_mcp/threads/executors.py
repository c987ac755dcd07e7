"""Crossing between the event loop and threads: the only one.

Tools run on worker threads. Authentication, policy and the record of async calls run on control
threads, so that stuck tools lock nobody out. The threads live as long as the process and treat
their database connections as Django does around a request.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from functools import cache, partial
from inspect import isawaitable
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import ThreadSensitiveContext, async_to_sync

from django_mcp.conf import settings
from django_mcp.threads.leased_thread import LeasedThread
from django_mcp.threads.pool import ThreadPool

P = ParamSpec("P")
R = TypeVar("R")

_detached: "set[asyncio.Task[Any]]" = set()


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


class Executors:
    """Executors of this process: worker threads for tools, control threads for all else."""

    async def run_in_worker(self, call: Callable[[], R]) -> R:
        """See `run_in_worker` below."""
        return await _workers().run(call, patience=settings.BUSY_AFTER)

    async def run_in_control(self, call: Callable[[], R]) -> R:
        """See `run_in_control` below."""
        return await _controllers().run(call)

    async def run_to_end(self, call: Callable[[], R]) -> tuple[R, asyncio.CancelledError | None]:
        """See `run_to_end` below."""
        return await _controllers().run_to_end(call)

    def lease(self) -> LeasedThread | None:
        """Return an executor for the async ORM of one call; None for the current thread."""
        return LeasedThread(_workers())


_executors: ContextVar[Executors] = ContextVar("django_mcp_executors", default=Executors())  # noqa: B039  (it has no state)


@contextmanager
def using_executors(executors: Executors) -> Iterator[None]:
    """Use other executors for work that is begun inside the block."""
    token = _executors.set(executors)
    try:
        yield
    finally:
        _executors.reset(token)


def bare_context() -> Context:
    """Return a context with the executors of this one, and nothing else of it."""
    context = Context()
    context.run(_executors.set, _executors.get())
    return context


async def run_in_worker(call: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a tool's work on a worker thread; `BusyError` when none becomes free in time."""
    return await _executors.get().run_in_worker(partial(call, *args, **kwargs))


async def run_in_control(call: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run short work of ours that needs the database, whatever the tools are doing."""
    return await _executors.get().run_in_control(partial(call, *args, **kwargs))


async def run_to_end(
    call: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
) -> tuple[R, asyncio.CancelledError | None]:
    """As `run_in_control`, to its end; return the cancellation of the caller meanwhile, too."""
    return await _executors.get().run_to_end(partial(call, *args, **kwargs))


def run_detached(work: Coroutine[Any, Any, R]) -> "asyncio.Task[R]":
    """Start a task that goes on when its caller is cancelled; `finish_work` waits for it too."""
    task = asyncio.create_task(work)
    _detached.add(task)  # the loop itself keeps no strong reference
    task.add_done_callback(_detached.discard)
    return task


async def finish_work() -> None:
    """Wait for all work that this loop began, here and on threads: before the process ends."""
    loop = asyncio.get_running_loop()
    while running := [each for each in _detached if each.get_loop() is loop]:
        await asyncio.wait(running)
    await _workers().finish()
    await _controllers().finish()


class DatabaseThread:
    """Worker thread for the async ORM inside the block, taken at its first use.

    Without it, every async ORM call of the process waits for one shared thread.
    """

    async def __aenter__(self) -> None:
        self._thread = _executors.get().lease()
        if self._thread is not None:
            self._context: Any = ThreadSensitiveContext(executor=self._thread)
            await self._context.__aenter__()  # type: ignore[no-untyped-call]

    async def __aexit__(self, *error: Any) -> None:
        if self._thread is not None:
            await self._context.__aexit__(*error)
            if self._thread.is_leased:
                await asyncio.shield(self._thread.aclose())


def awaited(value: Any) -> Any:
    """Return the value, or the result of an awaitable. Call it from a thread without a loop.

    Its async ORM runs on the calling thread, and so in its transaction.
    """
    return async_to_sync(_result_of)(value) if isawaitable(value) else value


async def _result_of(awaitable: Awaitable[R]) -> R:
    return await awaitable
