"""Limits of requests: they are counted where there is no call yet, and refused with HTTP 429."""

import logging
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django_mcp.cache_outages import CacheOutage
from django_mcp.line_throttle import LineThrottle
from django_mcp.rate import Rate

logger = logging.getLogger(__name__)

CAN_COUNT = find_spec("django_ratelimit") is not None


class RequestLimit:
    """Limit of what is called `what`, whose refusals have one log line a minute, with their number.

    Nothing is refused while the cache cannot be reached, or without django-ratelimit.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._outage = CacheOutage(logger, f"{what} cannot be counted, and nothing limits them")
        self._refusals = LineThrottle()

    def seconds_to_wait(self, key: str, rate: str, *, increment: bool) -> int:
        """Return the seconds to wait, with one more if `increment`; 0 while that is within it."""
        if not CAN_COUNT:
            return 0
        limit = Rate.parse(rate)
        try:
            # By its name, because django-ratelimit is optional.
            usage_of: Any = import_module("django_mcp.policy.rates").usage_of
            usage = usage_of(self._what, key, limit, increment=increment)
        except Exception as error:  # noqa: BLE001  (every cache has its own)
            self._outage.log(error)
            return 0
        most = limit.limit if increment else limit.limit - 1
        if usage is None or usage.count <= most:
            return 0
        if refused := self._refusals.count():
            logger.warning("%s are more than %s: %d refused", self._what, rate, refused)
        return int(usage.seconds_left)
