"""The ASGI application: the endpoint at its path, Django everywhere else."""

import logging
from io import BytesIO

from django.core.exceptions import BadRequest
from django.core.handlers.asgi import ASGIRequest, get_script_prefix
from django.db import DatabaseError, InterfaceError
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from django_mcp.auth.base import Challenge
from django_mcp.conf import settings
from django_mcp.http.authentication import principal_of
from django_mcp.http.authorization import authorize
from django_mcp.http.body import (
    BodyTimeoutError,
    BodyTooLargeError,
    ClientGoneError,
    TooManyItemsError,
    read_body,
    replay,
)
from django_mcp.http.cross_origin import preflight_answer, readable
from django_mcp.http.errors import challenge_answer, refusal, rejection, unavailable
from django_mcp.http.guards import guard, guard_origin, too_large, too_many_items, too_slow
from django_mcp.http.lifespan import SessionManagers
from django_mcp.http.message import Message, RejectedMessageError
from django_mcp.http.single_answers import serve_single
from django_mcp.principals import Endpoint
from django_mcp.protocol.exchange import SCOPE_KEY, Exchange, current_exchange
from django_mcp.protocol.server import build_server

logger = logging.getLogger(__name__)


class MCPEndpoint:
    """Serves one endpoint in front of `application`, which gets every other request untouched."""

    def __init__(self, application: ASGIApp, endpoint: Endpoint) -> None:
        self._application = application
        self._endpoint = endpoint
        self._managers = SessionManagers(build_server(endpoint))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._managers.serve_lifespan(receive, send)
        elif scope["type"] == "http" and self._is_mine(scope):
            await self._serve(_with_plain_headers(scope), receive, send)
        else:
            await self._application(scope, receive, send)

    def _is_mine(self, scope: Scope) -> bool:
        # Exactly the path, with or without its slash: a redirect would break clients, and
        # anything longer is Django's.
        path: str = scope["path"].removesuffix("/")
        prefix: str = get_script_prefix(scope)
        # As Django does: some servers leave their prefix in the path, others strip it.
        return prefix + path.removeprefix(prefix) == self._endpoint.path

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            request = ASGIRequest(scope, BytesIO())
        except (ValueError, LookupError, BadRequest):  # Django decodes these two at once
            await refusal(400, "The query or the Content-Type is malformed.")(scope, receive, send)
            return
        answer = guard_origin(request, self._endpoint)
        if answer is None:
            send = readable(request, send)
            answer = preflight_answer(request) or guard(request)
        if answer is not None:
            await answer(scope, receive, send)
            return
        try:
            admitted = await self._admit(request, receive)
        except ClientGoneError:
            return
        if isinstance(admitted, Response):
            await admitted(scope, receive, send)
            return
        exchange, body = admitted
        current_exchange.set(exchange)
        managers = await self._managers.current()
        scope = {**scope, SCOPE_KEY: exchange}
        if exchange.may_stream:
            await managers.streaming.handle_request(scope, replay(body, receive), send)
        else:
            await serve_single(managers.single.handle_request, scope, body, receive, send)

    async def _admit(
        self, request: ASGIRequest, receive: Receive
    ) -> tuple[Exchange, bytes] | Response:
        """Authenticate the caller, then read the body; return both, or the answer instead.

        In this order: a caller without a token has nothing read, kept or parsed.
        """
        try:
            principal = await principal_of(request, self._endpoint)
            if isinstance(principal, Challenge):
                return challenge_answer(principal, self._endpoint)
            body = await read_body(
                receive, limit=settings.MAX_REQUEST_BYTES, seconds=settings.BODY_TIMEOUT
            )
            exchange = await authorize(request, Message.read(request, body), principal)
        except (DatabaseError, InterfaceError):
            logger.exception("Nobody can be authenticated: the database does not answer")
            return unavailable()
        except BodyTooLargeError:
            return too_large()
        except BodyTimeoutError:
            return too_slow()
        except TooManyItemsError:
            return too_many_items()
        except RejectedMessageError as rejected:
            return rejection(rejected)
        if isinstance(exchange, Challenge):
            return challenge_answer(exchange, self._endpoint)
        return exchange, body


def _with_plain_headers(scope: Scope) -> Scope:
    """The scope without space around the values of headers: some parsers leave it there.

    It is no part of them (RFC 9110, section 5.5), and the protocol compares some with the body.
    """
    return {**scope, "headers": [(name, value.strip(b" \t")) for name, value in scope["headers"]]}
