"""Outages of a cache: one line a minute in the log, however many calls meet them."""

import logging
import time
from collections.abc import Callable
from threading import Lock

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
