"""The rows of tasks as tests make and look at them."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from django_mcp import Principal
from django_mcp.background.submit import submit
from django_mcp.models import ToolTask
from django_mcp.primitives.registry import get_registry
from django_mcp.tools.tool import Tool
from tests.calls import call_of
from tests.polls import until


def queued(name: str, /, *, principal: Principal | None = None, **arguments: Any) -> ToolTask:
    """A call that is on record and queued, with nobody waiting for it."""
    call = call_of(name, principal=principal, arguments=arguments)
    call.target = get_registry().find(Tool, name)
    key = call.become_task()
    call.recording.begin(call)
    submit(call)
    return ToolTask.objects.get(pk=key)


def aged(task: ToolTask, **ages: float) -> None:
    """Put these moments of the row so many seconds into the past."""
    now = timezone.now()
    moments = {name: now - timedelta(seconds=age) for name, age in ages.items()}
    ToolTask.objects.filter(pk=task.pk).update(**moments)


def settled() -> ToolTask:
    """The only task, once it has ended and its end is on record."""
    until(lambda: ToolTask.objects.get().is_recorded)
    return ToolTask.objects.get()


def quiet() -> None:
    """Return when no task is on its way any more: each is on record, or waits for an answer."""
    waiting = ToolTask.Status.INPUT_REQUIRED
    busy = ToolTask.objects.filter(is_recorded=False).exclude(status=waiting)
    until(lambda: not busy.all().exists())
