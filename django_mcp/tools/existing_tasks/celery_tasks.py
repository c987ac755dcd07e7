"""Tasks of Celery as background tools.

The first look at a lazy task finalizes its app, which reads the project's configuration. Nothing
here is called before the registry is built.
"""

import inspect
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.tools.existing_tasks.celery_retries import read_retry
from django_mcp.tools.existing_tasks.existing_task import ExistingTask

MODULE = "celery.app.task"
"""Module of the class `Task`. If it is not imported, there is no task."""

PREPARING_METHODS = ("__call__", "before_start")
"""Methods of a base class of tasks that run before the function, and may prepare what it needs."""


def read_celery_task(target: Any) -> ExistingTask | None:
    """Return what a Celery task makes as a tool; None for anything else."""
    base = getattr(sys.modules.get(MODULE), "Task", None)
    # A proxy has the class of its task.
    if base is None or not isinstance(target, base):
        return None
    return ExistingTask(
        kind="Celery task",
        # Below what Celery wraps around it for autoretry_for.
        function=getattr(target, "__wrapped__", None) or target.__class__,
        options={
            "queue": partial(_queue, target),
            "retry": partial(read_retry, target),
            "timeout": partial(_time_limit, target),
        },
        problems=tuple(_problems(target, base)),
    )


def _problems(task: Any, base: Any) -> Iterator[str]:
    function = getattr(task, "__wrapped__", None)
    if function is None:
        yield (
            "a Celery task that is a class cannot be a tool, for its run() takes the task: tag a "
            "function, and call what both share"
        )
    elif inspect.ismethod(function):
        yield (
            "a Celery task with bind=True cannot be a tool, for there is no task to bind, and no "
            "self.retry(): tag a function with retry=, and call what both share"
        )
    cls = task.__class__
    own = [each for each in PREPARING_METHODS if getattr(cls, each) is not getattr(base, each)]
    if own:
        yield (
            f"its base class defines {' and '.join(own)}, which a tool does not run: tag a "
            "function, and call what both share"
        )


def _queue(task: Any) -> str | None:
    """Return the queue of a task's options, else that of `task_routes`; None for the default."""
    app, queue = task.app, getattr(task, "queue", None)
    if queue is None:
        try:
            queue = app.amqp.router.route({}, task.name, task_type=task).get("queue")
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            problem = f"the router of its Celery app has no queue for it ({reason}): pass queue="
            raise DeclarationError([problem]) from error
    name = getattr(queue, "name", queue)
    return None if name in (None, app.conf.task_default_queue) else str(name)


def _time_limit(task: Any) -> float | None:
    limit = task.time_limit or task.soft_time_limit
    return None if limit is None else float(limit)
