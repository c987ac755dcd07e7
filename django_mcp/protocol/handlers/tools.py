"""Handlers of `tools/list` and `tools/call`."""

import logging
from collections.abc import Mapping
from typing import Any

from mcp.server.context import CallNext, HandlerResult
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
)

from django_mcp.catalog import empty_list_reason, visible
from django_mcp.dispatch import begin, start_task
from django_mcp.kinds import Kind
from django_mcp.primitives.registry import Registry
from django_mcp.principals import Principal
from django_mcp.protocol.call_results import call_result, error_result
from django_mcp.protocol.capabilities import declares_tasks
from django_mcp.protocol.content_blocks import model_json
from django_mcp.protocol.definitions import wire_tool_json
from django_mcp.protocol.elicitation import input_responses_in, is_askable
from django_mcp.protocol.exchange import Context, current_exchange, exchange_of, is_modern
from django_mcp.protocol.handlers.calls import call_of, served
from django_mcp.protocol.handlers.pages import visible_page
from django_mcp.protocol.rate_limits import with_limits_json
from django_mcp.threads.executors import run_detached
from django_mcp.tools.tool import Tool

logger = logging.getLogger(__name__)

UNDEFINED = {"type": "object"}
"""The least that the SDK takes for the schema of a tool."""


class ToolList:
    """Handler of `tools/list` for one registry, whose definitions never change but for limits.

    The SDK validates and copies whatever a handler returns, and for definitions that costs most
    of a list's time and megabytes of memory. So the handler returns the names alone, and a
    middleware puts the definitions in their place on the way out.

    The first empty list of a process is explained in the log.
    """

    def __init__(self, registry: Registry) -> None:
        self._definitions: Mapping[str, tuple[Tool, dict[str, Any]]] = {
            name: (tool, wire_tool_json(tool)) for name, tool in registry.of(Tool).items()
        }
        self._is_explained = False

    async def handle(self, ctx: Context, params: PaginatedRequestParams) -> dict[str, Any]:
        """Return a page of the names that this caller sees."""
        page = await visible_page(ctx, params, Tool, visible=self._visible)
        envelope = model_json(ListToolsResult(tools=[], next_cursor=page.next_cursor))
        names = [{"name": tool.name, "inputSchema": UNDEFINED} for tool in page.items]
        return {**envelope, "tools": names}

    def _visible(self, cls: type[Tool], principal: Principal) -> list[Tool]:
        tools = visible(cls, principal)
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
            shown = (self._definitions[tool["name"]] for tool in result["tools"])
            tools = [with_limits_json(definition, tool) for tool, definition in shown]
            return {**result, "tools": tools}
        return result


async def handle_call(
    ctx: Context, params: CallToolRequestParams
) -> CallToolResult | InputRequiredResult | dict[str, Any]:
    """Handle `tools/call`: with a task when the tool is slow and the client takes tasks.

    When the tool needs input first, its requests are the result, and the client calls again.
    """
    tool = exchange_of(ctx).found
    is_slow = isinstance(tool, Tool) and tool.background is not None
    is_task = is_slow and declares_tasks(ctx)
    call = call_of(
        ctx,
        Kind.TOOL,
        has_stream=not is_task,  # the progress of a task stands in its status
        is_askable=is_askable(ctx),
        takes_task=is_task,
        **input_responses_in(params),
    )
    try:
        if is_task:
            return call_result(await served(ctx, call, run_detached(start_task(call))), call)
        result = await served(ctx, call, begin(call))
        return call_result(result, call)
    except Exception as error:  # noqa: BLE001  (rendering knows what clients may know)
        return error_result(error, call, is_modern=is_modern(ctx))


def parameter_header_schema(name: str) -> Mapping[str, Any] | None:
    """Return the schema by which the SDK checks `Mcp-Param-*` headers, where a tool declares any.

    Only for the tool that the request's headers name and its caller sees: otherwise the check
    would tell a hidden tool from a missing one.
    """
    exchange = current_exchange.get(None)
    tool = exchange.found if exchange is not None else None
    if not isinstance(tool, Tool) or tool.name != name or not tool.has_parameter_headers:
        return None
    return tool.input_schema
