"""Recovery of tasks whose worker has died or whose message was lost: run again, or ended.

Nothing depends on a schedule: every process that reads tasks recovers them when it is due.
"""

import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from django.utils import timezone

from django_mcp.background.backend import background_of
from django_mcp.background.completion import fail, record_end
from django_mcp.background.submit import enqueue
from django_mcp.calls.deadline import timed_out
from django_mcp.conf import settings
from django_mcp.exceptions import (
    DjangoMCPError,
    TaskCancelledError,
    TaskLostError,
    TaskNotStartedError,
    TaskUnansweredError,
)
from django_mcp.models import IdempotencyKey, StoredResult, ToolTask, UsedRequestState
from django_mcp.models.tasks import ToolTaskQuerySet
from django_mcp.primitives.registry import get_registry
from django_mcp.tools.tool import Tool

logger = logging.getLogger(__name__)

BATCH_ROWS = 500

Status = ToolTask.Status


@dataclass(slots=True, kw_only=True)
class RecoveryCounts:
    """Numbers of tasks that were recovered."""

    queued: int = 0
    ended: int = 0
    recorded: int = 0
    deleted: int = 0


def recover_tasks() -> RecoveryCounts:
    """Recover every task without a heartbeat for `DJANGO_MCP_BACKGROUND_STALE_AFTER` seconds.

    Also finish the records of tasks that have ended, and delete those that have expired, with the
    request states, idempotency keys and stored results that have. Any number of processes may do
    this at once. Call it from a thread.
    """
    counts = RecoveryCounts()
    patience = timedelta(seconds=settings.BACKGROUND_STALE_AFTER)
    tasks = ToolTask.objects.without_payload().order_by("heartbeat")
    can_enqueue = True
    for task in tasks.silent(since=patience).exclude(result="")[:BATCH_ROWS]:
        # Whatever the tool is, its work is saved: it ends, and is not run again.
        counts.ended += fail(task.pk, TaskLostError(), _as_found(task))
    for task in tasks.silent(since=patience)[:BATCH_ROWS]:
        error = _verdict(task)
        if error is not None:
            counts.ended += fail(task.pk, error, _as_found(task))
        elif can_enqueue and _is_worth_repeating(task) and _queue_again(task):
            # A broker that hangs would hold up this thread, task after task.
            can_enqueue = enqueue(task)
            counts.queued += can_enqueue
    input_timeout = timedelta(seconds=settings.ANSWER_WITHIN)
    for task in tasks.awaiting_input(since=input_timeout)[:BATCH_ROWS]:
        counts.ended += fail(task.pk, TaskUnansweredError(), _as_found(task))
    for key in ToolTask.objects.unrecorded(since=patience).values_list("pk", flat=True)[
        :BATCH_ROWS
    ]:
        record_end(key)
        counts.recorded += 1
    counts.deleted = ToolTask.objects.prune()
    UsedRequestState.objects.prune()
    IdempotencyKey.objects.prune()
    StoredResult.objects.prune()
    return counts


_lock = Lock()
_next_at = 0.0


def recover_when_due() -> bool:
    """Recover tasks if this process has not within half the stale time; return whether it did.

    Never raises: the caller has other work to do.
    """
    global _next_at
    with _lock:
        if time.monotonic() < _next_at:
            return False
        _next_at = time.monotonic() + settings.BACKGROUND_STALE_AFTER / 2
    try:
        recover_tasks()
    except Exception:
        logger.exception("Tasks could not be recovered")
    return True


def _verdict(task: ToolTask) -> DjangoMCPError | None:
    """Return the error that ends a silent task; None when it is to be run once more."""
    tool = get_registry().find(Tool, task.name)
    if task.status == Status.QUEUED:
        has_time = timezone.now() - task.updated < timedelta(
            seconds=settings.BACKGROUND_START_WITHIN
        )
        if has_time:
            return None
        return TaskLostError() if task.attempts else TaskNotStartedError()
    is_repeatable = tool is not None and tool.is_repeatable
    if task.cancel_requested and is_repeatable:
        return TaskCancelledError()
    runs = background_of(task)
    if timezone.now() - (task.started or task.updated) > timedelta(seconds=runs.time_limit):
        return timed_out(tool)
    if is_repeatable and task.tries <= runs.reruns and not task.cancel_requested:
        return None
    return TaskLostError()


def _is_worth_repeating(task: ToolTask) -> bool:
    """Return whether a run is lost, or a message may be rather than waiting in a long queue.

    Each gap is as long as all the waiting before it, so few copies of it ever wait.
    """
    if task.status == Status.WORKING:
        return True
    return timezone.now() - task.heartbeat >= task.heartbeat - task.updated


def _queue_again(task: ToolTask) -> bool:
    """Queue it, unless it is by now; return whether this process is the one to enqueue it."""
    found = _as_found(task)
    if task.status == Status.WORKING:
        return bool(found.requeue())
    return bool(found.update(heartbeat=timezone.now()))


def _as_found(task: ToolTask) -> ToolTaskQuerySet:
    """Queryset of the task, empty once its row has changed since it was read."""
    return ToolTask.objects.filter(
        pk=task.pk, status=task.status, attempts=task.attempts, heartbeat=task.heartbeat
    )
