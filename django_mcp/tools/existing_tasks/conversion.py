"""Conversion of declarations whose `function` is an existing task into those of its function."""

from dataclasses import replace
from typing import Any, TypeVar

from django_mcp.primitives.declaration import Declaration
from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.tools.existing_tasks.celery_tasks import read_celery_task
from django_mcp.tools.existing_tasks.django_tasks import read_django_task
from django_mcp.tools.existing_tasks.existing_task import ExistingTask

D = TypeVar("D", bound=Declaration)


def existing_task(target: Any) -> ExistingTask | None:
    """Return what a task of any kind makes as a tool; None for what is no task."""
    return read_celery_task(target) or read_django_task(target)


def without_task(declaration: D) -> D:
    """Return the declaration of the function of a task, with the task's options where none stand.

    Any other declaration is returned as it is. Raises `DeclarationError` with all reasons why a
    task cannot be a tool.
    """
    task = existing_task(declaration.function)
    if task is None:
        return declaration
    problems = list(task.problems)
    if not declaration.is_background:
        problems.append(f"a {task.kind} is a tool of workers: declare it with background=True")
    options: dict[str, Any] = {}
    for name, read in task.options.items():
        if getattr(declaration, name) is None:
            try:
                options[name] = read()
            except DeclarationError as error:
                problems += error.problems
    if options.get("retry") is not None and not declaration.is_repeatable:
        problems.append(
            f"the {task.kind} is run again after failures (autoretry_for), which is for tools that "
            "are declared idempotent or read_only"
        )
    if problems:
        raise DeclarationError(problems)
    return replace(declaration, function=task.function, **options)
