"""Calls of tools: each in the way that its tool runs."""

import asyncio
from contextlib import AbstractContextManager, nullcontext

from asgiref.sync import sync_to_async

from django_mcp.audit.record import Recording
from django_mcp.calls.elicitation import asking_in_request
from django_mcp.calls.run import failures_explained, rendering, transaction_of
from django_mcp.context import ToolContext
from django_mcp.dispatch.admitting import admit, finish, may_query_to_admit, refusals_recorded
from django_mcp.dispatch.background import call_in_background, runs_in_background
from django_mcp.exceptions import UnaskableError, UnknownToolError
from django_mcp.schemas.output.output import Rendered
from django_mcp.threads.executors import DatabaseThread, awaited, run_in_control, run_in_worker
from django_mcp.tools.tool import Tool


async def call_tool(context: ToolContext, tool: Tool | None) -> Rendered:
    """Serve one call of a tool that its caller sees, and return its result.

    Without a tool it is a call of one that does not exist, or not for this caller.

    Raises what the caller may know: a `CallRejectedError` when the tool did not run, `ToolError`
    when it refused, `ToolFailedError` when the fault is ours. A sync tool that has started is
    finished and recorded even if the awaiting task is cancelled; an async one is cancelled.
    """
    record = Recording(context, tool)
    if tool is None:
        error = UnknownToolError(context.invocation.name)
        await finish(record, error=error)
        raise error
    async with refusals_recorded(context, record):
        if runs_in_background(tool):
            return await call_in_background(context, tool, record)
        if tool.is_async:
            return await _call_async(context, tool, record)
        return await run_in_worker(_call_sync, context, tool, record)


def _call_sync(context: ToolContext, tool: Tool, record: Recording) -> Rendered:
    if not record.claim():
        raise asyncio.CancelledError
    try:
        arguments = admit(context, tool, record)
        with (
            failures_explained(context, tool),
            transaction_of(tool) as unit,
            _asking(context, tool),
        ):
            value = awaited(tool.function(**arguments))
            with rendering(context):
                unit.result = result = tool.render(context, value)
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
        if may_query_to_admit(tool, record):
            arguments = await run_in_control(admit, context, tool, record)
        else:
            arguments = admit(context, tool, record)
        with failures_explained(context, tool), _asking(context, tool):
            async with DatabaseThread():
                value = await tool.function(**arguments)
                with rendering(context):
                    result = tool.output.render_at_once(value)
                    if result is None:
                        result = await sync_to_async(tool.render)(context, value)
    except BaseException as error:
        await finish(record, error=error)
        raise
    finally:
        context.finish_progress()
    await finish(record, result=result)
    return result


def _asking(context: ToolContext, tool: Tool) -> AbstractContextManager[None]:
    """Lets a background tool ask that is kept on a test's own thread, where it has no task."""
    if tool.background is None:
        return nullcontext()
    call = context.invocation
    can_ask = call.is_askable and call.takes_task
    return asking_in_request(context, None if can_ask else UnaskableError())
