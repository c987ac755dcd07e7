"""The SDK's server, made of our handlers."""

from typing import Any
from urllib.parse import urlsplit

from mcp.server.lowlevel import Server

import django_mcp
from django_mcp.conf import settings
from django_mcp.principals import Endpoint
from django_mcp.protocol.handlers import Handlers, parameter_header_schema
from django_mcp.tools.registry import get_registry


def build_server(endpoint: Endpoint) -> Server[Any]:
    """A server of the project's tools, for any number of requests in either era.

    Raises `ToolRegistrationError` when a tool cannot be served.
    """
    handlers = Handlers(get_registry())
    return Server(
        settings.SERVER_NAME or urlsplit(endpoint.url).hostname or endpoint.name,
        # Clients and the protocol want some version; ours is the best there is.
        version=settings.SERVER_VERSION or django_mcp.__version__,
        instructions=settings.INSTRUCTIONS or None,
        lifespan=handlers.lifespan,
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        # Without it the SDK lists all tools again for every call that has arguments.
        get_tool_input_schema=parameter_header_schema,
    )
