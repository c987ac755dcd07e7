"""What carries tasks to workers: the backend that the project has chosen."""

import os
from functools import cache
from typing import Protocol

from django.utils.module_loading import import_string

from django_mcp.conf import settings
from django_mcp.models import ToolTask
from django_mcp.tools.background import Background
from django_mcp.tools.registry import get_registry

SHORT_NAMES = {
    "celery": "django_mcp.background.backends.celery.CeleryBackend",
    "django_tasks": "django_mcp.background.backends.django_tasks.DjangoTasksBackend",
    "threads": "django_mcp.background.backends.threads.ThreadsBackend",
}


class Backend(Protocol):
    """Carries the ids of tasks to whoever runs them. Made once per process, without arguments.

    It may deliver an id twice, or lose it: the row decides who runs the task, and a sweep hands
    over again what nobody has taken.
    """

    def enqueue(self, task: ToolTask, runs: Background, *, delay: float = 0) -> None:
        """See to it that a worker calls `run_task` with the id, after a delay in seconds.

        Returns or raises within a few seconds.
        """

    def terminate(self, task: ToolTask) -> None:
        """End the run of a task by force, where that is possible. Its row has ended already."""


def runs_of(task: ToolTask) -> Background:
    """How a task's tool runs; by default if it is gone, or runs in the background no more."""
    tool = get_registry().get(task.name)
    return Background() if tool is None or tool.background is None else tool.background


def get_backend() -> Backend:
    """The backend that `DJANGO_MCP_BACKGROUND_BACKEND` names."""
    return _instance(backend_path(), os.getpid())


def backend_path() -> str:
    """The dotted path of the backend."""
    name = settings.BACKGROUND_BACKEND
    return SHORT_NAMES.get(name, name)


@cache
def _instance(path: str, process: int) -> Backend:
    # By process: no thread outlives a fork, and uWSGI calls nothing of os.register_at_fork().
    backend: Backend = import_string(path)()
    return backend
