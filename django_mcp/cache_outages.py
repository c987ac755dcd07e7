"""Outages of a cache: one line a minute in the log, however many calls meet them."""

import logging

from django_mcp.line_throttle import LineThrottle


class CacheOutage:
    """Outage of a cache, as one part of the package sees it: `log` writes a line a minute."""

    def __init__(
        self, logger: logging.Logger, message: str, *, throttle: LineThrottle | None = None
    ) -> None:
        self._logger = logger
        self._message = message
        self._throttle = throttle or LineThrottle()

    def log(self, error: Exception) -> None:
        """Log what was raised by the cache, unless something was in the last minute."""
        if self._throttle.count():
            self._logger.error(self._message, exc_info=error)
