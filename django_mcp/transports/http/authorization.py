"""Authorization of the tool that a request calls, as far as only HTTP can answer it.

A handler of the protocol can no longer set the HTTP status, so a missing scope is answered here.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, InterfaceError
from mcp.server.streamable_http import CONTENT_TYPE_SSE

from django_mcp.auth.authenticators import Challenge
from django_mcp.calls.call import Call
from django_mcp.catalog import find_tool
from django_mcp.dispatch import refuse
from django_mcp.exceptions import MissingScopeError
from django_mcp.peers import Peer
from django_mcp.policy.login_scopes import baseline_scopes
from django_mcp.policy.snapshot import current_snapshot
from django_mcp.policy.visibility import Visibility
from django_mcp.principals import Principal
from django_mcp.protocol.errors import internal_error, no_streams
from django_mcp.protocol.exchange import Exchange
from django_mcp.threads.executors import run_in_control
from django_mcp.tools.registry import get_registry
from django_mcp.tools.tool import Tool
from django_mcp.transports.http.message import Message, RejectedMessageError
from django_mcp.transports.http.streams import takes_streams


async def authorize(
    request: ASGIRequest, peer: Peer, message: Message, principal: Principal
) -> Exchange | Challenge:
    """Look up the tool that a message calls, and return what goes on to the protocol.

    The challenge for a tool whose scopes the caller lacks is returned instead (RFC 6750, section
    3.1); the refusal of a known caller is on record. Raises `RejectedMessageError` for a message
    whose answer is a stream that the server does not take.
    """
    exchange = Exchange(principal=principal, peer=peer, may_stream=_may_stream(request, message))
    if message.call is None:
        return exchange
    tool = await _called_tool(exchange, message, message.call)
    if tool is not None and tool.scopes <= principal.scopes:
        reports = tool.may_report and message.wants_progress and takes_streams(request.scope)
        is_stream = exchange.may_stream or reports
        return replace(exchange, tool=tool, may_stream=is_stream)
    if principal.is_anonymous and (
        challenge := await run_in_control(_login, principal, message.call["name"])
    ):
        return challenge
    if tool is None:
        return exchange
    error = MissingScopeError(required=tool.scopes, granted=principal.scopes)
    call = Call(invocation=exchange.invocation(message.call, message.version), target=tool)
    await run_in_control(refuse, call, error)
    return Challenge(error="insufficient_scope", scopes=tool.scopes)


async def _called_tool(
    exchange: Exchange, message: Message, params: Mapping[str, Any]
) -> Tool | None:
    """The tool, if the caller sees it. A failure to tell is answered like one of the tool's."""
    try:
        return await find_tool(exchange.principal, params["name"])
    except (DatabaseError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001  (of the project's own users and permissions)
        call = Call(invocation=exchange.invocation(params, message.version), target=None)
        await run_in_control(refuse, call, error)
        raise RejectedMessageError(internal_error(error, call.id), message.id) from None


def _login(principal: Principal, name: str) -> Challenge | None:
    """The challenge for a tool that logging in is all that an anonymous caller needs for."""
    visibility = Visibility(principal, current_snapshot())
    # A second may have begun since the tool was looked up; a missing one takes as long.
    visibility.find(name)
    tool = get_registry().get(name)
    if tool is None or tool.scopes <= principal.scopes or not visibility.must_log_in(tool):
        return None
    return Challenge(scopes=baseline_scopes(principal.endpoint) | tool.scopes)


def _may_stream(request: ASGIRequest, message: Message) -> bool:
    """Whether notifications may come before the answer, whatever is called.

    The protocol refuses clients that accept no stream, so their requests count among these.
    """
    if message.wants_stream and not takes_streams(request.scope):
        raise RejectedMessageError(no_streams(), message.id)
    accepts_streams = CONTENT_TYPE_SSE in request.META.get("HTTP_ACCEPT", "")
    return message.wants_stream or not accepts_streams
