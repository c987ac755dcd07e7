"""Client authentication by a secret (RFC 6749, section 2.3.1), bounded in how often it may fail."""

from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from django_mcp.auth.cross_origin import View
from django_mcp.auth.error_answers import too_many
from django_mcp.conf import settings
from django_mcp.policy.rates import seconds_to_wait

FAILURES = "django_mcp.client_authentication"


def bounded(view: View) -> View:
    """The view, closed to secrets from an address that has sent too many in vain.

    A secret is stored as passwords are, so that each look at one costs as much as forty calls of a
    tool (`python -m benchmarks.costliest`), and an anonymous registration brings one. Requests that
    succeed and those of public clients are not counted. While the cache cannot be reached nothing
    is refused here: known clients must get in.
    """

    @wraps(view)  # and with what its decorators noted on it
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not _has_secret(request):
            return view(request, *args, **kwargs)
        if wait := _wait(request, count=False):
            return too_many("Too many requests with a client secret have failed.", wait)
        response = view(request, *args, **kwargs)
        if response.status_code >= 400:
            _wait(request, count=True)
        return response

    return wrapped


def _has_secret(request: HttpRequest) -> bool:
    scheme = request.headers.get("Authorization", "").partition(" ")[0]
    return scheme.lower() == "basic" or "client_secret" in request.POST


def _wait(request: HttpRequest, *, count: bool) -> int:
    return seconds_to_wait(
        FAILURES,
        rate=settings.CLIENT_AUTHENTICATION_RATE,
        meta=request.META,
        count=count,
        fail_open=True,
    )
