"""What must hold before a tool runs, and what becomes of calls that are turned away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from django_mcp.audit.record import Recording
from django_mcp.calls.preparation import prepare
from django_mcp.calls.request_states import used_once
from django_mcp.calls.run import explain
from django_mcp.context import ToolContext
from django_mcp.exceptions import (
    BusyError,
    InvalidArgumentsError,
    MissingScopeError,
    RevokedError,
    TaskRequiredError,
    ToolError,
)
from django_mcp.schemas.output.output import Rendered
from django_mcp.threads.executors import run_in_control
from django_mcp.tools.tool import Tool


def admit(context: ToolContext, tool: Tool, record: Recording) -> dict[str, Any]:
    """Everything that must hold before a visible tool runs; the arguments that it then runs with.

    Call it from a thread, unless `may_query_to_admit` says that the database will not be asked.
    """
    arguments = authorize(context, tool, record)
    if tool.preparation is None:
        return arguments
    with used_once(context.invocation, tool):
        return complete(context, tool, record, arguments)


def authorize(context: ToolContext, tool: Tool, record: Recording) -> dict[str, Any]:
    """As `admit`, of a call that is still to be completed by what prepares its tool."""
    if not tool.scopes <= context.principal.scopes:
        raise MissingScopeError(required=tool.scopes, granted=context.principal.scopes)
    try:
        arguments = tool.bind(context)
    except (InvalidArgumentsError, ToolError):
        raise
    except Exception as error:  # noqa: BLE001  (its validation cannot even be built)
        explained = explain(error, context, tool)
        raise explained from explained.__cause__
    # A call whose end another process tells of is known from its beginning.
    if not tool.read_only or context.task_id is not None:
        record.begin()
    return arguments


def complete(
    context: ToolContext, tool: Tool, record: Recording, arguments: dict[str, Any]
) -> dict[str, Any]:
    """The arguments with those that what prepares the tool adds, if anything does."""
    if tool.preparation is None:
        return arguments
    arguments = prepare(context, tool, tool.preparation, arguments)
    record.complete()
    return arguments


def may_query_to_admit(tool: Tool, record: Recording) -> bool:
    """Whether `admit` takes a thread: crossing to one costs more than all that it does there."""
    return (
        tool.signature.runs_validators
        or tool.preparation is not None
        or (record.is_possible and not tool.read_only)
    )


def refuse(context: ToolContext, tool: Tool | None, error: Exception) -> None:
    """Record a call that ends before it comes here. Call it from a thread."""
    Recording(context, tool).finish(error=error)


@asynccontextmanager
async def refusals_recorded(context: ToolContext, record: Recording) -> AsyncIterator[None]:
    """Put on record what happens to a call that never reaches a thread of its own."""
    try:
        yield
    except (BusyError, RevokedError, TaskRequiredError) as error:
        if record.claim():  # it never reached one, so nothing has been recorded there
            context.discard_task()
            await run_in_control(record.finish, error=error)
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
