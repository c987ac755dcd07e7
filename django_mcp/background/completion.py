"""Completion of a task: its end is written once into its row, then into the record of the call."""

import asyncio
import uuid
from typing import Any

from django_mcp.background.serialization import call_of, recorded_principal
from django_mcp.calls.pipeline import ended
from django_mcp.calls.results import (
    deserialize_error,
    deserialize_result,
    serialize_error,
    serialize_result,
)
from django_mcp.calls.steps import drive_on_thread
from django_mcp.conf import settings
from django_mcp.exceptions import (
    FollowUpFailedError,
    TaskCancelledError,
    TaskLostError,
    ToolError,
)
from django_mcp.guards import all_guards
from django_mcp.models import ToolTask
from django_mcp.models.tasks import ToolTaskQuerySet
from django_mcp.schemas.output.output import Rendered
from django_mcp.schemas.result_limits import too_many_bytes
from django_mcp.threads.notifications import publish

Status = ToolTask.Status


def end_with_result(rows: ToolTaskQuerySet, result: Rendered, **facts: Any) -> bool:
    """Complete the one task that `rows` may still find; return whether there was one.

    Raises `ResultTooLargeError` when the result is too large to be kept.
    """
    return bool(rows.end(Status.COMPLETED, result=_serialized(result), **facts))


def save_result(rows: ToolTaskQuerySet, result: Rendered) -> bool:
    """Store the result of a running task that `rows` may still find; return whether there was one.

    From the commit on its work is saved: however it ends, it is not run again. Raises as
    `end_with_result` does.
    """
    return bool(rows.update(result=_serialized(result)))


def _serialized(result: Rendered) -> str:
    text = serialize_result(result)
    if len(text) > settings.BACKGROUND_MAX_BYTES:
        raise too_many_bytes(
            settings.BACKGROUND_MAX_BYTES, setting="DJANGO_MCP_BACKGROUND_MAX_BYTES"
        )
    return text


def end_with_error(rows: ToolTaskQuerySet, error: BaseException, **facts: Any) -> bool:
    """End the one task that `rows` may still find with an error; return whether there was one.

    What the tool itself answers, by `ToolError`, completes the task (SEP-2663: `failed` is for
    what is no result).
    """
    if isinstance(error, asyncio.CancelledError):
        error = TaskCancelledError()
    is_answer = isinstance(error, ToolError)
    is_cancelled = isinstance(error, TaskCancelledError)
    status = Status.COMPLETED if is_answer else Status.CANCELLED if is_cancelled else Status.FAILED
    # What a follow-up leaves of the result stands in its error.
    return bool(rows.end(status, error=serialize_error(error), result="", **facts))


def record_end(key: uuid.UUID, *, error: BaseException | None = None) -> None:
    """Put the end of a task on record, unless it is there, and publish it.

    `error` is what happened where that is known: the record has its class, the log its traceback.
    """
    task = ToolTask.objects.filter(pk=key).first()
    if task is None or not task.has_ended or task.is_recorded:
        return
    call = call_of(task, recorded_principal(task))
    if task.error:
        is_known = error is not None and serialize_error(error) == task.error
        error = error if is_known else deserialize_error(task.error, task.call_id)
    else:
        error, call.result = None, deserialize_result(task.result)
    guards = all_guards()
    call.passed = len(guards)
    drive_on_thread(ended(call, guards, error))
    # Last: a process that dies before this leaves the rest to recovery.
    ToolTask.objects.filter(pk=key).update(is_recorded=True)
    publish(key)


def fail(key: uuid.UUID, error: BaseException, rows: ToolTaskQuerySet | None = None) -> bool:
    """End a task with an error, on record too; return False if it had ended before.

    `rows` finds the task only as long as it is in the state that the error follows from.
    """
    found = ToolTask.objects.filter(pk=key) if rows is None else rows
    is_ended = end_with_error(found.filter(result=""), error)
    if not is_ended:
        # Its work may be saved, and the hooks of its commit still running, or dead with the worker.
        saved = found.unended().exclude(result="").values_list("result", flat=True).first()
        if saved is not None:
            reason, error = error, FollowUpFailedError(deserialize_result(saved))
            error.__cause__ = reason
            is_ended = end_with_error(found, error)
    if is_ended:
        record_end(key, error=error)
    return is_ended


def result_of(key: uuid.UUID) -> Rendered:
    """Return the result of an ended task; raise its error."""
    task = ToolTask.objects.filter(pk=key).first()
    if task is None:  # an operator has deleted it
        raise TaskLostError
    if task.error:
        raise deserialize_error(task.error, task.call_id)
    return deserialize_result(task.result)
