"""CORS headers of the OAuth views (the CORS protocol of the Fetch standard).

For the parts of OAuth that take no cookies, so any site may: nothing is sent along with a request
but what the script put there itself.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

REQUEST_HEADERS = "Authorization, Content-Type, MCP-Protocol-Version"
RESPONSE_HEADERS = "WWW-Authenticate, Retry-After"
MAX_AGE = "86400"
"""Seconds that a browser may remember a preflight; none takes more than a day."""

View = Callable[..., HttpResponseBase]


def open_to_scripts(view: View, *methods: str) -> View:
    """The view, with its answers readable for scripts of any origin, which may use `methods`."""

    @wraps(view)  # and with what its decorators noted on it
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase
        if is_preflight(request):
            response = HttpResponse(status=204)
            response["Access-Control-Allow-Methods"] = ", ".join(methods)
            response["Access-Control-Allow-Headers"] = REQUEST_HEADERS
            response["Access-Control-Max-Age"] = MAX_AGE
        else:
            response = view(request, *args, **kwargs)
            response["Access-Control-Expose-Headers"] = RESPONSE_HEADERS
        response["Access-Control-Allow-Origin"] = "*"
        return response

    return wrapped


def is_preflight(request: HttpRequest) -> bool:
    """Return whether a request is a preflight: a browser asks what a script may send."""
    return (
        request.method == "OPTIONS"
        and "HTTP_ORIGIN" in request.META
        and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.META
    )
