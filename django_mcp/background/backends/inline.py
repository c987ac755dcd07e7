"""The inline backend: tasks are run where they are submitted, on the caller's thread. For tests."""

from collections.abc import Iterator
from contextlib import contextmanager

from django_mcp.background.heartbeat import Heartbeat, Run
from django_mcp.background.worker import run_task
from django_mcp.models import ToolTask
from django_mcp.tools.background import Background


class InlineBackend:
    """Runs each task before `enqueue` returns, in the transaction that has made its row.

    There is no heartbeat, so a run has no time limit; and no delay before it is run again.
    """

    waits_for_commit = False

    def enqueue(self, task: ToolTask, runs: Background, *, delay: float = 0) -> None:
        """See `Backend.enqueue`."""
        run_task(task.pk, worker="inline", heartbeat=_NoHeartbeat())

    def terminate(self, task: ToolTask) -> None:
        """See `Backend.terminate`: the run has ended before anything could end it."""


class _NoHeartbeat(Heartbeat):
    """Looks after nothing: a thread would neither see nor keep a row that is not committed."""

    @contextmanager
    def of(self, run: Run) -> Iterator[None]:
        yield
