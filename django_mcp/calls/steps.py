"""Steps of a call, and the two drivers that run them: on a thread, and on the event loop.

A call is written once, as a generator of steps (`calls.pipeline`), and each step says where it may
be run. The drivers do what it asks for, and hand results and exceptions back to it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from enum import Enum, auto
from inspect import isawaitable
from typing import Any, Generic, NamedTuple, TypeVar

from asgiref.sync import sync_to_async

from django_mcp.threads.executors import DatabaseThread, awaited, run_detached, run_in_control

T = TypeVar("T")


class Place(Enum):
    """Where a step may be run."""

    HERE = auto()
    """Anywhere: it neither queries nor waits."""

    TASK = auto()
    """As `HERE`, but in the task that runs an async function, whose context it may change."""

    THREAD = auto()
    """On a thread, because it may query or wait."""

    TOOL = auto()
    """On the thread, and the database connections, of the tool's own queries."""

    FUNCTION = auto()
    """Where the tool's function is run: on a thread, or on the loop if it is async."""

    LOOP = auto()
    """On the event loop: it is a coroutine function."""


class Step(NamedTuple):
    """One callable, and the place where it is to run."""

    run: Callable[[], Any]
    place: Place


Steps = Generator[Step, Any, T]


class _Done(Generic[T]):
    """End of the steps, with their value."""

    def __init__(self, value: T) -> None:
        self.value = value


def drive_on_thread(
    steps: Steps[T],
    *,
    loop: asyncio.AbstractEventLoop | None = None,
    finish: Callable[[Awaitable[Any]], Any] = awaited,
) -> T:
    """Run steps to their end on this thread; return what they return, raise what they raise.

    Coroutines of guards run on `loop`, for which this thread waits, or on a loop of their own
    without one. An awaitable that the function returns is handed to `finish`.
    """
    step = _send(steps, None)
    while not isinstance(step, _Done):
        try:
            value = step.run()
            if step.place is Place.LOOP:
                if loop is None:
                    value = awaited(value)
                else:
                    value = asyncio.run_coroutine_threadsafe(value, loop).result()
            elif step.place is Place.FUNCTION and isawaitable(value):
                value = finish(value)
        except BaseException as error:  # noqa: BLE001  (the steps decide)
            step = _throw(steps, error)
        else:
            step = _send(steps, value)
    return step.value


async def drive_on_loop(steps: Steps[T]) -> T:
    """Run steps to their end on the event loop, and on threads those that must not block it.

    When this task is cancelled, the step that is awaited is, and the steps decide what follows:
    none is abandoned on a thread.
    """
    async with DatabaseThread():
        step = _send(steps, None)
        while not isinstance(step, _Done):
            if step.place is Place.THREAD:
                step = await _drive_segment(steps, step)
                continue
            try:
                if step.place is Place.TOOL:
                    value = await sync_to_async(step.run)()
                else:
                    value = step.run()
                    if step.place in (Place.FUNCTION, Place.LOOP) and isawaitable(value):
                        value = await value
            except BaseException as error:  # noqa: BLE001  (the steps decide)
                step = _throw(steps, error)
            else:
                step = _send(steps, value)
        return step.value


async def _drive_segment(steps: Steps[T], step: Step) -> Step | _Done[T]:
    """Run a step, and those that follow it, on one thread, up to one that needs the loop."""
    segment = run_detached(run_in_control(_run_segment, steps, step))
    cancellation: asyncio.CancelledError | None = None
    while not segment.done():
        try:
            await asyncio.shield(segment)
        except asyncio.CancelledError as error:
            cancellation = error
        except Exception:  # noqa: BLE001  (raised below)
            pass
    following = segment.result()
    if cancellation is None:
        return following
    if isinstance(following, _Done):
        raise cancellation
    return _throw(steps, cancellation)


def _run_segment(steps: Steps[T], step: Step) -> Step | _Done[T]:
    following: Step | _Done[T] = step
    while not isinstance(following, _Done) and following.place in (Place.HERE, Place.THREAD):
        try:
            value = following.run()
        except BaseException as error:  # noqa: BLE001  (the steps decide)
            following = _throw(steps, error)
        else:
            following = _send(steps, value)
    return following


def _send(steps: Steps[T], value: Any) -> Step | _Done[T]:
    try:
        return steps.send(value)
    except StopIteration as end:
        return _Done(end.value)


def _throw(steps: Steps[T], error: BaseException) -> Step | _Done[T]:
    try:
        return steps.throw(error)
    except StopIteration as end:
        return _Done(end.value)
