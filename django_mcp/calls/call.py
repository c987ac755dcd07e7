"""`Call`: one call of a primitive, from its arrival to its end."""

import logging
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Any, Protocol
from uuid import UUID, uuid4

from django.utils import timezone
from pydantic import BaseModel

from django_mcp.audit.record import Recording
from django_mcp.calls.cancellation import Cancellation
from django_mcp.calls.deadline import Deadline
from django_mcp.calls.log_messages import LOG_LEVELS, LogMessage, LogThrottle, bounded_text
from django_mcp.calls.progress import ProgressReport, ProgressSink, ProgressThrottle
from django_mcp.conf import settings
from django_mcp.context import LogLevel, ToolContext
from django_mcp.escapes import printable_lines
from django_mcp.exceptions import UnaskableError
from django_mcp.invocation import Invocation
from django_mcp.primitives.primitive import Primitive
from django_mcp.principals import Principal
from django_mcp.schemas.output.output import Rendered
from django_mcp.tools.tool import Tool

logger = logging.getLogger("django_mcp.context")
"""Logger of what functions log by `ToolContext.log`."""


class ElicitationHandler(Protocol):
    """Handler of a tool's elicitation requests."""

    def elicit(self, questions: Mapping[str, tuple[str, type[BaseModel]]]) -> dict[str, Any]:
        """See `ToolContext.elicit_all`. Called from any thread; never waits for an answer."""


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """One call and its state: the single argument of everything that serves it.

    `target` is the primitive, looked up where the request was read; None where there is none, or
    none that the caller sees. `progress` and `logs` are None where the client receives no reports
    or no messages. `arguments` are those that the function runs with, once they are bound, and
    `result` is what goes to the client, once there is one; `outcome` is that of the record, where a
    guard has another for it than `ok`. `state` is what guards keep of the call,
    as JSON: it travels to the worker on the row of a task. `task_id` is the key of the `ToolTask`
    of a background call, and `worker` names the process that has run it; `is_repeated` is true of a
    call that was made from that row, and authorized elsewhere before. `idempotency_key` is the key
    that the call is run under, and empty without one.

    The rest is the pipeline's: `refusal` is what a guard has raised, `passed` the number of guards
    that have let the call through, and `exit_stack` closes after the run what they have opened.
    `has_begun` is true once the function may have been called, and `has_waited` once a guard has
    had the call wait. `is_abandoned` is true when nobody waits for the call any more who would run
    it again.
    """

    invocation: Invocation
    target: Primitive | None
    progress: ProgressSink | None = None
    logs: LogThrottle | None = None
    cancellation: Cancellation = field(default_factory=Cancellation)
    state: dict[type, Any] = field(default_factory=dict)
    task_id: UUID | None = None
    worker: str = ""
    is_repeated: bool = False
    arguments: dict[str, Any] | None = None
    result: Rendered | None = None
    outcome: str = ""
    idempotency_key: str = ""
    refusal: BaseException | None = None
    started: datetime = field(default_factory=timezone.now)
    recording: Recording = field(default_factory=Recording)
    exit_stack: ExitStack = field(default_factory=ExitStack)
    passed: int = 0
    has_begun: bool = False
    has_waited: bool = False
    is_abandoned: bool = False
    _clock: float = field(default_factory=time.monotonic)
    _deadline: Deadline | None = None
    _claimed: Lock = field(default_factory=Lock)
    _throttle: ProgressThrottle | None = None
    _elicitation: ElicitationHandler | None = None

    def __post_init__(self) -> None:
        if self.progress is not None:
            self._throttle = ProgressThrottle(self.progress)

    @property
    def id(self) -> UUID:
        """Id that the client, the record and the log lines show for this call."""
        return self.invocation.id

    @property
    def principal(self) -> Principal:
        """Caller: user, client, scopes."""
        return self.invocation.principal

    @property
    def primitive(self) -> Primitive:
        """The `target` of a call that was found to have one."""
        assert self.target is not None
        return self.target

    @property
    def tool(self) -> Tool:
        """The `target` of a call that was found to be one of a tool."""
        assert isinstance(self.target, Tool)
        return self.target

    @property
    def context(self) -> ToolContext:
        """Read-only view of the call for its tool."""
        return ToolContext(self)

    @property
    def was_run(self) -> bool:
        """True if the function may have been called, here or by a worker."""
        return bool(self.worker) if self.is_repeated else self.has_begun

    @property
    def duration_ms(self) -> int:
        """Milliseconds since the call arrived, in whatever process."""
        if self.is_repeated:
            return round((timezone.now() - self.started).total_seconds() * 1000)
        return round((time.monotonic() - self._clock) * 1000)

    @property
    def deadline(self) -> Deadline:
        """Time by which the call is answered; of a call in a worker, that of its run."""
        if self._deadline is None:
            limit = settings.TIMEOUT if self.target is None else self.target.time_limit
            self._deadline = Deadline(self._clock + limit)
        return self._deadline

    def claim(self) -> bool:
        """Acquire the right to run and finish this call; False if another thread holds it."""
        return self._claimed.acquire(blocking=False)

    def release(self) -> None:
        """Give up the right that `claim` has acquired."""
        self._claimed.release()

    def complete(self, arguments: Mapping[str, Any]) -> None:
        """Replace the arguments of the invocation by more complete ones."""
        self.invocation = replace(self.invocation, arguments=arguments)

    def become_task(self) -> UUID:
        """Give the call the key of the task that is to be made for it."""
        self.task_id = uuid4()
        return self.task_id

    def discard_task(self) -> None:
        """Note that no task was made for the call after all."""
        self.task_id = None

    # What `ToolContext` shows of the call.

    @property
    def is_client_gone(self) -> bool:
        """True if the result can no longer reach the client."""
        return self.cancellation.is_client_gone

    @property
    def time_left(self) -> float:
        """Seconds until the deadline; 0 when there are none."""
        return self.deadline.remaining

    def see_cancellation(self) -> bool:
        """Return whether the call is cancelled, to the tool, which has seen it then."""
        return self.cancellation.see()

    def report_progress(self, done: float, total: float | None, message: str) -> None:
        """See `ToolContext.report_progress`."""
        if self._throttle is None:
            return
        if total is not None and not math.isfinite(total):
            total = None
        # One lone surrogate would break the stream that the result is to come on.
        message = message.encode("utf-8", "replace").decode("utf-8")
        self._throttle.report(ProgressReport(done=done, total=total, message=message))

    def log(self, level: LogLevel, message: str) -> None:
        """See `ToolContext.log`."""
        if level not in LOG_LEVELS:
            raise ValueError(f"{level!r} is no log level; use one of {', '.join(LOG_LEVELS)}")
        text = bounded_text(str(message))
        self._log_line(level, text)
        if self.logs is not None and self.logs.is_requested(level):
            if self._throttle is not None:
                self._throttle.flush()  # what was reported before comes before
            self.logs.log(LogMessage(level=level, text=text, logger=self.invocation.name))

    def _log_line(self, level: LogLevel, text: str) -> None:
        invocation = self.invocation
        logger.log(
            LOG_LEVELS[level],
            "%s (%s %r, call %s)",
            printable_lines(text),
            invocation.kind,
            invocation.name[:128],
            self.id,
            extra={
                "call_id": str(self.id),
                "kind": invocation.kind,
                "tool": invocation.name[:128],
                "mcp_level": level,
            },
        )

    async def drain_notifications(self) -> None:
        """Return when every report and message so far is on its way."""
        if self.progress is not None:
            await self.progress.drain()
        if self.logs is not None:
            await self.logs.drain()

    def finish_notifications(self) -> None:
        """Send what was held back last. Called when the function has ended."""
        if self._throttle is not None:
            self._throttle.flush()
        if self.logs is not None:
            self.logs.flush()

    def elicit(self, questions: Mapping[str, tuple[str, type[BaseModel]]]) -> dict[str, Any]:
        """See `ToolContext.elicit_all`."""
        if self._elicitation is None:
            raise UnaskableError
        return self._elicitation.elicit(questions)

    @contextmanager
    def using_elicitation(self, handler: ElicitationHandler) -> Iterator[None]:
        """Pass elicitation requests inside the block to `handler`."""
        self._elicitation = handler
        try:
            yield
        finally:
            self._elicitation = None
