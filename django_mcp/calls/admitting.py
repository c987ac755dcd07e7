"""What must hold before a tool runs, and what becomes of calls that are turned away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from django_mcp.audit import Recording
from django_mcp.concurrency import run_in_control
from django_mcp.context import ToolContext
from django_mcp.exceptions import (
    BusyError,
    CallRejectedError,
    InvalidArgumentsError,
    MissingScopeError,
    TaskRequiredError,
    ToolError,
    ToolFailedError,
    UnknownToolError,
)
from django_mcp.execution.preparing import prepare
from django_mcp.policy.snapshot import Snapshot, current_snapshot
from django_mcp.policy.visibility import Visibility
from django_mcp.tools.registry import get_registry
from django_mcp.tools.results import Rendered
from django_mcp.tools.tool import Tool


def admit(
    context: ToolContext,
    tool: Tool | None,
    record: Recording,
    snapshot: Snapshot | None = None,
) -> tuple[Tool, dict[str, Any]]:
    """Everything that must hold before a tool runs; the arguments that it then runs with.

    Without a snapshot, call it from a thread.
    """
    tool = _require_visible(context, tool, snapshot)
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


def may_query_to_admit(
    context: ToolContext, tool: Tool, record: Recording, snapshot: Snapshot
) -> bool:
    """Whether `admit` takes a thread: crossing to one costs more than all that it does there."""
    return (
        tool.signature.runs_validators
        or tool.preparation is not None
        or (record.is_possible and not tool.read_only)
        or Visibility(context.principal, snapshot).may_query(tool)
    )


def refuse(context: ToolContext, error: CallRejectedError) -> None:
    """Record a call that is turned away before it comes here. Call it from a thread.

    Raises `UnknownToolError` instead when the caller may not know of the tool at all; nothing is
    recorded then, for `call_tool` has yet to answer that call.
    """
    tool = get_registry().get(context.invocation.name)
    _require_visible(context, tool)
    Recording(context, tool).finish(error=error)


@asynccontextmanager
async def refusals_recorded(
    context: ToolContext, tool: Tool | None, record: Recording
) -> AsyncIterator[None]:
    """Put on record what happens to a call that never reaches a thread of its own."""
    try:
        yield
    except (BusyError, TaskRequiredError) as error:
        context.discard_task()
        await run_in_control(_refuse, context, tool, record, error)
        raise
    except asyncio.CancelledError as error:
        if record.claim():  # it was still waiting for a thread
            context.discard_task()
            await finish(record, error=error)
        raise


async def finish(
    record: Recording, *, result: Rendered | None = None, error: BaseException | None = None
) -> None:
    """Write how a call ended, from the loop: whoever leaves meanwhile does not prevent it."""
    if record.may_query_to_finish:
        await asyncio.shield(run_in_control(record.finish, result=result, error=error))
    else:
        record.finish(result=result, error=error)


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


def _require_visible(
    context: ToolContext, tool: Tool | None, snapshot: Snapshot | None = None
) -> Tool:
    snapshot = snapshot or current_snapshot()
    # Denied reads as unknown, so callers cannot probe for hidden tools.
    if tool is None or not Visibility(context.principal, snapshot).sees(tool):
        raise UnknownToolError(context.invocation.name)
    return tool
