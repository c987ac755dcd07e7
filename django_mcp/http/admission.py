"""Who may come in: authentication, and the answers that only HTTP can give about scopes."""

import json
from collections.abc import Mapping
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from mcp.shared.inbound import (
    MCP_METHOD_HEADER,
    MCP_NAME_HEADER,
    MCP_PROTOCOL_VERSION_HEADER,
    decode_header_value,
)
from mcp_types import DEFAULT_NEGOTIATED_VERSION
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from django_mcp.auth.base import Challenge, authenticate, has_credentials
from django_mcp.calls.admitting import refuse
from django_mcp.concurrency import run_in_control
from django_mcp.conf import settings
from django_mcp.context import ToolContext
from django_mcp.exceptions import InvalidCredentialsError, MissingScopeError, UnknownToolError
from django_mcp.policy.baseline import baseline_scopes
from django_mcp.policy.snapshot import current_snapshot
from django_mcp.policy.visibility import Visibility
from django_mcp.principals import Endpoint, Principal
from django_mcp.protocol.exchange import Exchange
from django_mcp.tools.registry import get_registry
from django_mcp.tools.tool import Tool


async def admit(request: ASGIRequest, body: bytes, endpoint: Endpoint) -> Exchange | Challenge:
    """Authenticate a request, and look at the tool that it calls before the protocol does.

    A handler can no longer set the HTTP status, so a missing scope is answered here: with the
    challenge that is returned instead of an exchange.
    """
    tool = get_registry().get(_called_tool(request.headers, body) or "")
    if _may_query(request, tool):
        return await run_in_control(_admit, request, body, tool, endpoint)
    return _admit(request, body, tool, endpoint)


def _may_query(request: ASGIRequest, tool: Tool | None) -> bool:
    """Whether admitting takes a thread: not for somebody unknown who asks for something open."""
    is_open = tool is None or not (tool.scopes or tool.has_parameter_headers)
    return has_credentials(request.headers) or not (settings.ALLOW_ANONYMOUS and is_open)


def _admit(
    request: ASGIRequest, body: bytes, tool: Tool | None, endpoint: Endpoint
) -> Exchange | Challenge:
    headers = request.headers
    address = request.META.get("REMOTE_ADDR", "")
    try:
        principal = authenticate(headers, endpoint)
    except InvalidCredentialsError:
        return Challenge(error="invalid_token", scopes=baseline_scopes())
    if principal is None:
        if not settings.ALLOW_ANONYMOUS:
            return Challenge(scopes=baseline_scopes())
        principal = Principal(endpoint=endpoint)
    if tool is None or (tool.scopes <= principal.scopes and not tool.has_parameter_headers):
        return Exchange(principal=principal, headers=headers, address=address)
    visibility = Visibility(principal, current_snapshot())
    if visibility.must_log_in(tool):
        return Challenge(scopes=baseline_scopes() | tool.scopes)
    exchange = Exchange(
        principal=principal,
        headers=headers,
        address=address,
        tool=tool if visibility.sees(tool) else None,
    )
    if tool.scopes <= principal.scopes:
        return exchange
    return _insufficient_scope(exchange, tool, body) or exchange


def _insufficient_scope(exchange: Exchange, tool: Tool, body: bytes) -> Challenge | None:
    """Refuse and record a call that lacks scopes; None when the protocol should answer it."""
    params = _call_params(body)
    if params is None or params["name"] != tool.name:
        return None  # not a well-formed call, or not of the tool that its headers name
    version = _version(exchange.headers) or DEFAULT_NEGOTIATED_VERSION
    error = MissingScopeError(required=tool.scopes, granted=exchange.principal.scopes)
    try:
        refuse(ToolContext(exchange.invocation(params, version)), error)
    except UnknownToolError:
        return None
    return Challenge(error="insufficient_scope", scopes=tool.scopes)


def _called_tool(headers: Mapping[str, str], body: bytes) -> str | None:
    """The name of the tool that the request calls: from its headers, or a 2025-era body."""
    version = _version(headers)
    if version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS:
        # The SDK refuses a modern request whose headers and body differ.
        if headers.get(MCP_METHOD_HEADER) != "tools/call":
            return None
        return decode_header_value(headers.get(MCP_NAME_HEADER))
    params = _call_params(body)
    return None if params is None else params["name"]


def _version(headers: Mapping[str, str]) -> str | None:
    # The first, as the SDK reads it: Django joins headers that are sent twice with commas.
    version = headers.get(MCP_PROTOCOL_VERSION_HEADER)
    return None if version is None else version.partition(",")[0]


def _call_params(body: bytes) -> dict[str, Any] | None:
    """The params of a `tools/call` request with a name and an object of arguments."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or message.get("method") != "tools/call":
        return None
    params = message.get("params")
    is_call = (
        type(message.get("id")) in (str, int)  # a bool is none
        and isinstance(params, dict)
        and isinstance(params.get("name"), str)
        and isinstance(params.get("arguments"), dict | None)
    )
    return params if is_call else None
