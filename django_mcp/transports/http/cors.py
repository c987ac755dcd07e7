"""CORS: preflight answers and response headers for scripts on pages of other origins.

The CORS protocol of the Fetch standard, for origins that the guard has let pass, and no others.
"""

import re
from collections.abc import Iterator

from django.core.handlers.asgi import ASGIRequest
from mcp.shared.inbound import MCP_PARAM_HEADER_PREFIX
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import Message, Send

from django_mcp.auth.authenticators import authenticators
from django_mcp.auth.oauth.cors import is_preflight
from django_mcp.transports.http.request_headers import REQUEST_HEADERS

PARAMETER_HEADER = re.compile(re.escape(MCP_PARAM_HEADER_PREFIX.lower()) + r"[a-z0-9_.-]+")
"""Headers in which clients repeat arguments; the tool decides how their names end."""
RESPONSE_HEADERS = "WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version, Retry-After"
MAX_AGE_SECONDS = "7200"
"""Time for which browsers may cache a preflight answer; none caches it for much longer."""


def preflight_answer(request: ASGIRequest) -> Response | None:
    """Return the answer to a preflight request; None for any other request."""
    if not is_preflight(request):
        return None
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": ", ".join(sorted(set(_headers_allowed(request)))),
            "Access-Control-Max-Age": MAX_AGE_SECONDS,
            "Vary": "Access-Control-Request-Headers",
        },
    )


def with_cors_headers(request: ASGIRequest, send: Send) -> Send:
    """Return `send` with CORS headers, by which the script that made the request can read it."""
    origin = request.META.get("HTTP_ORIGIN")
    if origin is None:
        return send

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": list(message.get("headers", ()))}
            headers = MutableHeaders(scope=message)
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = RESPONSE_HEADERS
            headers.add_vary_header("Origin")
        await send(message)

    return send_with_headers


def _headers_allowed(request: ASGIRequest) -> Iterator[str]:
    yield from REQUEST_HEADERS
    for authenticator in authenticators():
        yield from getattr(authenticator, "credential_headers", ())
    requested = request.headers.get("access-control-request-headers", "").lower().split(",")
    yield from (name.strip() for name in requested if PARAMETER_HEADER.fullmatch(name.strip()))
