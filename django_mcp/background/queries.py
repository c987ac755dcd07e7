"""Queries for the tasks that a caller may know of."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from django_mcp.background.recovery import recover_when_due
from django_mcp.conf import settings
from django_mcp.models import ToolTask
from django_mcp.primitives.registry import get_registry
from django_mcp.principals import Principal
from django_mcp.tools.tool import Tool


def find_tasks(keys: Sequence[UUID], principal: Principal) -> list[ToolTask]:
    """Return the tasks of these keys that the caller may know of, without arguments: by one query.

    Those are its own, unless it now lacks scopes of the tool. Any other key finds nothing, by
    the same work as one that never was. Tasks whose worker is found to be dead are recovered first.
    Call it from a thread.
    """
    rows = ToolTask.objects.filter(pk__in=keys).owned_by(principal).unexpired()
    rows = rows.without_payload(but=("input_requests", "result", "error"))
    tasks = list(rows)
    if any(_is_silent(task) for task in tasks) and recover_when_due():
        tasks = list(rows.all())
    return [task for task in tasks if _has_scopes(principal, task)]


def _is_silent(task: ToolTask) -> bool:
    patience = timedelta(seconds=settings.BACKGROUND_STALE_AFTER)
    return not task.has_ended and task.heartbeat <= timezone.now() - patience


def _has_scopes(principal: Principal, task: ToolTask) -> bool:
    tool = get_registry().find(Tool, task.name)
    return tool is None or tool.scopes <= principal.scopes
