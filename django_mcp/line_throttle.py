"""`LineThrottle`: one line a minute in the log, however often there is something to tell."""

import time
from collections.abc import Callable
from threading import Lock

INTERVAL_SECONDS = 60


class LineThrottle:
    """Throttle of one kind of log line. It may be used from any thread."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._waiting = 0
        self._logged_at: float | None = None

    def count(self) -> int:
        """Count one more event; return how many a line is to tell now, or 0 for no line."""
        now = self._clock()
        with self._lock:
            self._waiting += 1
            last = self._logged_at
            if last is not None and now - last < INTERVAL_SECONDS:
                return 0
            waiting, self._waiting, self._logged_at = self._waiting, 0, now
            return waiting
