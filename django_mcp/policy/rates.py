"""How often somebody may do something: counted by django-ratelimit, in the cache."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django_ratelimit.core import get_usage


def seconds_to_wait(what: str, *, rate: str | None, meta: Mapping[str, Any]) -> int:
    """Count one more of `what` from the address in `meta`, the headers of a request as in WSGI.

    Zero while it is within `rate`, such as `20/h`, or when that is None; else the seconds until
    the count begins anew. `RATELIMIT_IP_META_KEY` says where the address stands behind a proxy.
    """
    request = HttpRequest()
    request.META = dict(meta)
    try:
        usage = get_usage(request, group=what, key="ip", rate=rate, increment=True)
    except (ImproperlyConfigured, KeyError, ValueError):
        # Over a socket without addresses: all of them count together.
        usage = get_usage(request, group=what, key=_nobody, rate=rate, increment=True)
    if usage is None or not usage["should_limit"]:
        return 0
    return max(1, int(usage["time_left"]))


def _nobody(group: str, request: HttpRequest) -> str:
    return ""
