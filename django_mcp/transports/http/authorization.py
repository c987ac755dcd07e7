"""Authorization of what a request calls, reads or gets, as far as only HTTP can answer it.

A handler of the protocol can no longer set the HTTP status, so a missing scope is answered here.
"""

from dataclasses import replace

from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, InterfaceError
from mcp.server.streamable_http import CONTENT_TYPE_SSE

from django_mcp.auth.authenticators import Challenge
from django_mcp.calls.call import Call
from django_mcp.catalog import Lookup
from django_mcp.dispatch import refuse
from django_mcp.exceptions import MissingScopeError
from django_mcp.peers import Peer
from django_mcp.policy.login_scopes import login_scopes
from django_mcp.primitives.primitive import Primitive
from django_mcp.principals import Principal
from django_mcp.protocol.errors import internal_error, no_streams
from django_mcp.protocol.exchange import Exchange
from django_mcp.protocol.targets import Target
from django_mcp.threads.executors import run_in_control
from django_mcp.transports.http.message import Message, RejectedMessageError
from django_mcp.transports.http.streams import takes_streams


async def authorize(
    request: ASGIRequest, peer: Peer, message: Message, principal: Principal
) -> Exchange | Challenge:
    """Look up the target of a message, and return what goes on to the protocol.

    The challenge for one whose scopes the caller lacks is returned instead (RFC 6750, section
    3.1); the refusal of a known caller is on record. Raises `RejectedMessageError` for a message
    whose answer is a stream that the server does not take.
    """
    exchange = Exchange(
        principal=principal,
        peer=peer,
        may_stream=_may_stream(request, message),
        takes_streams=takes_streams(request.scope),
    )
    if message.target is None:
        return exchange
    target, lookup = await _look_up(exchange, message, message.target)
    exchange, found = replace(exchange, target=target), lookup.found
    if found is not None and found.scopes <= principal.scopes:
        notifies = found.may_report and message.wants_notifications and exchange.takes_streams
        is_stream = exchange.may_stream or notifies
        return replace(exchange, found=found, may_stream=is_stream)
    if not lookup.login_scopes <= principal.scopes:
        offered = await run_in_control(login_scopes, principal.endpoint)
        return Challenge(scopes=lookup.login_scopes | offered)
    if found is None:
        return exchange
    error = MissingScopeError(required=found.scopes, granted=principal.scopes)
    invocation = exchange.invocation(target, message.params, message.version)
    await run_in_control(refuse, Call(invocation=invocation, target=found), error)
    return Challenge(error="insufficient_scope", scopes=found.scopes)


async def _look_up(
    exchange: Exchange, message: Message, target: Target
) -> tuple[Target, Lookup[Primitive]]:
    """Look up the target; a failure of the look-up counts as one of the call."""
    try:
        return await target.look_up(exchange.principal)
    except (DatabaseError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001  (of the project's own users and permissions)
        invocation = exchange.invocation(target, message.params, message.version)
        call = Call(invocation=invocation, target=None)
        await run_in_control(refuse, call, error)
        raise RejectedMessageError(internal_error(error, call.id), message.id) from None


def _may_stream(request: ASGIRequest, message: Message) -> bool:
    """Return whether notifications may come before the answer, whatever is called.

    The protocol refuses clients that accept no stream, so their requests count among these.
    """
    if message.wants_stream and not takes_streams(request.scope):
        raise RejectedMessageError(no_streams(), message.id)
    accepts_streams = CONTENT_TYPE_SSE in request.META.get("HTTP_ACCEPT", "")
    return message.wants_stream or not accepts_streams
