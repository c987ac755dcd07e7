"""MCP server of the SDK, made of our handlers."""

from typing import Any

from mcp.server.lowlevel import Server
from mcp_types import (
    CallToolRequestParams,
    CompleteRequestParams,
    DiscoverResult,
    GetPromptRequestParams,
    LoggingCapability,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    RequestParams,
    ServerCapabilities,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from django_mcp.endpoints import Endpoint
from django_mcp.primitives.registry import get_registry
from django_mcp.protocol.cache_hints import add_cache_hints
from django_mcp.protocol.capabilities import TASKS
from django_mcp.protocol.exchange import Context, Exchange, exchange_of
from django_mcp.protocol.handlers.completion import complete_argument
from django_mcp.protocol.handlers.prompts import get_prompt, list_prompts
from django_mcp.protocol.handlers.resources import (
    list_resource_templates,
    list_resources,
    read_resource,
)
from django_mcp.protocol.handlers.subscriptions import listen
from django_mcp.protocol.handlers.tasks import (
    TaskParams,
    UpdateTaskParams,
    cancel_task,
    get_task,
    update_task,
)
from django_mcp.protocol.handlers.tools import ToolList, handle_call, parameter_header_schema
from django_mcp.protocol.instructions import instructions_of
from django_mcp.protocol.request_state import request_state_boundary
from django_mcp.protocol.server_info import server_info
from django_mcp.resources.resource import Resource


def build_server(endpoint: Endpoint) -> Server[Any]:
    """Return a server of all that the project declares, for any number of requests in either era.

    Raises `ToolRegistrationError` when something cannot be served.
    """
    registry = get_registry()
    tool_list = ToolList(registry)
    server = Server(
        **server_info(endpoint),
        on_subscriptions_listen=listen,
        # Without it the SDK lists all tools again for every call that has arguments.
        get_tool_input_schema=parameter_header_schema,
    )

    async def discover(ctx: Context, params: RequestParams) -> DiscoverResult:
        return DiscoverResult(
            supported_versions=list(MODERN_PROTOCOL_VERSIONS),
            capabilities=_modern_capabilities(server, exchange_of(ctx)),
        )

    server.middleware += [
        request_state_boundary(endpoint),
        tool_list.add_definitions,
        add_cache_hints,
        instructions_of(endpoint),
    ]
    server.add_request_handler("server/discover", RequestParams, discover)
    server.add_request_handler("tools/list", PaginatedRequestParams, tool_list.handle)
    server.add_request_handler("tools/call", CallToolRequestParams, handle_call)
    if registry.of(Resource):
        # The SDK advertises what is handled, and clients ask for what is advertised.
        server.add_request_handler("resources/list", PaginatedRequestParams, list_resources)
        server.add_request_handler(
            "resources/templates/list", PaginatedRequestParams, list_resource_templates
        )
        server.add_request_handler("resources/read", ReadResourceRequestParams, read_resource)
    # Always: operators may write prompts at any time.
    server.add_request_handler("prompts/list", PaginatedRequestParams, list_prompts)
    server.add_request_handler("prompts/get", GetPromptRequestParams, get_prompt)
    server.add_request_handler("completion/complete", CompleteRequestParams, complete_argument)
    server.add_request_handler("tasks/get", TaskParams, get_task)
    server.add_request_handler("tasks/cancel", TaskParams, cancel_task)
    server.add_request_handler("tasks/update", UpdateTaskParams, update_task)
    return server


def _modern_capabilities(server: Server[Any], exchange: Exchange) -> ServerCapabilities:
    """Return what is served in 2026-07-28, as far as the server of the request can send it.

    Told the revision, the SDK would take a served `subscriptions/listen` for a promise to tell of
    changed lists. The extension and log messages are for this era alone, so not the server's: those
    of the 2025 revisions ask for messages by `logging/setLevel`.
    """
    capabilities = server.get_capabilities(extensions={TASKS: {}})
    if exchange.takes_streams:
        capabilities.logging = LoggingCapability()
    return capabilities
