"""What a running tool knows about its call, and how it reports progress."""

import math
import time
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Protocol
from uuid import UUID, uuid4

from django_mcp.invocation import Invocation
from django_mcp.principals import Principal

if TYPE_CHECKING:  # models cannot be imported where the facade is
    from django.contrib.auth.base_user import AbstractBaseUser

PROGRESS_INTERVAL = 0.1
"""Seconds between two reports that reach the client; the last one is never held back."""

PROGRESS_JITTER = 0.005
"""Seconds that a single report may come before its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressReport:
    """How much of `total` is done (both in the tool's own unit), and what is going on."""

    done: float
    total: float | None = None
    message: str = ""


class ProgressSink(Protocol):
    """Where reports go. Reports sent arrive in order, and before the call's result."""

    def send(self, report: ProgressReport) -> None:
        """Take a report from any thread, without waiting for its delivery."""

    async def drain(self) -> None:
        """Return when every report taken so far has been delivered, or can no longer be."""


class ProgressThrottle:
    """Sends reports on that increase (MCP: progress MUST increase), about ten a second.

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
        # Sent under the lock: the reports of two threads would overtake each other after it.
        with self._lock:
            if not math.isfinite(report.done) or report.done <= self._highest:
                return
            self._highest = report.done
            self._pending = report
            now = time.monotonic()
            # A tool that reports at this very pace may be a little early each time.
            if now >= self._next_at - PROGRESS_JITTER:
                self._next_at = max(now, self._next_at) + PROGRESS_INTERVAL
                self._send_pending()

    def flush(self) -> None:
        with self._lock:
            self._send_pending()

    def _send_pending(self) -> None:
        if self._pending is not None:
            self._sink.send(self._pending)
            self._pending = None


class ToolContext:
    """The call that a tool is serving; declare a parameter of this type to receive it.

    The parameter is hidden from the tool's input schema.
    """

    def __init__(
        self,
        invocation: Invocation,
        *,
        progress: ProgressSink | None = None,
        task_id: UUID | None = None,
    ) -> None:
        self.invocation = invocation
        self._task_id = task_id
        self._sink = progress
        self._throttle = None if progress is None else ProgressThrottle(progress)
        self._is_cancelled = False
        self._is_told = False
        self._is_disconnected = False

    @property
    def call_id(self) -> UUID:
        """The id that the client, the record and the log lines show for this call."""
        return self.invocation.id

    @property
    def task_id(self) -> UUID | None:
        """The key of the `ToolTask` of a background call; None for any other."""
        return self._task_id

    @property
    def principal(self) -> Principal:
        """Who calls: user, client, scopes. The credential itself is never handed out."""
        return self.invocation.principal

    @property
    def user(self) -> "AbstractBaseUser | None":
        """The user whom the caller speaks for; None for an anonymous caller."""
        return self.principal.user

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody wants the result any more; a long sync tool should look now and then.

        Async tools are cancelled by `asyncio.CancelledError` instead. A background tool that has
        seen it and then ends counts as cancelled.
        """
        self._is_told = self._is_told or self._is_cancelled
        return self._is_cancelled

    @property
    def is_disconnected(self) -> bool:
        """Whether the client has gone; the result can no longer reach it."""
        return self._is_disconnected

    def report_progress(self, done: float, total: float | None = None, message: str = "") -> None:
        """Tell the client how far the tool is. Returns at once; may be called from any thread.

        Reports that do not increase are dropped, the rest are thinned to about ten a second; the
        last one is always sent. Clients that did not ask for progress receive none.
        """
        if self._throttle is None:
            return
        if total is not None and not math.isfinite(total):
            total = None
        # One lone surrogate would break the stream that the result is to come on.
        message = message.encode("utf-8", "replace").decode("utf-8")
        self._throttle.report(ProgressReport(done=done, total=total, message=message))

    async def areport_progress(
        self, done: float, total: float | None = None, message: str = ""
    ) -> None:
        """As `report_progress`, for async tools; returns when the report is on its way."""
        self.report_progress(done, total, message)
        if self._sink is not None:
            await self._sink.drain()

    def finish_progress(self) -> None:
        """Send the report that was held back last. Called when the tool has ended."""
        if self._throttle is not None:
            self._throttle.flush()

    def become_task(self) -> UUID:
        """Give the call the key of the task that is to be made for it."""
        self._task_id = uuid4()
        return self._task_id

    @property
    def has_told_of_cancellation(self) -> bool:
        """Whether the tool has looked at `is_cancelled` and found that it is."""
        return self._is_told

    def cancel(self) -> None:
        """Note that nobody wants the result any more."""
        self._is_cancelled = True

    def disconnect(self, *, cancel: bool) -> None:
        """Note that the client has gone, and whether its protocol takes that as a cancellation."""
        self._is_disconnected = True
        self._is_cancelled = self._is_cancelled or cancel
