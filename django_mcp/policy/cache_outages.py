"""Log lines about a cache that cannot be reached: one a minute, and not one for each call."""

import logging
import time
from threading import Lock

LOG_INTERVAL_SECONDS = 60


class CacheOutage:
    """Outage of a cache, as one part of the package sees it: `log` writes a line a minute."""

    def __init__(self, logger: logging.Logger, message: str) -> None:
        self._logger = logger
        self._message = message
        self._lock = Lock()
        self._logged_at: float | None = None

    def log(self, error: Exception) -> None:
        """Log what was raised by the cache, unless something was in the last minute."""
        now = time.monotonic()
        with self._lock:
            last = self._logged_at
            if last is not None and now - last < LOG_INTERVAL_SECONDS:
                return
            self._logged_at = now
        self._logger.error(self._message, exc_info=error)
