"""What a running tool knows about its call; how it reports progress and asks its user."""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from uuid import UUID, uuid4

from django_mcp.exceptions import UnaskableError
from django_mcp.invocation import Invocation
from django_mcp.principals import Principal

if TYPE_CHECKING:  # models cannot be imported where the facade is
    from django.contrib.auth.base_user import AbstractBaseUser
    from pydantic import BaseModel

M = TypeVar("M", bound="BaseModel")

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


class Asker(Protocol):
    """Where a tool's questions go."""

    def ask(self, questions: "Mapping[str, tuple[str, type[BaseModel]]]") -> dict[str, Any]:
        """See `ToolContext.elicit_all`. Called from any thread; never waits for an answer."""


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
        self._asker: Asker | None = None
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

    def elicit(self, message: str, model: type[M]) -> M:
        """Ask the user to fill a form, and return what was filled in: for background tools.

        `model` is a pydantic model with fields that a form can have; a `TypeError` names any other.
        Without an answer the call stops here, by an exception that is no `Exception`, and what its
        transaction has done is undone. When the answer is there, the function runs again from its
        beginning, and this returns. An answer that the model refuses is asked for again.

        Raises `ElicitationDeclinedError` or `ElicitationCancelledError` when the user did not
        accept, and `UnaskableError` when the client cannot ask; all are `ToolError`s.
        """
        answer: M = self.elicit_all({"": (message, model)})[""]
        return answer

    def elicit_all(self, questions: "Mapping[str, tuple[str, type[BaseModel]]]") -> dict[str, Any]:
        """Ask several questions at once, each as `elicit` does; answers have the questions' keys.

        Raises the error of the first that the user did not accept.
        """
        if self._asker is None:
            raise UnaskableError
        return self._asker.ask(questions)

    async def aelicit(self, message: str, model: type[M]) -> M:
        """As `elicit`, for async tools."""
        return self.elicit(message, model)

    async def aelicit_all(
        self, questions: "Mapping[str, tuple[str, type[BaseModel]]]"
    ) -> dict[str, Any]:
        """As `elicit_all`, for async tools."""
        return self.elicit_all(questions)

    @contextmanager
    def asking(self, asker: Asker) -> Iterator[None]:
        """Put the questions that are asked inside the block to `asker`."""
        self._asker = asker
        try:
            yield
        finally:
            self._asker = None

    def finish_progress(self) -> None:
        """Send the report that was held back last. Called when the tool has ended."""
        if self._throttle is not None:
            self._throttle.flush()

    def complete(self, arguments: Mapping[str, Any]) -> None:
        """Replace the call's arguments by these, which have more."""
        self.invocation = replace(self.invocation, arguments=arguments)

    def become_task(self) -> UUID:
        """Give the call the key of the task that is to be made for it."""
        self._task_id = uuid4()
        return self._task_id

    def discard_task(self) -> None:
        """Note that no task was made for the call after all."""
        self._task_id = None

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
