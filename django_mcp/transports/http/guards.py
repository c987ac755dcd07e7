"""Guards of HTTP requests, in front of the protocol: hosts, origins, methods and sizes."""

from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from starlette.responses import Response

from django_mcp.conf import settings
from django_mcp.endpoints import Endpoint
from django_mcp.transports.http.errors import refusal


def guard_origin(request: ASGIRequest, endpoint: Endpoint) -> Response | None:
    """Return the refusal of a request with a wrong Host or Origin header; None if both are allowed.

    Host is checked against ALLOWED_HOSTS as Django does. A foreign Origin gets 403 (transports,
    "Security Warning").
    """
    try:
        host = request.get_host()
    except DisallowedHost:
        return refusal(400, "The Host header is not allowed.")
    origin = request.META.get("HTTP_ORIGIN")
    if origin is None:
        return None
    own = (endpoint.origin, f"{request.scheme}://{host}")
    if origin not in (*own, *settings.ALLOWED_ORIGINS):
        return refusal(403, "The Origin header is not allowed.")
    return None


def guard(request: ASGIRequest) -> Response | None:
    """Return the refusal of a request with a wrong method or size; None if both are allowed.

    Anything but POST gets 405, because no stream is offered to GET.
    """
    if request.method != "POST":
        return refusal(405, "Only POST is served here.", headers={"Allow": "POST"})
    length = request.META.get("CONTENT_LENGTH", "0")
    if not length.isdecimal():
        return refusal(400, "The Content-Length header is not a number.")
    if int(length[:20]) > settings.MAX_REQUEST_BYTES:
        return too_large()
    return None


def guard_type(request: ASGIRequest) -> Response | None:
    """Return the refusal of a body that is no JSON by its type; None for one that is."""
    if request.content_type != "application/json":
        return refusal(415, "The Content-Type must be application/json.")
    return None


def too_large() -> Response:
    """Return the answer to a body of too many bytes."""
    return refusal(413, f"The request is larger than {settings.MAX_REQUEST_BYTES} bytes.")


def too_many_items() -> Response:
    """Return the answer to a body of too many items."""
    limit = settings.MAX_REQUEST_ITEMS
    return refusal(413, f"The request has more than {limit} arrays, objects and members.")


def too_slow() -> Response:
    """Return the answer to a body that did not arrive in time."""
    return refusal(408, f"The request took longer than {settings.BODY_TIMEOUT:g} seconds.")
