"""ASGI application of one endpoint: from the headers of a request to the protocol."""

import logging
from io import BytesIO

from django.core.exceptions import BadRequest
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, InterfaceError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from django_mcp.auth.authenticators import Challenge
from django_mcp.endpoints import Endpoint
from django_mcp.exceptions import TooManyRequestsError
from django_mcp.peers import Peer
from django_mcp.principals import Principal
from django_mcp.protocol.exchange import SCOPE_KEY, Exchange, current_exchange
from django_mcp.protocol.server import build_server
from django_mcp.transports.http.authentication import principal_of
from django_mcp.transports.http.authorization import authorize
from django_mcp.transports.http.body import (
    BodyTimeoutError,
    BodyTooLargeError,
    ClientGoneError,
    TooManyItemsError,
    answer_unread,
    read_body,
    replay,
)
from django_mcp.transports.http.cors import preflight_answer, with_cors_headers
from django_mcp.transports.http.errors import (
    challenge_answer,
    refusal,
    rejection,
    too_many_requests,
    unavailable,
)
from django_mcp.transports.http.guards import (
    guard,
    guard_origin,
    guard_type,
    too_large,
    too_many_items,
    too_slow,
)
from django_mcp.transports.http.json_response import serve_single
from django_mcp.transports.http.lifespan import SessionManagers
from django_mcp.transports.http.message import Message, RejectedMessageError
from django_mcp.transports.http.peer import peer_of
from django_mcp.transports.http.refusal_status import with_refusal_status

logger = logging.getLogger(__name__)

AUTHENTICATION_UNAVAILABLE = "Requests cannot be authenticated: the database does not answer"


class MCPEndpoint:
    """ASGI application of one endpoint; the caller has matched the path."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.managers = SessionManagers(build_server(endpoint))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, as ASGI applications do."""
        scope = _with_plain_headers(scope)
        try:
            request = ASGIRequest(scope, BytesIO())
        except (ValueError, LookupError, BadRequest):  # Django decodes these two at once
            await refusal(400, "The query or the Content-Type is malformed.")(scope, receive, send)
            return
        answer = guard_origin(request, self._endpoint)
        if answer is None:
            send = with_cors_headers(request, send)
            answer = preflight_answer(request) or guard(request)
        if answer is not None:
            await answer_unread(answer, scope, receive, send)
            return
        peer = peer_of(request)
        caller = await self._caller(request, peer)
        if isinstance(caller, Response):
            await answer_unread(caller, scope, receive, send)
            return
        try:
            body = await read_body(receive)
            exchange = await self._exchange(request, peer, body, caller)
        except ClientGoneError:
            return
        except BodyTooLargeError:
            exchange = too_large()
        except BodyTimeoutError:
            exchange = too_slow()
        if isinstance(exchange, Response):
            await exchange(scope, receive, send)
            return
        current_exchange.set(exchange)
        managers = await self.managers.current()
        scope = {**scope, SCOPE_KEY: exchange}
        send = with_refusal_status(exchange, send)
        if exchange.may_stream:
            await managers.streaming.handle_request(scope, replay(body, receive), send)
        else:
            await serve_single(managers.single.handle_request, scope, body, receive, send)

    async def _caller(self, request: ASGIRequest, peer: Peer) -> Principal | Response:
        """Return the caller, or the answer instead, by the headers alone.

        Nothing is stored or parsed for a caller without a token.
        """
        try:
            principal = await principal_of(peer, self._endpoint)
        except (DatabaseError, InterfaceError):
            logger.exception(AUTHENTICATION_UNAVAILABLE)
            return unavailable()
        except TooManyRequestsError as error:
            return too_many_requests(error)
        if isinstance(principal, Challenge):
            return challenge_answer(principal, self._endpoint)
        # Judged last: a client without a token must find the challenge, whatever it sends.
        return guard_type(request) or principal

    async def _exchange(
        self, request: ASGIRequest, peer: Peer, body: bytes, principal: Principal
    ) -> Exchange | Response:
        """Return the exchange that goes on to the protocol, or the answer instead."""
        message = None
        try:
            message = Message.read(request, body)
            exchange = await authorize(request, peer, message, principal)
        except (DatabaseError, InterfaceError):
            logger.exception(AUTHENTICATION_UNAVAILABLE)
            return unavailable(id=None if message is None else message.id)
        except TooManyItemsError:
            return too_many_items()
        except RejectedMessageError as rejected:
            return rejection(rejected)
        if isinstance(exchange, Challenge):
            return challenge_answer(exchange, self._endpoint, id=message.id)
        return exchange


def _with_plain_headers(scope: Scope) -> Scope:
    """Return the scope without space around the values of headers: some parsers leave it there.

    It is no part of them (RFC 9110, section 5.5), and the protocol compares some with the body.
    """
    return {**scope, "headers": [(name, value.strip(b" \t")) for name, value in scope["headers"]]}
