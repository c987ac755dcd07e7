"""Outages of the cache that limits count in: what passes meanwhile, and one log line a minute."""

import logging
import time
from collections.abc import Callable
from threading import Lock

from django_mcp.conf import settings
from django_mcp.primitives.primitive import Primitive

LOG_INTERVAL_SECONDS = 60


class CacheOutage:
    """Outage of a cache, as one part of the package sees it: `log` writes a line a minute."""

    def __init__(
        self, logger: logging.Logger, message: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._logger = logger
        self._message = message
        self._clock = clock
        self._lock = Lock()
        self._logged_at: float | None = None

    def log(self, error: Exception) -> None:
        """Log what was raised by the cache, unless something was in the last minute."""
        now = self._clock()
        with self._lock:
            last = self._logged_at
            if last is not None and now - last < LOG_INTERVAL_SECONDS:
                return
            self._logged_at = now
        self._logger.error(self._message, exc_info=error)


def passes_uncounted(primitive: Primitive | None) -> bool:
    """Return whether calls of it pass while the cache cannot count them, as the project has set.

    One of an unknown name counts as a read: it changes nothing.
    """
    if settings.RATES_FAIL_OPEN == "reads":
        return primitive is None or primitive.read_only
    return settings.RATES_FAIL_OPEN == "all"
