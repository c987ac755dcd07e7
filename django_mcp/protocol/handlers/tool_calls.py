"""`tools/call`: from the SDK's parsed message to our call, and back."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from mcp_types import CallToolRequestParams, CallToolResult, InputRequiredResult

from django_mcp.context import ToolContext
from django_mcp.dispatch.background import runs_in_background, start_task
from django_mcp.dispatch.serving import call_tool
from django_mcp.exceptions import InputRequiredError, UnaskableError
from django_mcp.models import ToolTask
from django_mcp.protocol.capabilities import declares_tasks
from django_mcp.protocol.elicitation import answers_in, input_required, is_askable
from django_mcp.protocol.errors import failed_call, missing_elicitation
from django_mcp.protocol.exchange import Context, current_exchange, exchange_of, is_modern
from django_mcp.protocol.progress import ProgressChannel
from django_mcp.protocol.task_wire import task_handle
from django_mcp.protocol.wire import wire_result
from django_mcp.schemas.output.output import Rendered
from django_mcp.threads.executors import run_detached

Outcome = Rendered | ToolTask


async def handle_call(
    ctx: Context, params: CallToolRequestParams
) -> CallToolResult | InputRequiredResult | dict[str, Any]:
    """Answer `tools/call`: with a task when the tool is slow and the client takes tasks.

    When the tool has questions first, they are the answer, and the client calls again.

    When the client goes away, a call of a 2026-07-28 client is cancelled, as that revision
    demands; one of a 2025-era client runs on, because those revisions ask not to cancel.
    """
    exchange = exchange_of(ctx)
    tool = exchange.tool
    is_task = tool is not None and runs_in_background(tool) and declares_tasks(ctx)
    invocation = exchange.invocation(
        ctx.params or {},
        ctx.protocol_version,
        is_askable=is_askable(ctx),
        takes_task=is_task,
        **answers_in(params),
    )
    # A task has no stream; its progress stands in its status.
    channel = ProgressChannel(ctx.session) if _wants_progress(ctx) and not is_task else None
    context = ToolContext(invocation, progress=channel)
    serving: Coroutine[Any, Any, Outcome] = (
        start_task(context, tool) if tool is not None and is_task else call_tool(context, tool)
    )
    call = run_detached(serving)
    try:
        outcome = await asyncio.shield(call)
        if isinstance(outcome, ToolTask):
            return task_handle(outcome)
        return wire_result(outcome, invocation.id)
    except asyncio.CancelledError:
        context.disconnect(cancel=is_modern(ctx))
        if is_modern(ctx):
            call.cancel()
        raise
    except InputRequiredError as error:
        return input_required(error, invocation.id)
    except UnaskableError as error:
        if is_modern(ctx):
            raise missing_elicitation(error) from None
        return failed_call(error, invocation.id)
    except Exception as error:  # noqa: BLE001  (rendering knows what may be told)
        return failed_call(error, invocation.id)
    finally:
        if channel is not None:
            await _deliver(channel, call)


def parameter_header_schema(name: str) -> Mapping[str, Any] | None:
    """The schema by which the SDK checks `Mcp-Param-*` headers, where a tool declares any.

    Only for the tool that the request's headers name and its caller sees: otherwise the check
    would tell a hidden tool from a missing one.
    """
    exchange = current_exchange.get(None)
    tool = exchange.tool if exchange is not None else None
    if tool is None or tool.name != name or not tool.has_parameter_headers:
        return None
    return tool.input_schema


async def _deliver(channel: ProgressChannel, call: "asyncio.Task[Outcome]") -> None:
    """Let the last report overtake the result, unless the client has gone."""
    try:
        if call.done():
            await channel.drain()
    finally:
        channel.close()


def _wants_progress(ctx: Context) -> bool:
    meta = (ctx.params or {}).get("_meta")
    return isinstance(meta, Mapping) and meta.get("progressToken") is not None
