"""Handing tasks to workers: first, again, and when to give up."""

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
    """Commit the row of a call, then hand it to a worker; return the row.

    Raises `TooManyTasksError` when the caller has `limit` tasks that have not ended. When handing
    over fails, the row has ended with `TaskNotStartedError` when this returns, and a message
    that got through nevertheless starts nothing. Call it on a thread that may wait some seconds.
    """
    task = row_of(call)
    if limit is None:
        task.save(force_insert=True)
    elif not ToolTask.objects.insert_in_slot(task, limit=limit):
        raise TooManyTasksError(limit)
    if waits_for_commit(get_backend()):
        transaction.on_commit(partial(_hand_over_first, task), using=router.db_for_write(ToolTask))
    else:
        _hand_over_first(task)
    return task


def withdraw(call: Call) -> None:
    """Delete the row of a call that no worker has been told of."""
    queued = ToolTask.objects.filter(status=ToolTask.Status.QUEUED)
    queued.filter(call_id=call.id).delete()


def hand_over(task: ToolTask, *, delay: float = 0) -> bool:
    """Hand over a task that is queued; whether the backend took it. A sweep tries again."""
    try:
        get_backend().enqueue(task, background_of(task), delay=delay)
    except Exception:
        logger.warning("Task %s could not be handed over", task.pk, exc_info=True)
        return False
    return True


def _hand_over_first(task: ToolTask) -> None:
    if hand_over(task):
        # `django_mcp.calls` logs the end under the same id.
        logger.info(
            "tools/call %r: queued, call %s",
            task.name,
            task.call_id,
            extra={"call_id": str(task.call_id), "tool": task.name},
        )
    else:
        # Now: the caller is told that nothing was run, so nothing may be run later.
        waiting = ToolTask.objects.filter(pk=task.pk, status=ToolTask.Status.QUEUED)
        if fail(task.pk, TaskNotStartedError(), waiting):
            task.status = ToolTask.Status.FAILED
