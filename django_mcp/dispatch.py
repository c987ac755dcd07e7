"""Dispatch of calls: on a thread, on the event loop, or as a task.

A sync tool is run on a worker thread, an async one on the event loop, as is a call without a tool.
A background tool is submitted on a thread, and run by `background.worker`; the process that ends
its task ends its record. The order of what is done to a call is the same for all of them: see
`calls.pipeline`. A call that ends before its first guard, for want of a thread, is on record, too.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from django.db import connections, router

from django_mcp.audit.record import mark_undelivered
from django_mcp.background.access import Access
from django_mcp.background.cancellation import cancel
from django_mcp.background.completion import result_of
from django_mcp.background.serialization import new_invocation_of
from django_mcp.background.submit import submit, withdraw
from django_mcp.background.watch import forward_progress, poller
from django_mcp.calls.call import Call
from django_mcp.calls.deadline import timed_out
from django_mcp.calls.guard import WaitFor
from django_mcp.calls.pipeline import ended, ordinary, submission
from django_mcp.calls.run import is_cancelled
from django_mcp.calls.steps import drive_on_loop, drive_on_thread
from django_mcp.conf import settings
from django_mcp.exceptions import (
    AccessEndedError,
    BusyError,
    CallError,
    RevokedError,
    TaskNotStartedError,
    TaskRequiredError,
    UnknownToolError,
)
from django_mcp.guards import all_guards
from django_mcp.models import CallRecord, ToolTask
from django_mcp.policy.snapshot import current_snapshot
from django_mcp.policy.visibility import Visibility
from django_mcp.schemas.output.output import Rendered
from django_mcp.threads.answers import Answer
from django_mcp.threads.executors import run_detached, run_in_control, run_in_worker
from django_mcp.threads.notifications import wait_until_published, waiter_count
from django_mcp.tools.tool import Tool

T = TypeVar("T")

RECHECK_INTERVAL_SECONDS = 0.5
"""Longest wait for a publication before a guard is called again, where few calls wait."""

RECHECKS_PER_SECOND = 100
"""Most such calls of guards in this process: those who wait take the threads from nobody."""

Loop = asyncio.AbstractEventLoop


async def serve(call: Call) -> Rendered:
    """Serve one call, and return its result; raises as the future of `begin` does."""
    async with _ended_if_unclaimed(call):  # also when its task is cancelled before it has begun
        return await begin(call)


def begin(call: Call) -> "asyncio.Future[Rendered]":
    """Begin to serve one call, in a task of its own; return the future of its result.

    It raises what the caller may know: a `CallRejectedError` when the tool did not run, `ToolError`
    when it refused, `ToolFailedError` when the fault is ours, `TimedOutError` at the deadline. A
    sync tool that has started is finished, and recorded, even if the future is cancelled; an async
    one is cancelled.
    """
    tool = call.target
    if isinstance(tool, Tool) and tool.background is not None:
        return run_detached(_serve_in_background(call))
    if tool is None or tool.is_async:
        return _within_deadline(call, partial(_serve_on_loop, call))
    loop = asyncio.get_running_loop()
    return _within_deadline(call, partial(run_in_worker, _serve_on_thread, call, loop))


async def start_task(call: Call) -> ToolTask | Rendered:
    """Begin one call of a background tool; return its task, which is committed.

    Returns a result, or an earlier task, where a guard has one for the call. Raises as `serve`
    does, and `TaskNotStartedError` when it could not be enqueued.
    """
    call.become_task()
    async with _ended_if_unclaimed(call), _cancelled_with_caller(call):
        task = await _submitted(call)
    if isinstance(task, ToolTask) and task.has_ended:
        raise TaskNotStartedError
    return task


def refuse(call: Call, error: Exception) -> None:
    """Record a call that is refused before it is served. Call it from a thread."""
    if call.claim():
        drive_on_thread(ended(call, all_guards(), error))


def call_again(task: ToolTask) -> UUID | None:
    """Call an ended task's tool anew, with its arguments, for its caller; return the new key.

    Returns None where a guard has answered, so that there is no task. The call is judged and
    recorded as if the caller called now, and raises the same; where a guard would have it wait,
    `BusyError` at once. Also raises `RevokedError` when the caller could not even call. Call it
    from a thread, and not for a task that had secret arguments: they are gone. It does not count
    against `DJANGO_MCP_MAX_TASKS_PER_CALLER`: an operator has decided, and not the caller.
    """
    invocation = new_invocation_of(task)
    tool = Visibility(invocation.principal, current_snapshot()).find(Tool, task.name)
    call = Call(invocation=invocation, target=tool)
    if tool is None or tool.background is None:
        unknown = UnknownToolError(task.name)
        refuse(call, unknown)
        raise unknown
    key = call.become_task()
    try:
        submitted = _submit_on_thread(call, None, limit=None)
    except WaitFor:
        error = BusyError()
        call.discard_task()
        refuse(call, error)
        raise error from None
    return key if isinstance(submitted, ToolTask) else None


async def _serve_on_loop(call: Call) -> Rendered:
    with _claimed(call, None):
        return await drive_on_loop(ordinary(call, all_guards()))


def _serve_on_thread(call: Call, loop: Loop) -> Rendered:
    with _claimed(call, loop):
        return drive_on_thread(ordinary(call, all_guards()), loop=loop)


@contextmanager
def _claimed(call: Call, loop: Loop | None) -> Iterator[None]:
    """Hold the right to run the call inside the block, up to a `WaitFor`.

    A call whose caller has left by then is ended here, because nobody runs it again.
    """
    if not call.claim():
        raise asyncio.CancelledError
    try:
        yield
    except WaitFor:
        call.release()
        if call.is_abandoned and call.claim():
            call.discard_task()
            drive_on_thread(ended(call, all_guards(), asyncio.CancelledError()), loop=loop)
        raise


async def _serve_in_background(call: Call) -> Rendered:
    async with _ended_if_unclaimed(call):
        return await _serve_as_task(call)


async def _serve_as_task(call: Call) -> Rendered:
    """Serve a call whose client takes no task: watch its task, and return its result.

    Raises `AccessEndedError`, and reports nothing more, when the caller loses its access, and
    `RevokedError` when it has lost it before there was one.
    """
    tool = call.tool
    if tool.background is not None and tool.background.require_task:
        raise TaskRequiredError
    access = Access(call.principal, scopes=tool.scopes)
    try:
        await access.begin()
    except AccessEndedError:
        raise RevokedError from None
    key = call.become_task()
    try:
        async with _cancelled_with_caller(call), poller().watch(key) as waiter:
            task = await _submitted(call)
            if isinstance(task, Rendered):
                return task
            waiter.has_row = True
            async with access.kept_valid():
                await forward_progress(waiter, call, access)
                await access.renew()
            return await run_in_control(result_of, key)
    finally:
        if call.is_client_gone:
            await asyncio.shield(run_in_control(mark_undelivered, call.id))
        else:
            call.finish_notifications()


async def _submitted(call: Call) -> ToolTask | Rendered:
    loop = asyncio.get_running_loop()
    limit = settings.MAX_TASKS_PER_CALLER
    return await _within_deadline(
        call, partial(run_in_worker, _submit_on_thread, call, loop, limit=limit)
    )


def _submit_on_thread(call: Call, loop: Loop | None, *, limit: int | None) -> ToolTask | Rendered:
    steps = submission(
        call,
        all_guards(),
        submit=partial(submit, call, limit=limit),
        withdraw=partial(withdraw, call),
    )
    with _claimed(call, loop):
        task = drive_on_thread(steps, loop=loop)
    # The client may have left before there was anything to cancel.
    if call.task_id is not None and call.cancellation.is_requested and _ends_with_caller(call):
        cancel(call.task_id)
    return task


def _within_deadline(call: Call, work: Callable[[], Awaitable[T]]) -> Answer[T]:
    """Return the future of what the work of a call comes to; the call is ended at its deadline.

    The work goes on then where it cannot be stopped: on a thread, or in a function that swallows
    its cancellation.
    """
    answer = Answer(run_detached(_repeat_while_waiting(call, work)))
    loop = asyncio.get_running_loop()
    timer = loop.call_later(call.deadline.remaining, _expire, call, answer)
    answer.add_done_callback(lambda _: timer.cancel())
    return answer


def _expire(call: Call, answer: Answer[Any]) -> None:
    """Give up a call whose time is over, unless its guards judge it or it is being committed."""
    if call.deadline.expire(is_deferred=_holds_record(call)):
        call.cancellation.request()
        error: CallError = timed_out(call.target)
    elif call.claim():  # it waits for a thread, or a guard has it wait
        error = BusyError()
    else:
        return
    if call.deadline.is_deferred:
        answer.give_up(error)
    else:
        answer.abandon()
        run_detached(_end_given_up(call, answer, error))


async def _end_given_up(call: Call, answer: Answer[Any], error: CallError) -> None:
    call.finish_notifications()
    call.discard_task()
    await drive_on_loop(ended(call, all_guards(), error))
    answer.set_exception(error)


def _holds_record(call: Call) -> bool:
    """Return whether the record cannot be written as long as the function is running."""
    alias = router.db_for_write(CallRecord)
    is_held = call.target is not None and call.target.atomic == alias
    return is_held and connections[alias].vendor == "sqlite"  # it has one writer


async def _repeat_while_waiting(call: Call, work: Callable[[], Awaitable[T]]) -> T:
    """Do the work of a call; repeat it while a guard raises `WaitFor`.

    The call holds no thread while it waits. Raises `BusyError` when the guard's time is over.
    """
    began = time.monotonic()
    async with _ended_if_unclaimed(call):
        while True:
            try:
                return await work()
            except WaitFor as waiting:
                if is_cancelled(call):  # while the guard was called, on a thread
                    raise asyncio.CancelledError from None
                left = waiting.timeout - (time.monotonic() - began)
                if left <= 0:
                    raise BusyError from None
                interval = (waiter_count() + 1) / RECHECKS_PER_SECOND
                interval = max(RECHECK_INTERVAL_SECONDS, interval)
                await wait_until_published(waiting.key, patience=min(left, interval))


@asynccontextmanager
async def _ended_if_unclaimed(call: Call) -> AsyncIterator[None]:
    """End a call that no thread has claimed: it waited, or was refused before that."""
    try:
        yield
    except (BusyError, RevokedError, TaskRequiredError, asyncio.CancelledError) as error:
        call.is_abandoned = True  # first: the thread that has claimed it may be giving it up
        if call.claim():
            call.discard_task()
            steps = ended(call, all_guards(), error)
            await asyncio.shield(run_detached(drive_on_loop(steps)))
        raise


@asynccontextmanager
async def _cancelled_with_caller(call: Call) -> AsyncIterator[None]:
    """Cancel the task of a call whose caller leaves, unless its tool is to go on.

    A caller whose access ends has left, whatever its client.
    """
    try:
        yield
    except (asyncio.CancelledError, AccessEndedError) as error:
        is_ending = _ends_with_caller(call)
        if isinstance(error, AccessEndedError):
            call.cancellation.client_left(is_request=is_ending)
        if is_ending and call.task_id is not None:
            await asyncio.shield(run_in_control(cancel, call.task_id))
        raise


def _ends_with_caller(call: Call) -> bool:
    background = call.tool.background
    return background is not None and background.on_disconnect == "cancel"
