"""CORS headers of the OAuth views (the CORS protocol of the Fetch standard).

These views take no cookies, so any origin is allowed: nothing is sent along with a request
but what the script put there itself.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from django_mcp.uwsgi import announce_closing

REQUEST_HEADERS = "Authorization, Content-Type, MCP-Protocol-Version"
RESPONSE_HEADERS = "WWW-Authenticate, Retry-After"
MAX_AGE_SECONDS = "86400"
"""Time for which a browser may cache a preflight; no browser allows more than a day."""

View = Callable[..., HttpResponseBase]


def with_cors(view: View, *methods: str) -> View:
    """Return a view for programs: with CORS headers that allow any origin to use `methods`."""

    @wraps(view)  # and with what its decorators noted on it
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase
        if is_preflight(request):
            response = HttpResponse(status=204)
            response["Access-Control-Allow-Methods"] = ", ".join(methods)
            response["Access-Control-Allow-Headers"] = REQUEST_HEADERS
            response["Access-Control-Max-Age"] = MAX_AGE_SECONDS
        else:
            response = view(request, *args, **kwargs)
            response["Access-Control-Expose-Headers"] = RESPONSE_HEADERS
        response["Access-Control-Allow-Origin"] = "*"
        announce_closing(request, response)
        return response

    return wrapped


def is_preflight(request: HttpRequest) -> bool:
    """Return whether a request is a CORS preflight."""
    return (
        request.method == "OPTIONS"
        and "HTTP_ORIGIN" in request.META
        and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.META
    )
