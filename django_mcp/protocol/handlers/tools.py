"""Handlers of `tools/list` and `tools/call`."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any

from mcp.server.context import CallNext, HandlerResult
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
)

from django_mcp.calls.call import Call
from django_mcp.catalog import empty_list_reason, visible
from django_mcp.conf import settings
from django_mcp.dispatch import serve, start_task
from django_mcp.kinds import Kind
from django_mcp.primitives.registry import Registry
from django_mcp.principals import Principal
from django_mcp.protocol.call_results import Served, call_result, error_result
from django_mcp.protocol.capabilities import declares_tasks
from django_mcp.protocol.elicitation import input_responses_in, is_askable
from django_mcp.protocol.errors import internal_error
from django_mcp.protocol.exchange import Context, current_exchange, exchange_of, is_modern
from django_mcp.protocol.pagination import decode_cursor, encode_cursor
from django_mcp.protocol.progress import ProgressChannel
from django_mcp.protocol.wire import wire_tool_json
from django_mcp.threads.executors import run_detached, run_in_control
from django_mcp.tools.tool import Tool

logger = logging.getLogger(__name__)

UNDEFINED = {"type": "object"}
"""The least that the SDK takes for the schema of a tool."""


class ToolList:
    """Handler of `tools/list` for one registry, whose definitions never change.

    The SDK validates and copies whatever a handler returns, and for definitions that costs most
    of a list's time and megabytes of memory. So the handler returns the names alone, and a
    middleware puts the definitions in their place on the way out.

    The first empty list of a process is explained in the log.
    """

    def __init__(self, registry: Registry) -> None:
        self._definitions: Mapping[str, dict[str, Any]] = {
            name: wire_tool_json(tool) for name, tool in registry.of(Tool).items()
        }
        self._is_explained = False

    async def handle(self, ctx: Context, params: PaginatedRequestParams) -> dict[str, Any]:
        """Return a page of the names that this caller sees."""
        after = "" if params.cursor is None else decode_cursor(params.cursor)
        try:
            visible = await run_in_control(self._visible, exchange_of(ctx).principal)
        except Exception as error:  # noqa: BLE001  (a 2025-era client would be shown its text)
            raise internal_error(error) from None
        names = [tool.name for tool in visible if tool.name > after]
        page = names[: settings.LIST_PAGE_SIZE]
        result = ListToolsResult(
            tools=[], next_cursor=encode_cursor(page[-1]) if len(names) > len(page) else None
        )
        envelope = result.model_dump(by_alias=True, mode="json", exclude_none=True)
        return {**envelope, "tools": [{"name": name, "inputSchema": UNDEFINED} for name in page]}

    def _visible(self, principal: Principal) -> list[Tool]:
        tools = visible(Tool, principal)
        if not tools and not self._is_explained:
            # Once: whoever sets the site up reads it, and callers without rights fill no log.
            self._is_explained = True
            logger.warning(
                "tools/list at %s is empty. %s",
                principal.endpoint.path,
                empty_list_reason(Kind.TOOL, principal),
            )
        return tools

    async def add_definitions(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        """Middleware of the SDK's server: put the definitions into the result of `tools/list`."""
        result = await call_next(ctx)
        if ctx.method == "tools/list" and isinstance(result, dict):
            tools = [self._definitions[tool["name"]] for tool in result["tools"]]
            return {**result, "tools": tools}
        return result


async def handle_call(
    ctx: Context, params: CallToolRequestParams
) -> CallToolResult | InputRequiredResult | dict[str, Any]:
    """Handle `tools/call`: with a task when the tool is slow and the client takes tasks.

    When the tool needs input first, its requests are the result, and the client calls again.

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
        return call_result(await asyncio.shield(work), call)
    except asyncio.CancelledError:
        call.cancellation.client_left(is_request=is_modern(ctx))
        if is_modern(ctx):
            work.cancel()
        work.add_done_callback(_retrieve)
        raise
    except Exception as error:  # noqa: BLE001  (rendering knows what clients may know)
        return error_result(error, call, is_modern=is_modern(ctx))
    finally:
        if channel is not None:
            await _deliver(channel, work)


def parameter_header_schema(name: str) -> Mapping[str, Any] | None:
    """Return the schema by which the SDK checks `Mcp-Param-*` headers, where a tool declares any.

    Only for the tool that the request's headers name and its caller sees: otherwise the check
    would tell a hidden tool from a missing one.
    """
    exchange = current_exchange.get(None)
    tool = exchange.tool if exchange is not None else None
    if tool is None or tool.name != name or not tool.has_parameter_headers:
        return None
    return tool.input_schema


def _retrieve(work: "asyncio.Task[Served]") -> None:
    """Retrieve the end of a call that nobody waits for, so that asyncio does not log it again."""
    if not work.cancelled():
        work.exception()


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
