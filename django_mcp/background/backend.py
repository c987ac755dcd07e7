"""Backends that carry tasks to workers: their protocol, and the one that the project has chosen."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Protocol

from django.utils.module_loading import import_string

from django_mcp.conf import settings
from django_mcp.models import ToolTask
from django_mcp.primitives.registry import get_registry
from django_mcp.tools.background import Background
from django_mcp.tools.tool import Tool

SHORT_NAMES = {
    "celery": "django_mcp.background.backends.celery.CeleryBackend",
    "django_tasks": "django_mcp.background.backends.django_tasks.DjangoTasksBackend",
    "inline": "django_mcp.background.backends.inline.InlineBackend",
    "threads": "django_mcp.background.backends.threads.ThreadsBackend",
}


class Backend(Protocol):
    """Carrier of the ids of tasks to workers. Made once per process, without arguments.

    It may deliver an id twice, or lose it: the row decides which worker runs the task, and recovery
    enqueues again what no worker has taken.

    One with a false attribute `waits_for_commit` is given the id before the row is committed.
    """

    def enqueue(self, task: ToolTask, runs: Background, *, delay: float = 0) -> None:
        """Have a worker call `run_task` with the id, after a delay in seconds.

        Returns or raises within a few seconds.
        """

    def terminate(self, task: ToolTask) -> None:
        """End the run of a task by force, where that is possible. Its row has ended already."""


_used: ContextVar[Backend | None] = ContextVar("django_mcp_backend", default=None)


def background_of(task: ToolTask) -> Background:
    """Return the background options of a task's tool; defaults if it has none any more."""
    tool = get_registry().find(Tool, task.name)
    return Background() if tool is None or tool.background is None else tool.background


def get_backend() -> Backend:
    """Return the backend of `using_backend`, else that of `DJANGO_MCP_BACKGROUND_BACKEND`."""
    return _used.get() or _instance(backend_path(), os.getpid())


def waits_for_commit(backend: Backend) -> bool:
    """Return whether a row has to be committed before the backend is given its id."""
    return getattr(backend, "waits_for_commit", True)


@contextmanager
def using_backend(backend: Backend) -> Iterator[None]:
    """Use another backend than that of the setting inside the block."""
    token = _used.set(backend)
    try:
        yield
    finally:
        _used.reset(token)


def backend_path() -> str:
    """Return the dotted path of the backend."""
    name = settings.BACKGROUND_BACKEND
    return SHORT_NAMES.get(name, name)


@cache
def _instance(path: str, process: int) -> Backend:
    # By process: no thread outlives a fork, and uWSGI calls nothing of os.register_at_fork().
    backend: Backend = import_string(path)()
    return backend
