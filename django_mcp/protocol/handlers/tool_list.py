"""`tools/list`: what a caller sees, in pages."""

import logging
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from mcp.server.context import CallNext, HandlerResult
from mcp_types import ListToolsResult, PaginatedRequestParams

from django_mcp.catalog import empty_list_reason, visible
from django_mcp.conf import settings
from django_mcp.kinds import Kind
from django_mcp.primitives.registry import Registry
from django_mcp.principals import Principal
from django_mcp.protocol.errors import internal_error, invalid_cursor
from django_mcp.protocol.exchange import Context, exchange_of
from django_mcp.protocol.wire import wire_tool_json
from django_mcp.threads.executors import run_in_control
from django_mcp.tools.tool import Tool

logger = logging.getLogger(__name__)

UNDEFINED = {"type": "object"}
"""The least that the SDK takes for the schema of a tool."""


class ToolList:
    """The lists of one registry's tools, whose definitions never change.

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
        """Answer with a page of the names that this caller sees."""
        after = "" if params.cursor is None else _read_cursor(params.cursor)
        try:
            visible = await run_in_control(self._visible, exchange_of(ctx).principal)
        except Exception as error:  # noqa: BLE001  (a 2025-era client would be shown its text)
            raise internal_error(error) from None
        names = [tool.name for tool in visible if tool.name > after]
        page = names[: settings.LIST_PAGE_SIZE]
        result = ListToolsResult(
            tools=[], next_cursor=_write_cursor(page[-1]) if len(names) > len(page) else None
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

    async def complete(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        """Middleware of the SDK's server: put the definitions into the answer to `tools/list`."""
        result = await call_next(ctx)
        if ctx.method == "tools/list" and isinstance(result, dict):
            tools = [self._definitions[tool["name"]] for tool in result["tools"]]
            return {**result, "tools": tools}
        return result


def _write_cursor(name: str) -> str:
    return urlsafe_b64encode(name.encode("ascii")).decode("ascii")


def _read_cursor(cursor: str) -> str:
    # Characters of the other alphabet, which Python 3.15 still decodes, with a warning.
    if "+" in cursor or "/" in cursor:
        raise invalid_cursor()
    try:
        return b64decode(cursor, altchars=b"-_", validate=True).decode("ascii")
    except ValueError:
        raise invalid_cursor() from None
