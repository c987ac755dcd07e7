"""The story of a call: seen? allowed? valid? on record, run, checked, on record again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async

from django_mcp.audit import Recording, mark_undelivered
from django_mcp.concurrency import (
    database_thread,
    run_in_control,
    run_in_worker,
    stays_in_thread,
)
from django_mcp.context import ToolContext
from django_mcp.exceptions import (
    BusyError,
    CallRejectedError,
    InvalidArgumentsError,
    MissingScopeError,
    TaskNotStartedError,
    TaskRequiredError,
    ToolError,
    ToolFailedError,
    UnaskableError,
    UnknownToolError,
)
from django_mcp.execution.callers import repetition_of
from django_mcp.execution.cancelling import cancel
from django_mcp.execution.guarding import failures_explained, transaction_of
from django_mcp.execution.handover import submit
from django_mcp.execution.preparing import prepare
from django_mcp.execution.questions import asking_in_request
from django_mcp.execution.settling import outcome_of
from django_mcp.execution.waiting import follow, watch
from django_mcp.models import ToolTask
from django_mcp.policy.snapshot import current_snapshot, known_snapshot
from django_mcp.policy.visibility import Visibility
from django_mcp.tools.registry import get_registry
from django_mcp.tools.results import Rendered
from django_mcp.tools.tool import Tool


async def call_tool(context: ToolContext) -> Rendered:
    """Serve one call and return its result.

    Raises what the caller may know: a `CallRejectedError` when the tool did not run, `ToolError`
    when it refused, `ToolFailedError` when the fault is ours. A sync tool that has started is
    finished and recorded even if the awaiting task is cancelled; an async one is cancelled.
    """
    tool = get_registry().get(context.invocation.name)
    record = Recording(context, tool)
    async with _refusals_recorded(context, tool, record):
        if tool is not None and _runs_in_background(tool):
            return await _call_in_background(context, tool, record)
        if tool is not None and tool.is_async:
            return await _call_async(context, tool, record)
        return await run_in_worker(_call_sync, context, tool, record)


def can_become_task(name: str) -> bool:
    """Whether a client that takes tasks is given one for a call of this tool."""
    tool = get_registry().get(name)
    return tool is not None and _runs_in_background(tool)


async def start_task(context: ToolContext) -> ToolTask:
    """Begin one call of a tool that `can_become_task`, and return its task, which is committed.

    Raises as `call_tool` does, and `TaskNotStartedError` when no worker could be told of it.
    """
    tool = get_registry().get(context.invocation.name)
    assert tool is not None
    record = Recording(context, tool)
    context.become_task()
    async with _refusals_recorded(context, tool, record), _cancelled_with_caller(context, tool):
        task = await run_in_worker(_submit, context, tool, record)
    if task.has_ended:
        raise TaskNotStartedError
    return task


@asynccontextmanager
async def _refusals_recorded(
    context: ToolContext, tool: Tool | None, record: Recording
) -> AsyncIterator[None]:
    """Put on record what happens to a call that never reaches a thread of its own."""
    try:
        yield
    except (BusyError, TaskRequiredError) as error:
        await run_in_control(_refuse, context, tool, record, error)
        raise
    except asyncio.CancelledError as error:
        if record.claim():  # it was still waiting for a thread
            await _finish(record, error=error)
        raise


@asynccontextmanager
async def _cancelled_with_caller(context: ToolContext, tool: Tool) -> AsyncIterator[None]:
    """Cancel the task of a call whose caller leaves, unless its tool is to go on."""
    try:
        yield
    except asyncio.CancelledError:
        if _ends_with_caller(tool) and context.task_id is not None:
            await asyncio.shield(run_in_control(cancel, context.task_id))
        raise


async def _call_in_background(context: ToolContext, tool: Tool, record: Recording) -> Rendered:
    if tool.background is not None and tool.background.require_task:
        raise TaskRequiredError
    key = context.become_task()
    try:
        async with _cancelled_with_caller(context, tool), watch().waiting_for(key) as waiter:
            await run_in_worker(_submit, context, tool, record)
            waiter.has_row = True
            await follow(waiter, context)
            return await run_in_control(outcome_of, key)
    finally:
        context.finish_progress()
        if context.is_disconnected:
            await asyncio.shield(run_in_control(mark_undelivered, context.call_id))


def _submit(context: ToolContext, tool: Tool, record: Recording) -> ToolTask:
    if not record.claim():
        raise asyncio.CancelledError
    try:
        _admit(context, tool, record)
        task = submit(context, tool)
    except BaseException as error:
        context.discard_task()
        record.finish(error=error)
        raise
    # The client may have left before there was anything to cancel.
    if context.is_cancelled and _ends_with_caller(tool):
        cancel(task.pk)
    return task


def _runs_in_background(tool: Tool) -> bool:
    # In a test's own thread nobody else could see the row, nor what the test has made.
    return tool.background is not None and not stays_in_thread()


def _ends_with_caller(tool: Tool) -> bool:
    return tool.background is not None and tool.background.on_disconnect == "cancel"


def call_again(task: ToolTask) -> UUID:
    """Call an ended task's tool anew, with its arguments, for its caller; the new task's key.

    It is judged and recorded as if the caller called now, and raises the same. Also raises
    `RevokedError` when the caller could not even call. Call it from a thread, and not for a task
    that had secret arguments: they are gone.
    """
    context = ToolContext(repetition_of(task))
    key = context.become_task()
    tool = get_registry().get(task.name)
    record = Recording(context, tool)
    if tool is None or tool.background is None:
        error = UnknownToolError(task.name)
        record.finish(error=error)
        raise error
    _submit(context, tool, record)
    return key


def refuse(context: ToolContext, error: CallRejectedError) -> None:
    """Record a call that is turned away before it comes here. Call it from a thread.

    Raises `UnknownToolError` instead when the caller may not know of the tool at all; nothing is
    recorded then, for `call_tool` has yet to answer that call.
    """
    tool = get_registry().get(context.invocation.name)
    _require_visible(context, tool)
    Recording(context, tool).finish(error=error)


def _refuse(
    context: ToolContext, tool: Tool | None, record: Recording, error: CallRejectedError
) -> None:
    try:
        # A hidden tool must not be told from a missing one by how a call of it is refused.
        _require_visible(context, tool)
    except UnknownToolError as unknown:
        record.finish(error=unknown)
        raise
    record.finish(error=error)


def _call_sync(context: ToolContext, tool: Tool | None, record: Recording) -> Rendered:
    if not record.claim():
        raise asyncio.CancelledError
    try:
        tool, arguments = _admit(context, tool, record)
        with failures_explained(context), transaction_of(tool), _asking(context, tool):
            result = tool.output.render(tool.function(**arguments))
    except BaseException as error:
        record.finish(error=error)
        raise
    finally:
        context.finish_progress()
    record.finish(result=result)
    return result


async def _call_async(context: ToolContext, tool: Tool, record: Recording) -> Rendered:
    record.claim()
    try:
        if _may_query_to_admit(context, tool, record):
            _, arguments = await run_in_control(_admit, context, tool, record)
        else:
            _, arguments = _admit(context, tool, record)
        with failures_explained(context), _asking(context, tool):
            async with database_thread():
                value = await tool.function(**arguments)
                render = sync_to_async(tool.output.render) if tool.output.may_query else None
                result = await render(value) if render else tool.output.render(value)
    except BaseException as error:
        await _finish(record, error=error)
        raise
    finally:
        context.finish_progress()
    await _finish(record, result=result)
    return result


async def _finish(
    record: Recording, *, result: Rendered | None = None, error: BaseException | None = None
) -> None:
    if record.may_query_to_finish:
        await asyncio.shield(run_in_control(record.finish, result=result, error=error))
    else:
        record.finish(result=result, error=error)


def _may_query_to_admit(context: ToolContext, tool: Tool, record: Recording) -> bool:
    """Whether `_admit` takes a thread: crossing to one costs more than all that it does there."""
    snapshot = known_snapshot()
    return (
        snapshot is None
        or tool.signature.runs_validators
        or tool.preparation is not None
        or (record.is_possible and not tool.read_only)
        or Visibility(context.principal, snapshot).may_query(tool)
    )


def _asking(context: ToolContext, tool: Tool) -> AbstractContextManager[None]:
    """Lets a background tool ask that is kept on a test's own thread, where it has no task."""
    if tool.background is None:
        return nullcontext()
    call = context.invocation
    can_ask = call.is_askable and call.takes_task
    return asking_in_request(context, None if can_ask else UnaskableError())


def _admit(
    context: ToolContext, tool: Tool | None, record: Recording
) -> tuple[Tool, dict[str, Any]]:
    """Everything that must hold before a tool runs; the arguments that it then runs with."""
    tool = _require_visible(context, tool)
    if not tool.scopes <= context.principal.scopes:
        raise MissingScopeError(required=tool.scopes, granted=context.principal.scopes)
    try:
        arguments = tool.bind(context)
    except (InvalidArgumentsError, ToolError):
        raise
    except Exception as error:  # a validator of the tool's author that fails in its own way
        raise ToolFailedError(context.call_id) from error
    # A call whose end another process tells of is known from its beginning.
    if not tool.read_only or context.task_id is not None:
        record.begin()
    if tool.preparation is not None:
        arguments = prepare(context, tool, tool.preparation, arguments)
        record.complete()
    return tool, arguments


def _require_visible(context: ToolContext, tool: Tool | None) -> Tool:
    # Denied reads as unknown, so callers cannot probe for hidden tools.
    if tool is None or not Visibility(context.principal, current_snapshot()).sees(tool):
        raise UnknownToolError(context.invocation.name)
    return tool
