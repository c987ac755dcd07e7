"""Progress reports of a call: throttled, in order, for the client or the task's row."""

import math
import time
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

PROGRESS_INTERVAL_SECONDS = 0.1
"""Between two reports that reach the client; the last one is never held back."""

PROGRESS_JITTER_SECONDS = 0.005
"""Time by which a single report may come early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressReport:
    """Progress: how much of `total` is `done` (both in the tool's own unit), and a message."""

    done: float
    total: float | None = None
    message: str = ""


class ProgressSink(Protocol):
    """Destination of reports. Reports sent arrive in order, and before the call's result."""

    def send(self, report: ProgressReport) -> None:
        """Take a report from any thread, without waiting for its delivery."""

    async def drain(self) -> None:
        """Return when every report taken so far has been delivered, or can no longer be."""


class ProgressThrottle:
    """Throttle that passes on reports that increase (MCP: MUST increase), about ten a second.

    What is held back stays pending: the next report replaces it, or `flush` sends it. Safe to use
    from several threads.
    """

    def __init__(self, sink: ProgressSink) -> None:
        self._sink = sink
        self._lock = Lock()
        self._highest = -math.inf
        self._next_at = -math.inf
        self._pending: ProgressReport | None = None

    def report(self, report: ProgressReport) -> None:
        """Send a report, or hold it back until its time."""
        # Sent under the lock: the reports of two threads would overtake each other after it.
        with self._lock:
            if not math.isfinite(report.done) or report.done <= self._highest:
                return
            self._highest = report.done
            self._pending = report
            now = time.monotonic()
            # A tool that reports at this very pace may be a little early each time.
            if now >= self._next_at - PROGRESS_JITTER_SECONDS:
                self._next_at = max(now, self._next_at) + PROGRESS_INTERVAL_SECONDS
                self._send_pending()

    def flush(self) -> None:
        """Send the report that is held back, if there is one."""
        with self._lock:
            self._send_pending()

    def _send_pending(self) -> None:
        if self._pending is not None:
            self._sink.send(self._pending)
            self._pending = None
