"""Calls that become tasks: begun here, run and ended by a worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from django_mcp.audit.record import Recording, mark_undelivered
from django_mcp.background.access import Access
from django_mcp.background.cancellation import cancel
from django_mcp.background.completion import outcome_of
from django_mcp.background.serialization import repetition_of
from django_mcp.background.submit import submit
from django_mcp.background.watch import follow, watch
from django_mcp.calls.request_states import used_once
from django_mcp.conf import settings
from django_mcp.context import ToolContext
from django_mcp.dispatch.admitting import authorize, complete, refusals_recorded
from django_mcp.exceptions import (
    AccessEndedError,
    FollowUpFailedError,
    RevokedError,
    TaskNotStartedError,
    TaskRequiredError,
    UnknownToolError,
)
from django_mcp.models import ToolTask
from django_mcp.policy.snapshot import current_snapshot
from django_mcp.policy.visibility import Visibility
from django_mcp.schemas.output.output import Rendered
from django_mcp.threads.executors import run_in_control, run_in_worker, stays_in_thread
from django_mcp.tools.tool import Tool


async def start_task(context: ToolContext, tool: Tool) -> ToolTask:
    """Begin one call of a tool that `runs_in_background`; return its task, which is committed.

    Raises as `call_tool` does, and `TaskNotStartedError` when no worker could be told of it.
    """
    record = Recording(context, tool)
    context.become_task()
    async with refusals_recorded(context, record), _cancelled_with_caller(context, tool):
        limit = settings.MAX_TASKS_PER_CALLER
        task = await run_in_worker(_submit, context, tool, record, limit=limit)
    if task.has_ended:
        raise TaskNotStartedError
    return task


async def call_in_background(context: ToolContext, tool: Tool, record: Recording) -> Rendered:
    """Serve a call whose client takes no task: watch its task, and return what comes of it.

    Raises `AccessEndedError`, and tells no more of the task, when the caller loses its access, and
    `RevokedError` when it has lost it before there was one.
    """
    if tool.background is not None and tool.background.require_task:
        raise TaskRequiredError
    access = Access(context.principal, scopes=tool.scopes)
    try:
        await access.begin()
    except AccessEndedError:
        raise RevokedError from None
    key = context.become_task()
    try:
        async with _cancelled_with_caller(context, tool), watch().waiting_for(key) as waiter:
            limit = settings.MAX_TASKS_PER_CALLER
            await run_in_worker(_submit, context, tool, record, limit=limit)
            waiter.has_row = True
            async with access.kept():
                await follow(waiter, context, access)
                await access.renew()
            return await run_in_control(outcome_of, key)
    finally:
        if context.is_disconnected:
            await asyncio.shield(run_in_control(mark_undelivered, context.call_id))
        else:
            context.finish_progress()


def call_again(task: ToolTask) -> UUID:
    """Call an ended task's tool anew, with its arguments, for its caller; the new task's key.

    It is judged and recorded as if the caller called now, and raises the same. Also raises
    `RevokedError` when the caller could not even call. Call it from a thread, and not for a task
    that had secret arguments: they are gone. It does not count against
    `DJANGO_MCP_MAX_TASKS_PER_CALLER`: an operator has decided, and not the caller.
    """
    context = ToolContext(repetition_of(task))
    tool = Visibility(context.principal, current_snapshot()).find(task.name)
    record = Recording(context, tool)
    if tool is None or tool.background is None:
        error = UnknownToolError(task.name)
        record.finish(error=error)
        raise error
    key = context.become_task()
    _submit(context, tool, record, limit=None)
    return key


def _submit(context: ToolContext, tool: Tool, record: Recording, *, limit: int | None) -> ToolTask:
    if not record.claim():
        raise asyncio.CancelledError
    try:
        arguments = authorize(context, tool, record)
        with used_once(context.invocation, tool):
            complete(context, tool, record, arguments)
            task = submit(context, tool, limit=limit)
    except BaseException as error:
        if isinstance(error, FollowUpFailedError):
            # A hook of what prepares the tool failed, before the task was handed over.
            queued = ToolTask.objects.filter(status=ToolTask.Status.QUEUED)
            queued.filter(call_id=context.call_id).delete()
        context.discard_task()
        record.finish(error=error)
        raise
    # The client may have left before there was anything to cancel.
    if context.is_cancelled and _ends_with_caller(tool):
        cancel(task.pk)
    return task


def runs_in_background(tool: Tool) -> bool:
    """Whether calls of the tool become tasks."""
    # In a test's own thread nobody else could see the row, nor what the test has made.
    return tool.background is not None and not stays_in_thread()


@asynccontextmanager
async def _cancelled_with_caller(context: ToolContext, tool: Tool) -> AsyncIterator[None]:
    """Cancel the task of a call whose caller leaves, unless its tool is to go on.

    A caller whose access ends has left, whatever its client.
    """
    try:
        yield
    except (asyncio.CancelledError, AccessEndedError) as error:
        is_ending = _ends_with_caller(tool)
        if isinstance(error, AccessEndedError):
            context.disconnect(cancel=is_ending)
        if is_ending and context.task_id is not None:
            await asyncio.shield(run_in_control(cancel, context.task_id))
        raise


def _ends_with_caller(tool: Tool) -> bool:
    return tool.background is not None and tool.background.on_disconnect == "cancel"
