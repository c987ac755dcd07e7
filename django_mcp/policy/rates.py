"""Counts of events in fixed windows of time, by django-ratelimit in the cache.

django-ratelimit takes its cache from `RATELIMIT_USE_CACHE`, and not for each count. Its own
`get_usage` takes three commands to Redis for one count, and two to look at it: of the three limits
of a call, 15. Their counters, whose keys only private names of it tell, take one request to be
looked at and one to be increased, which is a seventh of the processor time.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.cache import BaseCache, caches
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django_ratelimit.core import (
    EXPIRATION_FUDGE,
    _get_window,
    _make_cache_key,
    get_usage,
    user_or_ip,
)

from django_mcp.policy.callers import digest
from django_mcp.rate import Rate
from django_mcp.threads.cache_context import in_cache_context
from django_mcp.threads.cache_counters import Increase, UncountableError, counts_in, increase

logger = logging.getLogger(__name__)


GROUP = "django-mcp:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Events of one key in the current window, and the seconds until it ends, at least 1."""

    count: int
    seconds_left: int


def usage_of(what: str, key: str, rate: Rate, *, increment: bool) -> Usage | None:
    """Return the usage of a key, with one more event if `increment`; None if nothing is limited.

    No `what` shares a count with another, nor a key. Nothing is limited where `RATELIMIT_ENABLE`
    is false. Raises whatever the cache raises when it cannot be reached, and `UncountableError`.
    """
    # The parts of the key in the cache are joined without a separator: these two have one length.
    value = digest(what, key)
    found = in_cache_context(
        lambda: get_usage(
            None,
            group=GROUP,
            key=lambda group, request: value,
            rate=(rate.limit, rate.seconds),
            increment=increment,
        )
    )
    if found is None:
        if is_enabled():  # else RATELIMIT_FAIL_OPEN has let it pass
            raise UncountableError("the cache does not count")
        return None
    if found["should_limit"] and not found["count"]:
        raise UncountableError("the cache does not count")
    return Usage(count=found["count"], seconds_left=max(1, int(found["time_left"])))


class Counter:
    """Counter of the events of one key in the current window, the same as `usage_of` counts."""

    def __init__(self, what: str, key: str, rate: Rate) -> None:
        value, pair = digest(what, key), (rate.limit, rate.seconds)
        self.rate = rate
        self._window: int = _get_window(value, rate.seconds)
        self._key: str = _make_cache_key(GROUP, self._window, pair, value, get_usage.ALL)

    @property
    def cache_key(self) -> str:
        """Key in the cache."""
        return self._key

    def increase_by(self, amount: int) -> Increase:
        """Return the increase of the counter by so many events."""
        seconds = self.rate.seconds + EXPIRATION_FUDGE
        return Increase(key=self._key, amount=amount, seconds=seconds)

    def usage(self, count: int) -> Usage:
        """Return the usage that so many events in the window are."""
        return Usage(count=count, seconds_left=max(1, self._window - int(time.time())))


def is_enabled() -> bool:
    """Return whether anything is limited, as `RATELIMIT_ENABLE` says."""
    return bool(getattr(settings, "RATELIMIT_ENABLE", True))


def usages_in(counters: Sequence[Counter]) -> list[Usage]:
    """Return the usage of counters, by one request to the cache. Raises what the cache raises."""
    counts = counts_in(_cache(), [each.cache_key for each in counters])
    return [each.usage(count) for each, count in zip(counters, counts, strict=True)]


def count(counters: Sequence[Counter], events: int = 1) -> list[Usage]:
    """Count events, or fewer, by each counter; return the usages with them.

    Raises whatever the cache raises, and `UncountableError`.
    """
    counts = increase(_cache(), [each.increase_by(events) for each in counters])
    return [each.usage(count) for each, count in zip(counters, counts, strict=True)]


def _cache() -> BaseCache:
    alias = getattr(settings, "RATELIMIT_USE_CACHE", "default")
    return in_cache_context(lambda: caches[alias])


def seconds_to_wait(
    what: str,
    *,
    rate: str | None,
    meta: Mapping[str, Any],
    fail_open: bool | None = None,
) -> int:
    """Count one more `what` from the address in `meta`; return the seconds to wait.

    `meta` are the headers of a request as in WSGI. Zero while the count is within `rate`, such as
    `20/h`, or when that is None. `RATELIMIT_IP_META_KEY` names the header of a proxy. Over a socket
    without addresses all of them count together.

    When the cache cannot be reached it is too many, unless `fail_open`, whose default is
    `RATELIMIT_FAIL_OPEN`.
    """
    if rate is None:
        return 0
    limit = Rate.parse(rate)
    try:
        usage = usage_of(what, address_of(meta), limit, increment=True)
    except Exception:  # every cache has its own
        logger.exception("%s could not be counted", what)
        return 0 if (fails_open() if fail_open is None else fail_open) else 1
    return 0 if usage is None or usage.count <= limit.limit else usage.seconds_left


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
