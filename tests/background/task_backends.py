"""Backends for `TASKS` that keep what is enqueued, from whatever thread."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import django
from django.db import connections

from django_mcp.models import ToolTask

if TYPE_CHECKING or django.VERSION >= (6, 0):
    from django.tasks.backends.base import BaseTaskBackend
else:
    from django_tasks.backends.base import BaseTaskBackend


@dataclass(frozen=True, slots=True, kw_only=True)
class Enqueued:
    """One task as the backend was given it."""

    path: str
    args: list[Any]
    kwargs: dict[str, Any]
    alias: str
    queue: str
    run_after: datetime | None
    is_committed: bool
    """Whether other connections saw the row when it was enqueued."""


kept: list[Enqueued] = []


class KeepingBackend(BaseTaskBackend):
    """Runs nothing, and can defer."""

    supports_defer = True

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        self.validate_task(task)
        kept.append(
            Enqueued(
                path=task.module_path,
                args=[*args],
                kwargs=kwargs,
                alias=self.alias,
                queue=task.queue_name,
                run_after=task.run_after,
                is_committed=_elsewhere(args[0]),
            )
        )


class UndeferringBackend(KeepingBackend):
    """Runs nothing, and cannot defer."""

    supports_defer = False


class FailingBackend(KeepingBackend):
    """Takes nothing."""

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        raise ConnectionError("no queue")


def _elsewhere(key: str) -> bool:
    """Whether another connection sees the row."""

    def look() -> bool:
        try:
            return ToolTask.objects.filter(pk=key).exists()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(look).result()
