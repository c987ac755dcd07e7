"""Backend over Django's Tasks: ids pass through it, arguments and results never do."""

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import django
from django.core.checks import CheckMessage
from django.utils import timezone

from django_mcp.background.worker import run_task
from django_mcp.conf import settings
from django_mcp.models import ToolTask
from django_mcp.tools.background import Background

if TYPE_CHECKING or django.VERSION >= (6, 0):
    from django.tasks import DEFAULT_TASK_QUEUE_NAME, task, task_backends
    from django.tasks.backends.base import BaseTaskBackend
    from django.tasks.backends.dummy import DummyBackend
    from django.tasks.backends.immediate import ImmediateBackend
else:
    from django_tasks import DEFAULT_TASK_QUEUE_NAME, task, task_backends
    from django_tasks.backends.base import BaseTaskBackend
    from django_tasks.backends.dummy import DummyBackend
    from django_tasks.backends.immediate import ImmediateBackend


class DjangoTasksBackend:
    """Enqueues the ids of tasks at a backend of the project's `TASKS`."""

    @property
    def target(self) -> BaseTaskBackend:
        """Backend of Django's that `DJANGO_MCP_DJANGO_TASKS_BACKEND` names; raises without one."""
        return task_backends[settings.DJANGO_TASKS_BACKEND]

    @property
    def is_immediate(self) -> bool:
        """True if the target would run tools within the request that calls them."""
        return isinstance(self.target, ImmediateBackend)

    @property
    def is_dummy(self) -> bool:
        """True if the target keeps what it is given, and runs nothing."""
        return isinstance(self.target, DummyBackend)

    @property
    def queues(self) -> set[str]:
        """Queues that the target takes tasks for; empty if any."""
        return self.target.queues

    @staticmethod
    def queue_of(queue: str | None) -> str:
        """Return the queue of a tool; without its option `queue`, that of Django's Tasks."""
        return DEFAULT_TASK_QUEUE_NAME if queue is None else queue

    def problems(self) -> list[CheckMessage]:
        """Return the errors of the target's own check, such as an app that is not installed."""
        return [message for message in self.target.check() if message.is_serious()]

    def enqueue(self, task: ToolTask, runs: Background, *, delay: float = 0) -> None:
        """See `Backend.enqueue`. A backend that cannot defer is given nothing before it is due.

        Recovery enqueues that, `DJANGO_MCP_BACKGROUND_STALE_AFTER` later than it is due.
        """
        run_after = None
        if delay > 0:
            if not self.target.supports_defer:
                return
            run_after = timezone.now() + timedelta(seconds=delay)
        run_tool_task.using(
            backend=settings.DJANGO_TASKS_BACKEND,
            queue_name=self.queue_of(runs.queue),
            run_after=run_after,
        ).enqueue(str(task.pk))

    def terminate(self, task: ToolTask) -> None:
        """See `Backend.terminate`: Django's Tasks know no way to end a run.

        The row has ended, the tool is told to stop, and what it returns is discarded.
        """


# A declaration is refused if its queue is none of the backend's, so it names any that there is.
# Each task that is enqueued names its own.
@task(
    backend=settings.DJANGO_TASKS_BACKEND,
    queue_name=min(
        task_backends[settings.DJANGO_TASKS_BACKEND].queues, default=DEFAULT_TASK_QUEUE_NAME
    ),
)
def run_tool_task(key: str) -> None:
    """Run the tool task of this key."""
    run_task(UUID(key))
