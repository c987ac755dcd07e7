"""Options of tools that run in the background."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args

from django_mcp.conf import settings
from django_mcp.primitives.retry import Retry

OnDisconnect = Literal["cancel", "continue"]

DEFAULT_RERUNS = 2
"""Reruns of an idempotent tool without `Retry` after its worker has died."""


@dataclass(frozen=True, kw_only=True)
class BackgroundOptions:
    """Options of tools that run in the background; None stands for the setting."""

    queue: str | None = None
    """Name of the queue, with Celery or Django's Tasks; default their own."""
    keep_result: timedelta | None = None
    """Lifetime of the result after the end; default `DJANGO_MCP_BACKGROUND_KEEP_RESULT` seconds."""
    on_disconnect: OnDisconnect = "cancel"
    """`cancel` the run, or `continue` it, when a 2026-07-28 client leaves before its end,
    or a caller that waits for it loses its access."""
    require_task: bool = False
    """Refuse clients that cannot take a task handle instead of the result."""


@dataclass(frozen=True, kw_only=True)
class Background(BackgroundOptions):
    """Background options of a resolved tool, with the settings in place of None.

    `timeout` and `retry` are those that it shares with all others: here they concern its runs.
    """

    timeout: float | None = None
    retry: Retry | None = None

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

    def problems(self) -> Iterator[str]:
        """Yield the problems of the options, for the author of the tool."""
        queue: object = self.queue
        lifetime: object = self.keep_result
        if queue is not None and not (isinstance(queue, str) and queue):
            yield "queue must be the name of a queue"
        if lifetime is not None and not (
            isinstance(lifetime, timedelta) and lifetime > timedelta()
        ):
            yield "keep_result must be a positive timedelta"
        if self.on_disconnect not in get_args(OnDisconnect):
            yield f"on_disconnect must be one of {', '.join(get_args(OnDisconnect))}"
