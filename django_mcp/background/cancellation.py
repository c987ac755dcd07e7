"""Cancellation of tasks by callers and operators."""

import logging
from uuid import UUID

from django_mcp.background.backend import get_backend
from django_mcp.background.completion import fail
from django_mcp.conf import settings
from django_mcp.exceptions import TaskCancelledError
from django_mcp.models import ToolTask

logger = logging.getLogger(__name__)

Status = ToolTask.Status


def cancel(key: UUID) -> None:
    """Cancel a task: one that waits never starts, one that runs is notified within a second.

    Nothing changes for one that has ended. Call it from a thread.
    """
    rows = ToolTask.objects.filter(pk=key)
    # Between two statements a task may be claimed, or queued for another run.
    while rows.unended().exists():
        # No word to the broker: its message finds nothing left to claim.
        waiting = rows.filter(status__in=(Status.QUEUED, Status.INPUT_REQUIRED))
        if fail(key, TaskCancelledError(), waiting):
            return
        if settings.BACKGROUND_TERMINATE:
            _terminate(key)
        elif rows.filter(status=Status.WORKING).update(cancel_requested=True):
            return


def _terminate(key: UUID) -> None:
    if not fail(key, TaskCancelledError()):
        return
    try:
        get_backend().terminate(ToolTask.objects.get(pk=key))
    except Exception:
        logger.warning("The run of task %s could not be ended", key, exc_info=True)
