"""Steps of a call, and the two drivers that run them: on a thread, and on the event loop.

A call is written once, as a generator of steps (`calls.pipeline`), and each step says where it may
be run. The drivers do what it asks for, and hand results and exceptions back to it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextvars import copy_context
from enum import Enum, auto
from inspect import isawaitable
from threading import Lock
from typing import Any, Generic, NamedTuple, TypeVar

from asgiref.sync import sync_to_async

from django_mcp.threads.executors import DatabaseThread, awaited, run_to_end

T = TypeVar("T")


class Place(Enum):
    """Place where a step may run: thread or event loop."""

    HERE = auto()
    """Anywhere: it neither queries nor waits."""

    TASK = auto()
    """As `HERE`, but in the task that runs an async function, whose context it may change."""

    THREAD = auto()
    """On a thread, because it may query or wait."""

    TOOL = auto()
    """On the thread, and the database connections, of the tool's own queries."""

    FUNCTION = auto()
    """Place of the tool's function: on a thread, or on the loop if it is async."""

    LOOP = auto()
    """On the event loop: it is a coroutine function."""


class Step(NamedTuple):
    """One callable, and the place where it is to run. No cancellation keeps a final one undone."""

    run: Callable[[], Any]
    place: Place
    is_final: bool = False


Steps = Generator[Step, Any, T]


class _Outcome(NamedTuple):
    """Outcome of a step in a task or a thread of its own, whose future cannot hold any exception.

    `SystemExit` would end the event loop, and the server with it; `StopIteration` would be lost,
    and who waits for it would wait for ever.
    """

    value: Any = None
    error: BaseException | None = None

    def result(self) -> Any:
        """Return the value, or raise the error."""
        if self.error is not None:
            raise self.error
        return self.value


def only(step: Step) -> Steps[Any]:
    """Return the steps that are this one, with its result."""
    return (yield step)


class _Done(Generic[T]):
    """The end of the steps."""

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
                    outcome = asyncio.run_coroutine_threadsafe(_outcome_of(value), loop)
                    value = outcome.result().result()
            elif step.place is Place.FUNCTION and isawaitable(value):
                value = finish(value)
        except BaseException as error:  # noqa: BLE001  (the steps decide)
            step = _throw(steps, error)
        else:
            step = _send(steps, value)
    return step.value


async def drive_on_loop(steps: Steps[T]) -> T:
    """Run steps to their end on the event loop, and on threads those that must not block it.

    When this task is cancelled, the next step that is not final raises the cancellation. One that
    awaits is cancelled itself; none that has begun on a thread is abandoned.
    """
    async with DatabaseThread():
        cancellation: asyncio.CancelledError | None = None
        step = _send(steps, None)
        while not isinstance(step, _Done):
            if cancellation is not None and not step.is_final:
                step, cancellation = _throw(steps, cancellation), None
                continue
            cancelled = None
            if step.place is Place.THREAD:
                step, cancelled = await run_to_end(_run_segment, steps, step)
                cancellation = cancelled or cancellation
                continue
            try:
                if step.place is Place.TOOL:
                    value, cancelled = await _run_for_tool(step)
                else:
                    value = step.run()
                    if step.place in (Place.FUNCTION, Place.LOOP) and isawaitable(value):
                        if step.is_final:
                            value, cancelled = await _awaited_to_its_end(value)
                        else:
                            value = await value
                cancellation = cancelled or cancellation
            except BaseException as error:  # noqa: BLE001  (the steps decide)
                step = _throw(steps, error)
            else:
                step = _send(steps, value)
        if cancellation is not None:
            raise cancellation
        return step.value


async def _run_for_tool(step: Step) -> tuple[Any, asyncio.CancelledError | None]:
    """Run a step on the tool's thread; return its value, and the cancellation during it.

    A step that is cancelled while it waits for the thread is not run, unless it is final.
    """
    turn = Lock()  # for the one who comes first: the thread, or the cancellation

    def run() -> _Outcome:
        if not turn.acquire(blocking=False):
            raise asyncio.CancelledError
        try:
            return _Outcome(step.run())
        except BaseException as error:  # noqa: BLE001  (the steps decide)
            return _Outcome(error=error)

    context = copy_context()
    work = asyncio.get_running_loop().create_task(sync_to_async(run)(), context=context)
    cancellation = await _end_of(work, until=None if step.is_final else turn)
    value = work.result().result()
    for variable, found in context.items():
        if variable.get(None) is not found:
            variable.set(found)
    return value, cancellation


async def _awaited_to_its_end(value: Awaitable[T]) -> tuple[T, asyncio.CancelledError | None]:
    work = asyncio.ensure_future(_outcome_of(value))
    cancellation = await _end_of(work)
    return work.result().result(), cancellation


async def _outcome_of(value: Awaitable[Any]) -> _Outcome:
    try:
        return _Outcome(await value)
    except SystemExit as error:
        return _Outcome(error=error)


async def _end_of(
    work: "asyncio.Future[Any]", *, until: "Lock | None" = None
) -> asyncio.CancelledError | None:
    """Wait for the end of the work; return the cancellation of this task meanwhile.

    Work whose lock `until` nobody holds yet is cancelled with this task.
    """
    cancellation = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as error:
            cancellation = error
            if until is not None and until.acquire(blocking=False):
                work.cancel()
                raise
    return cancellation


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
