"""What a backend of Django's Tasks is handed: an id, once the row is there, and nothing else."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import django
import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from django_mcp.asgi import Application
from django_mcp.background.recovery import recover_tasks
from django_mcp.background.worker import run_task
from django_mcp.models import CallRecord, ToolTask
from django_mcp.tools.background import Background
from tests.background.rows import aged, queued
from tests.wire import Client

pytest.importorskip("django.tasks" if django.VERSION >= (6, 0) else "django_tasks")

from django_mcp.background.backend import get_backend
from tests.background import task_backends
from tests.background.task_backends import Enqueued

PATH = "django_mcp.background.backends.django_tasks.run_tool_task"
STALE = 40.0
"""Seconds: more than the default of `DJANGO_MCP_BACKGROUND_STALE_AFTER`."""


def entry(name: str, **params: object) -> dict[str, object]:
    """An entry of `TASKS`."""
    return {"BACKEND": f"{task_backends.__name__}.{name}", **params}


@pytest.fixture
def kept(application: Application, settings: Settings) -> Iterator[list[Enqueued]]:
    """What was enqueued, at two backends of the project."""
    settings.DJANGO_MCP_BACKGROUND_BACKEND = "django_tasks"
    settings.TASKS = {
        "default": entry("KeepingBackend", QUEUES=["default", "slow"]),
        "other": entry("KeepingBackend", QUEUES=[]),
    }
    yield task_backends.kept
    task_backends.kept.clear()


def test_id_alone_is_enqueued_once_the_row_is_committed(kept: list[Enqueued]) -> None:
    with transaction.atomic():
        task = queued("write", name="a")
        assert kept == []

    assert kept == [
        Enqueued(
            path=PATH,
            args=[str(task.pk)],
            kwargs={},
            alias="default",
            queue="default",
            run_after=None,
            is_committed=True,
        )
    ]


def test_task_waits_in_the_queue_of_its_tool_at_the_backend_of_the_alias(
    kept: list[Enqueued], settings: Settings
) -> None:
    task = queued("write", name="a")
    get_backend().enqueue(task, Background(queue="slow"))
    settings.DJANGO_MCP_DJANGO_TASKS_BACKEND = "other"
    get_backend().enqueue(task, Background(queue="any"))

    assert [(each.alias, each.queue) for each in kept] == [
        ("default", "default"),
        ("default", "slow"),
        ("other", "any"),
    ]


def test_rerun_is_deferred_until_it_is_due(kept: list[Enqueued]) -> None:
    task = queued("try_hourly")
    before = timezone.now()

    run_task(task.pk)

    first, again = kept
    assert first.run_after is None
    assert again.run_after is not None
    hour = timedelta(hours=1)
    assert before + hour <= again.run_after <= timezone.now() + hour


def test_rerun_that_cannot_be_deferred_is_enqueued_by_the_sweep_when_it_is_due(
    kept: list[Enqueued], settings: Settings
) -> None:
    settings.TASKS = {"default": entry("UndeferringBackend")}
    task = queued("try_hourly")
    run_task(task.pk)
    assert recover_tasks().queued == 0
    assert len(kept) == 1

    aged(task, heartbeat=STALE, updated=STALE)
    assert recover_tasks().queued == 1

    assert [(each.args, each.run_after) for each in kept[1:]] == [([str(task.pk)], None)]
    run_task(task.pk)
    assert ToolTask.objects.get().status == "completed"


def test_call_that_cannot_be_enqueued_is_refused_and_never_run(
    kept: list[Enqueued], settings: Settings, modern: Client
) -> None:
    settings.TASKS = {"default": entry("FailingBackend")}

    answer = asyncio.run(modern.acall("write", name="a"))

    task = ToolTask.objects.get()
    assert "No worker could take this call" in answer.result["content"][0]["text"]
    assert (task.status, task.attempts) == ("failed", 0)
    assert CallRecord.objects.get().error_class == "TaskNotStartedError"
