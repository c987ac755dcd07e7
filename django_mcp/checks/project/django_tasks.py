"""Check of the backend of Django's Tasks that runs background tools."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

import django
from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.checks.registry import registry

from django_mcp.background.backend import SHORT_NAMES, backend_path, get_backend
from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings
from django_mcp.primitives.registry import servable
from django_mcp.tools.tool import Tool

BACKEND = SHORT_NAMES["django_tasks"]
DATABASE_BACKEND = "django_tasks_db"


@register
def check_django_tasks(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that Django's Tasks run background tools in workers and in queues that exist."""
    if Settings.BACKGROUND_BACKEND.problem() or Settings.DJANGO_TASKS_BACKEND.problem():
        return []  # check_settings tells
    if backend_path() != BACKEND:
        return []
    if django.VERSION < (6, 0) and find_spec("django_tasks") is None:
        return [
            Error(
                f"Django {django.get_version()} has no Tasks, and django-tasks is not installed.",
                hint='Type: pip install "django-mcp-toolkit[tasks]", or choose another in '
                f"{Settings.BACKGROUND_BACKEND.name}.",
                id=CheckId.INVALID_TASK_BACKEND,
            )
        ]
    alias = f"TASKS[{settings.DJANGO_TASKS_BACKEND!r}]"
    is_checked = _is_checked_by_tasks()  # before the import of Tasks, which may register theirs
    try:
        backend: Any = get_backend()
        problems = backend.problems()
    except Exception as error:  # noqa: BLE001  (a backend may raise anything)
        return [
            Error(
                f"{alias} cannot be used: {error}",
                hint=f"{workers_advice()} Or name another of TASKS in "
                f"{Settings.DJANGO_TASKS_BACKEND.name}.",
                id=CheckId.INVALID_TASK_BACKEND,
            )
        ]
    if problems and is_checked:
        return []  # Tasks tell
    if problems:
        return [
            Error(
                f"{alias} cannot be used: {problem.msg}",
                hint=problem.hint,
                id=CheckId.INVALID_TASK_BACKEND,
            )
            for problem in problems
        ]
    return [*_execution_problems(backend, alias), *_queue_problems(backend, alias)]


def _is_checked_by_tasks() -> bool:
    """Return whether the check of Tasks themselves, which covers every backend, runs too."""
    module = "django.tasks.checks" if django.VERSION >= (6, 0) else "django_tasks.checks"
    return any(check.__module__ == module for check in registry.registered_checks)


def workers_advice() -> str:
    """Return the steps to set up the database backend, without those that are done."""
    steps = [
        (
            f"Set TASKS = {{{settings.DJANGO_TASKS_BACKEND!r}: "
            '{"BACKEND": "django_tasks_db.DatabaseBackend"}}'
        )
    ]
    if not apps.is_installed(DATABASE_BACKEND):
        steps.append(f'add "{DATABASE_BACKEND}" to INSTALLED_APPS')
    if find_spec(DATABASE_BACKEND) is None:
        steps.append("type: pip install django-tasks-db")
    return f"{', '.join(steps)}, and run: python manage.py db_worker."


def _execution_problems(backend: Any, alias: str) -> Iterator[CheckMessage]:
    if backend.is_immediate:
        yield Error(
            f"{alias} runs tasks at once, within the request: it is the immediate backend.",
            hint=f"{workers_advice()} In tests set {Settings.BACKGROUND_BACKEND.name} to "
            '"threads".',
            id=CheckId.IMMEDIATE_TASK_BACKEND,
        )
    elif backend.is_dummy:
        yield Warning(
            f"{alias} runs nothing: it is the dummy backend, which only stores tasks.",
            hint=f"{workers_advice()} In tests, silence this check.",
            id=CheckId.DUMMY_TASK_BACKEND,
        )


def _queue_problems(backend: Any, alias: str) -> Iterator[CheckMessage]:
    tools = defaultdict(list)
    for tool in servable():
        if isinstance(tool, Tool) and tool.background is not None:
            tools[backend.queue_of(tool.background.queue)].append(tool.located_name)
    for queue, names in tools.items():
        if backend.queues and queue not in backend.queues:
            yield Error(
                f"{', '.join(names)}: the queue {queue!r} is not in {alias}['QUEUES'], so that "
                "calls are refused.",
                hint=f"Set {alias}['QUEUES'] = {sorted({*backend.queues, queue})} and run a worker "
                "for it, or tag the tool with queue= one of "
                f"{', '.join(map(repr, sorted(backend.queues)))}.",
                id=CheckId.MISSING_TASK_QUEUE,
            )
