"""`tools/call`: from the SDK's parsed message to our call, and back."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from mcp_types import CallToolRequestParams, CallToolResult, InputRequiredResult

from django_mcp.calls.call import Call
from django_mcp.dispatch import serve, start_task
from django_mcp.protocol.capabilities import declares_tasks
from django_mcp.protocol.elicitation import input_responses_in, is_askable
from django_mcp.protocol.exchange import Context, current_exchange, exchange_of, is_modern
from django_mcp.protocol.outcomes import Served, wire_error, wire_outcome
from django_mcp.protocol.progress import ProgressChannel
from django_mcp.threads.executors import run_detached


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
    is_task = tool is not None and tool.background is not None and declares_tasks(ctx)
    invocation = exchange.invocation(
        ctx.params or {},
        ctx.protocol_version,
        is_askable=is_askable(ctx),
        takes_task=is_task,
        **input_responses_in(params),
    )
    # A task has no stream; its progress stands in its status.
    channel = ProgressChannel(ctx.session) if _wants_progress(ctx) and not is_task else None
    call = Call(invocation=invocation, target=tool, progress=channel)
    serving: Coroutine[Any, Any, Served] = start_task(call) if is_task else serve(call)
    work = run_detached(serving)
    try:
        return wire_outcome(await asyncio.shield(work), call)
    except asyncio.CancelledError:
        call.cancellation.client_left(is_request=is_modern(ctx))
        if is_modern(ctx):
            work.cancel()
        raise
    except Exception as error:  # noqa: BLE001  (rendering knows what may be told)
        return wire_error(error, call, is_modern=is_modern(ctx))
    finally:
        if channel is not None:
            await _deliver(channel, work)


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


async def _deliver(channel: ProgressChannel, work: "asyncio.Task[Served]") -> None:
    """Flush pending progress before the result is sent, unless the client has gone."""
    try:
        if work.done():
            await channel.drain()
    finally:
        channel.close()


def _wants_progress(ctx: Context) -> bool:
    meta = (ctx.params or {}).get("_meta")
    return isinstance(meta, Mapping) and meta.get("progressToken") is not None
