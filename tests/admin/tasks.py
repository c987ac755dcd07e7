"""Background tasks, and a backend that carries them nowhere."""

import datetime
import uuid
from typing import Any

from django.utils import timezone

from django_mcp.background.outcomes import written_error, written_result
from django_mcp.models import ToolTask
from django_mcp.schemas.output.output import Rendered
from django_mcp.tools.background import Background

Status = ToolTask.Status

BACKEND = "tests.admin.tasks.Shelf"

shelf: list[uuid.UUID] = []
"""The keys of the tasks that were handed over."""


class Shelf:
    """Keeps what it is given."""

    def enqueue(self, task: ToolTask, runs: Background, *, delay: float = 0) -> None:
        shelf.append(task.pk)

    def terminate(self, task: ToolTask) -> None:
        pass


def task(*, hours: float = 0, result: Any = None, error: Any = None, **changes: Any) -> ToolTask:
    """A task of a call of so many hours ago; completed with what it returned, or failed."""
    created = timezone.now() - datetime.timedelta(hours=hours)
    values: dict[str, Any] = {
        "name": "build_report",
        "call_id": uuid.uuid4(),
        "endpoint": "default",
        "status": Status.QUEUED,
        "created": created,
        "kept_for": datetime.timedelta(days=1),
    }
    if error is not None:
        values |= {"status": Status.FAILED, "error": written_error(error)}
    if result is not None:
        rendered = result if isinstance(result, Rendered) else Rendered(content=tuple(result))
        values |= {"status": Status.COMPLETED, "result": written_result(rendered)}
    values |= changes
    if values["status"] in ToolTask.ENDED:
        values = {"ended": created, "is_recorded": True, "attempts": 1, **values}
    return ToolTask.objects.create(**values)
