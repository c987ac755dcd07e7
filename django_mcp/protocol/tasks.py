"""Tasks on the wire (SEP-2663)."""

import datetime
from typing import Any

from django.utils import timezone

from django_mcp.calls.results import deserialize_error, deserialize_result
from django_mcp.models import ToolTask
from django_mcp.protocol.elicitation import input_requests
from django_mcp.protocol.errors import failed_call, failed_task
from django_mcp.protocol.results import wire_result

Status = ToolTask.Status

STATUSES = {Status.QUEUED: "working"}
"""Statuses that have another name on the wire."""

MIN_POLL_MS, MAX_POLL_MS = 500, 5_000
"""Interval after which a client should poll again: a tenth of the task's age within these."""


def create_task_result(task: ToolTask) -> dict[str, Any]:
    """Return the `CreateTaskResult` of the call that a task was made for."""
    return {"resultType": "task", **_facts(task)}


def detailed_task(task: ToolTask) -> dict[str, Any]:
    """Return all that its owner may know of a task, with its result, error or input requests."""
    return {**_facts(task), **_payload(task)}


def _facts(task: ToolTask) -> dict[str, Any]:
    now = timezone.now()
    facts: dict[str, Any] = {
        "taskId": str(task.pk),
        "status": STATUSES.get(Status(task.status), task.status),
        "createdAt": _moment(task.created),
        # One that is to be run again has the moment when that is due.
        "lastUpdatedAt": _moment(min(task.updated, now)),
        # Counted from its end, so it is not known before.
        "ttlMs": None if task.expires is None else _milliseconds(task.expires - task.created),
    }
    if not task.has_ended:
        age = _milliseconds(now - task.created)
        facts["pollIntervalMs"] = max(MIN_POLL_MS, min(age // 10, MAX_POLL_MS))
    if message := _message(task):
        facts["statusMessage"] = message
    return facts


def _payload(task: ToolTask) -> dict[str, Any]:
    match task.status:
        case Status.INPUT_REQUIRED:
            return {"inputRequests": input_requests(task)}
        case Status.COMPLETED:
            return {"result": _result(task)}
        case Status.FAILED:
            return {"error": failed_task(deserialize_error(task.error, task.call_id))}
    return {}


def _result(task: ToolTask) -> dict[str, Any]:
    """Return the result that the call would have had, if its client had waited."""
    if not task.error:
        return wire_result(deserialize_result(task.result), task.call_id)
    failure = failed_call(deserialize_error(task.error, task.call_id), task.call_id)
    return failure.model_dump(by_alias=True, mode="json", exclude_none=True)


def _message(task: ToolTask) -> str:
    """Return the progress of a task, or the reason why it did not complete."""
    match task.status:
        case Status.QUEUED:
            return "Waiting for a worker."
        case Status.FAILED | Status.CANCELLED:
            return str(failed_task(deserialize_error(task.error, task.call_id))["message"])
        case Status.COMPLETED:
            return ""
    done = "" if task.progress is None else f"{task.progress:g}"
    if done and task.progress_total is not None:
        done += f" of {task.progress_total:g}"
    message = task.progress_message
    return f"{message} ({done})" if message and done else message or done


def _moment(moment: datetime.datetime) -> str:
    # Without USE_TZ it is naive, in the time zone that Django has given the process.
    utc = moment.astimezone(datetime.UTC).isoformat(timespec="milliseconds")
    return utc.replace("+00:00", "Z")


def _milliseconds(time: datetime.timedelta) -> int:
    return time // datetime.timedelta(milliseconds=1)
