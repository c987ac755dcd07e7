"""Inline backend: tasks are run where they are submitted, on the caller's thread. For tests."""

from collections.abc import Iterator
from contextlib import contextmanager

from django_mcp.background.heartbeat import Heartbeat, Run
from django_mcp.background.worker import run_task
from django_mcp.models import ToolTask
from django_mcp.tools.background import Background


class InlineBackend:
    """Backend that runs each task within `enqueue`, in the transaction that has made its row.

    There is no heartbeat, so a run has no time limit; and no delay before it is run again.
    """

    waits_for_commit = False

    def enqueue(self, task: ToolTask, runs: Background, *, delay: float = 0) -> None:
        """See `Backend.enqueue`."""
        run_task(task.pk, worker="inline", heartbeat=_NoHeartbeat())

    def terminate(self, task: ToolTask) -> None:
        """See `Backend.terminate`: the run has ended before anything could end it."""


class _NoHeartbeat(Heartbeat):
    """Heartbeat that does nothing: a thread would neither see nor renew an uncommitted row."""

    @contextmanager
    def keep_alive(self, run: Run) -> Iterator[None]:
        yield
