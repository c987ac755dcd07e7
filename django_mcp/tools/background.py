"""Options of tools that run in the background, and their retries."""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, get_args

from django_mcp.conf import settings

OnDisconnect = Literal["cancel", "continue"]

DEFAULT_RERUNS = 2
"""Reruns of an idempotent tool without `Retry` after its worker has died."""

MAX_DELAY_SECONDS = 3600.0
"""Longest wait between two runs, however many retries there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Retry policy for exceptions of a tool that is idempotent or read-only.

    Args:
        times: Maximum number of reruns, those after the death of a worker included.
        backoff: Seconds before the first rerun; each later one waits twice as long, up to an hour.
        jitter: Wait a random part of that time, at least half of it.
        on: Exceptions to retry on. A `ToolError` is only retried if it has `retryable=True`.
    """

    times: int = 3
    backoff: float = 1.0
    jitter: bool = True
    on: tuple[type[Exception], ...] = (Exception,)

    def delay(self, run: int) -> float:
        """Return the seconds to wait after run number `run`, which begins at 1."""
        longest: float = min(MAX_DELAY_SECONDS, self.backoff * 2 ** min(run - 1, 32))
        return longest * random.uniform(0.5, 1) if self.jitter else longest

    def problems(self) -> Iterator[str]:
        """Yield the problems of the policy, for the author of the tool."""
        times: object = self.times
        kinds: object = self.on
        if type(times) is not int or times < 1:
            yield "Retry.times must be a positive integer"
        if not _is_number(self.backoff) or self.backoff < 0:
            yield "Retry.backoff must be a number of seconds"
        if not (isinstance(kinds, tuple) and kinds and all(map(_is_exception, kinds))):
            yield "Retry.on must be a tuple of exception classes"


@dataclass(frozen=True, kw_only=True)
class BackgroundOptions:
    """Options of tools that run in the background; None stands for the setting."""

    timeout: float | None = None
    """Seconds after which a run counts as failed; default `DJANGO_MCP_BACKGROUND_TIMEOUT`."""
    retry: Retry | None = None
    """Retry policy for exceptions. The tool must be idempotent or read-only."""
    queue: str | None = None
    """Name of the queue, with Celery or Django's Tasks; default their own."""
    keep_result: timedelta | None = None
    """Lifetime of the result after the end; default `DJANGO_MCP_BACKGROUND_KEEP_RESULT` seconds."""
    on_disconnect: OnDisconnect = "cancel"
    """`cancel` the run, or `continue` it, when a 2026-07-28 client leaves before its end,
    or a caller that waits for it loses its access."""
    require_task: bool = False
    """Refuse clients that cannot take a task handle instead of the result."""
    prepare: Callable[..., Any] | None = None
    """Function that is called within the request, before there is a task, and may ask the user.
    It takes any of the tool's parameters by name, and what it returns (a dict, or None) joins the
    arguments. Parameters that its TypedDict names are hidden from clients."""


@dataclass(frozen=True, kw_only=True)
class Background(BackgroundOptions):
    """Background options of a resolved tool, with the settings in place of None."""

    @property
    def time_limit(self) -> float:
        """Seconds that one run may take."""
        return settings.BACKGROUND_TIMEOUT if self.timeout is None else self.timeout

    @property
    def lifetime(self) -> timedelta:
        """Lifetime of the task after its end."""
        return self.keep_result or timedelta(seconds=settings.BACKGROUND_KEEP_RESULT)

    @property
    def reruns(self) -> int:
        """Maximum number of reruns of an idempotent tool, for any reason."""
        return DEFAULT_RERUNS if self.retry is None else self.retry.times

    def problems(self, *, is_repeatable: bool) -> Iterator[str]:
        """Yield the problems of the options, for the author of the tool."""
        retry: object = self.retry
        queue: object = self.queue
        lifetime: object = self.keep_result
        prepare: object = self.prepare
        if self.timeout is not None and not (_is_number(self.timeout) and self.timeout > 0):
            yield "timeout must be a positive number of seconds"
        if isinstance(retry, Retry):
            yield from retry.problems()
            if not is_repeatable:
                yield "retry is for tools that are declared idempotent or read_only"
        elif retry is not None:
            yield "retry must be a django_mcp.Retry"
        if queue is not None and not (isinstance(queue, str) and queue):
            yield "queue must be the name of a queue"
        if lifetime is not None and not (
            isinstance(lifetime, timedelta) and lifetime > timedelta()
        ):
            yield "keep_result must be a positive timedelta"
        if self.on_disconnect not in get_args(OnDisconnect):
            yield f"on_disconnect must be one of {', '.join(get_args(OnDisconnect))}"
        if prepare is not None and not callable(prepare):
            yield "prepare must be a function"


def _is_exception(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Exception)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
