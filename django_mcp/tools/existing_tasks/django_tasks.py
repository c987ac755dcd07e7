"""Tasks of Django as background tools: those of `django.tasks`, and of its backport."""

import sys
from collections.abc import Iterator
from typing import Any

from django_mcp.tools.existing_tasks.existing_task import ExistingTask

MODULES = ("django.tasks.base", "django_tasks.base")
"""Modules of the class `Task`. One that is not imported has made no task."""

DEFAULT_QUEUE = "default"
"""Queue of a task that names none. Celery's is called otherwise, so it is not taken over."""


def read_django_task(target: Any) -> ExistingTask | None:
    """Return what a Django task makes as a tool; None for anything else."""
    classes = (getattr(sys.modules.get(module), "Task", None) for module in MODULES)
    if not any(isinstance(target, each) for each in classes if each is not None):
        return None
    queue = target.queue_name
    return ExistingTask(
        kind="Django task",
        function=target.func,
        options={"queue": lambda: None if queue == DEFAULT_QUEUE else queue},
        problems=tuple(_problems(target)),
    )


def _problems(task: Any) -> Iterator[str]:
    if task.takes_context:
        yield (
            "a Django task with takes_context=True cannot be a tool, for there is no TaskContext: "
            "tag a function that takes a ToolContext, and call what both share"
        )
    if task.run_after is not None:
        yield "a Django task with run_after cannot be a tool, whose calls run as soon as they can"
