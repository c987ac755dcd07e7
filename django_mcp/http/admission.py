"""Who may come in: authentication, and the answers that only HTTP can give about scopes."""

import json
from typing import Any

from django.http import HttpRequest
from django.http.request import HttpHeaders
from mcp.server.streamable_http import CONTENT_TYPE_SSE
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

METHOD, NAME, VERSION = map(
    HttpHeaders.to_wsgi_name, (MCP_METHOD_HEADER, MCP_NAME_HEADER, MCP_PROTOCOL_VERSION_HEADER)
)
"""The headers of the protocol, as `META` names them."""


async def admit(request: HttpRequest, body: bytes, endpoint: Endpoint) -> Exchange | Challenge:
    """Authenticate a request, and look at the tool that it calls before the protocol does.

    A handler can no longer set the HTTP status, so a missing scope is answered here: with the
    challenge that is returned instead of an exchange.
    """
    tool = get_registry().get(_called_tool(request, body) or "")
    if has_credentials(request):
        return await run_in_control(_authenticate, request, body, tool, endpoint)
    if settings.ALLOW_ANONYMOUS and (
        tool is None or not (tool.scopes or tool.has_parameter_headers)
    ):
        # Somebody unknown who asks for something open: nothing will be queried, so no thread.
        return _admit(request, body, tool, endpoint, None)
    return await run_in_control(_admit, request, body, tool, endpoint, None)


def _authenticate(
    request: HttpRequest, body: bytes, tool: Tool | None, endpoint: Endpoint
) -> Exchange | Challenge:
    try:
        principal = authenticate(request.headers, endpoint)
    except InvalidCredentialsError:
        return Challenge(error="invalid_token", scopes=baseline_scopes())
    return _admit(request, body, tool, endpoint, principal)


def _admit(
    request: HttpRequest,
    body: bytes,
    tool: Tool | None,
    endpoint: Endpoint,
    principal: Principal | None,
) -> Exchange | Challenge:
    if principal is None:
        if not settings.ALLOW_ANONYMOUS:
            return Challenge(scopes=baseline_scopes())
        principal = Principal(endpoint=endpoint)
    may_stream = _may_stream(request, body, tool)
    if tool is None or (tool.scopes <= principal.scopes and not tool.has_parameter_headers):
        return Exchange(principal=principal, request=request, may_stream=may_stream)
    visibility = Visibility(principal, current_snapshot())
    if visibility.must_log_in(tool):
        return Challenge(scopes=baseline_scopes() | tool.scopes)
    exchange = Exchange(
        principal=principal,
        request=request,
        tool=tool if visibility.sees(tool) else None,
        may_stream=may_stream,
    )
    if tool.scopes <= principal.scopes:
        return exchange
    return _insufficient_scope(exchange, tool, body) or exchange


def _insufficient_scope(exchange: Exchange, tool: Tool, body: bytes) -> Challenge | None:
    """Refuse and record a call that lacks scopes; None when the protocol should answer it."""
    params = _call_params(body)
    if params is None or params["name"] != tool.name:
        return None  # not a well-formed call, or not of the tool that its headers name
    version = _version(exchange.request) or DEFAULT_NEGOTIATED_VERSION
    error = MissingScopeError(required=tool.scopes, granted=exchange.principal.scopes)
    try:
        refuse(ToolContext(exchange.invocation(params, version)), error)
    except UnknownToolError:
        return None
    return Challenge(error="insufficient_scope", scopes=tool.scopes)


def _called_tool(request: HttpRequest, body: bytes) -> str | None:
    """The name of the tool that the request calls: from its headers, or a 2025-era body."""
    version = _version(request)
    if version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS:
        # The SDK refuses a modern request whose headers and body differ.
        if request.META.get(METHOD) != "tools/call":
            return None
        return decode_header_value(request.META.get(NAME))
    params = _call_params(body)
    return None if params is None else params["name"]


def _may_stream(request: HttpRequest, body: bytes, tool: Tool | None) -> bool:
    """Whether messages may come before the answer: notifications, or the progress of a call.

    The protocol refuses clients that accept no stream, so their requests count among these.
    """
    if CONTENT_TYPE_SSE not in request.META.get("HTTP_ACCEPT", ""):
        return True
    if request.META.get(METHOD) == "subscriptions/listen":
        return True
    # A name that is spelled with escapes asks for no progress, and nobody spells it so.
    return tool is not None and tool.may_report and b'"progressToken"' in body


def _version(request: HttpRequest) -> str | None:
    # The first, as the SDK reads it: Django joins headers that are sent twice with commas.
    version: str | None = request.META.get(VERSION)
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
