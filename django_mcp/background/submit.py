"""Submission of background calls: commit the row, then enqueue its id."""

import logging
from functools import partial

from django.db import router, transaction

from django_mcp.background.backend import background_of, get_backend, waits_for_commit
from django_mcp.background.completion import fail
from django_mcp.background.serialization import row_of
from django_mcp.calls.call import Call
from django_mcp.exceptions import TaskNotStartedError, TooManyTasksError
from django_mcp.models import ToolTask

logger = logging.getLogger(__name__)


def submit(call: Call, *, limit: int | None = None) -> ToolTask:
    """Commit the row of a call, then enqueue it; return the row.

    Raises `TooManyTasksError` when the caller has `limit` tasks that have not ended. When it
    cannot be enqueued, the row has ended with `TaskNotStartedError` when this returns; a message
    that got through nevertheless starts nothing. Call it on a thread that may wait some seconds.
    """
    task = row_of(call)
    if limit is None:
        task.save(force_insert=True)
    elif not ToolTask.objects.insert_in_slot(task, limit=limit):
        raise TooManyTasksError(limit)
    if waits_for_commit(get_backend()):
        transaction.on_commit(partial(_enqueue_first, task), using=router.db_for_write(ToolTask))
    else:
        _enqueue_first(task)
    return task


def withdraw(call: Call) -> None:
    """Delete the row of a call that was not enqueued."""
    queued = ToolTask.objects.filter(status=ToolTask.Status.QUEUED)
    queued.filter(call_id=call.id).delete()


def enqueue(task: ToolTask, *, delay: float = 0) -> bool:
    """Give a queued task to the backend; False if it did not take it: recovery tries again."""
    try:
        get_backend().enqueue(task, background_of(task), delay=delay)
    except Exception:
        logger.warning("Task %s could not be enqueued", task.pk, exc_info=True)
        return False
    return True


def _enqueue_first(task: ToolTask) -> None:
    if enqueue(task):
        # `django_mcp.calls` logs the end under the same id.
        logger.info(
            "tools/call %r: queued, call %s",
            task.name,
            task.call_id,
            extra={"call_id": str(task.call_id), "tool": task.name},
        )
    else:
        # Now: the caller learns that nothing was run, so nothing may be run later.
        waiting = ToolTask.objects.filter(pk=task.pk, status=ToolTask.Status.QUEUED)
        if fail(task.pk, TaskNotStartedError(), waiting):
            task.status = ToolTask.Status.FAILED
