"""Rate limits per IP address, counted by django-ratelimit in the cache."""

import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django_ratelimit.core import get_usage, user_or_ip

logger = logging.getLogger(__name__)


def seconds_to_wait(
    what: str,
    *,
    rate: str | None,
    meta: Mapping[str, Any],
    fail_open: bool | None = None,
) -> int:
    """Count one more `what` from the address in `meta`; return the seconds to wait.

    `meta` are the headers of a request as in WSGI. Zero while the count is within `rate`, such as
    `20/h`, or when that is None. `RATELIMIT_IP_META_KEY` names the header of a proxy.

    When the cache cannot be reached it is too many, unless `fail_open`, whose default is
    `RATELIMIT_FAIL_OPEN`.
    """
    request = HttpRequest()
    request.META = dict(meta)
    try:
        usage = _usage(what, rate, request)
    except Exception:  # every cache has its own
        logger.exception("%s could not be counted", what)
        return 0 if (fails_open() if fail_open is None else fail_open) else 1
    if usage is None or not usage["should_limit"]:
        return 0
    return max(1, int(usage["time_left"]))


def fails_open() -> bool:
    """Return whether requests pass when the cache that counts them cannot be reached."""
    return bool(getattr(settings, "RATELIMIT_FAIL_OPEN", False))


def address_of(meta: Mapping[str, Any]) -> str:
    """Return the address by which a request is counted; empty over a socket without addresses.

    The address of the network for IPv6: what is stored is the `peer_address`.
    """
    request = HttpRequest()
    request.META = dict(meta)
    request.user = AnonymousUser()
    try:
        return str(user_or_ip(request))
    except (ImproperlyConfigured, KeyError, ValueError):
        return ""


def _usage(what: str, rate: str | None, request: HttpRequest) -> Any:
    try:
        return get_usage(request, group=what, key="ip", rate=rate, increment=True)
    except (ImproperlyConfigured, KeyError, ValueError):
        # Over a socket without addresses: all of them count together.
        return get_usage(request, group=what, key=_shared_key, rate=rate, increment=True)


def _shared_key(group: str, request: HttpRequest) -> str:
    return ""
