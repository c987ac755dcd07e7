"""Tasks whose worker has died or whose message was lost: run again, or ended.

Nothing depends on a schedule: whoever looks at tasks sweeps, if nobody has of late.
"""

import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from django.utils import timezone

from django_mcp.background.backend import background_of
from django_mcp.background.completion import fail, settle
from django_mcp.background.submit import hand_over
from django_mcp.conf import settings
from django_mcp.exceptions import (
    DjangoMCPError,
    TaskCancelledError,
    TaskLostError,
    TaskNotStartedError,
    TaskTimedOutError,
    TaskUnansweredError,
)
from django_mcp.models import ToolTask, UsedRequestState
from django_mcp.models.tasks import ToolTaskQuerySet
from django_mcp.primitives.registry import get_registry
from django_mcp.tools.tool import Tool

logger = logging.getLogger(__name__)

BATCH = 500

Status = ToolTask.Status


@dataclass(slots=True, kw_only=True)
class Swept:
    """What a sweep found to do: numbers of tasks."""

    queued: int = 0
    ended: int = 0
    recorded: int = 0
    deleted: int = 0


def sweep() -> Swept:
    """Look after every task that gave no sign of life for `DJANGO_MCP_BACKGROUND_STALE_AFTER`.

    Also finish the records of tasks that have ended, and delete those that have expired, with the
    request states that have. Any number of processes may do this at once. Call it from a thread.
    """
    swept = Swept()
    patience = timedelta(seconds=settings.BACKGROUND_STALE_AFTER)
    tasks = ToolTask.objects.without_payload().order_by("heartbeat")
    can_hand_over = True
    for task in tasks.silent(since=patience).exclude(result="")[:BATCH]:
        # Whatever the tool is, its work is saved: it ends, and is not run again.
        swept.ended += fail(task.pk, TaskLostError(), _as_found(task))
    for task in tasks.silent(since=patience)[:BATCH]:
        error = _verdict(task)
        if error is not None:
            swept.ended += fail(task.pk, error, _as_found(task))
        elif can_hand_over and _is_worth_repeating(task) and _queue_again(task):
            # A broker that hangs would hold up whoever sweeps, task after task.
            can_hand_over = hand_over(task)
            swept.queued += can_hand_over
    long_ago = timedelta(seconds=settings.ANSWER_WITHIN)
    for task in tasks.unanswered(since=long_ago)[:BATCH]:
        swept.ended += fail(task.pk, TaskUnansweredError(), _as_found(task))
    for key in ToolTask.objects.unrecorded(since=patience).values_list("pk", flat=True)[:BATCH]:
        settle(key)
        swept.recorded += 1
    swept.deleted = ToolTask.objects.prune()
    UsedRequestState.objects.prune()
    return swept


_lock = Lock()
_next_at = 0.0


def sweep_when_due() -> bool:
    """Sweep, unless this process has within half the time after which a task is stale; whether so.

    Never raises: whoever comes by has something else to do.
    """
    global _next_at
    with _lock:
        if time.monotonic() < _next_at:
            return False
        _next_at = time.monotonic() + settings.BACKGROUND_STALE_AFTER / 2
    try:
        sweep()
    except Exception:
        logger.exception("Tasks could not be swept")
    return True


def _verdict(task: ToolTask) -> DjangoMCPError | None:
    """How a silent task ends; None when it is to be run once more."""
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
        return TaskTimedOutError()
    if is_repeatable and task.tries <= runs.reruns and not task.cancel_requested:
        return None
    return TaskLostError()


def _is_worth_repeating(task: ToolTask) -> bool:
    """Whether a run is lost, or a message may be rather than waiting in a long queue.

    Each gap is as long as all the waiting before it, so few copies of it ever wait.
    """
    if task.status == Status.WORKING:
        return True
    return timezone.now() - task.heartbeat >= task.heartbeat - task.updated


def _queue_again(task: ToolTask) -> bool:
    """Queue it, unless it is by now; whether this process is the one to hand it over."""
    found = _as_found(task)
    if task.status == Status.WORKING:
        return bool(found.requeue())
    return bool(found.update(heartbeat=timezone.now()))


def _as_found(task: ToolTask) -> ToolTaskQuerySet:
    """The task unless it has given a sign of life since, or somebody else has seen to it."""
    return ToolTask.objects.filter(
        pk=task.pk, status=task.status, attempts=task.attempts, heartbeat=task.heartbeat
    )
