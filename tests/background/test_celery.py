"""What Celery is handed: an id, under the id of the call, and nothing else."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from django_mcp.background.backend import get_backend
from django_mcp.models import ToolTask
from django_mcp.tools.background import Background

celery = pytest.importorskip("celery")


@pytest.fixture
def app(settings: Settings) -> Iterator[Any]:
    from tests import celery_apps

    settings.DJANGO_MCP_BACKGROUND_BACKEND = "celery"
    settings.DJANGO_MCP_CELERY_APP = "tests.celery_apps.memory"
    yield celery_apps.memory
    with celery_apps.memory.connection_for_write() as connection:
        for queue in ("celery", "slow"):
            connection.SimpleQueue(queue).clear()


def sent(app: Any, queue: str) -> Any:
    """The message in a queue."""
    with app.connection_for_read() as connection:
        return connection.SimpleQueue(queue).get(block=False)


def task() -> ToolTask:
    return ToolTask(id=uuid4(), call_id=uuid4(), arguments='{"a": 1}')


def test_message_holds_the_id_and_no_arguments(app: Any) -> None:
    queued = task()

    get_backend().enqueue(queued, Background(timeout=60))

    message = sent(app, "celery")
    assert message.headers["task"] == "django_mcp.run_tool_task"
    assert message.headers["id"] == str(queued.call_id)
    assert message.headers["ignore_result"] is True
    assert message.headers["timelimit"] == [65, None]
    assert message.payload[:2] == [[str(queued.pk)], {}]


def test_message_goes_to_the_queue_of_the_tool(app: Any) -> None:
    get_backend().enqueue(task(), Background(queue="slow"))

    assert sent(app, "slow").headers["task"] == "django_mcp.run_tool_task"


def test_message_of_a_rerun_is_held_back(app: Any) -> None:
    get_backend().enqueue(task(), Background(), delay=60)

    eta = datetime.fromisoformat(sent(app, "celery").headers["eta"])
    assert timedelta(seconds=50) < eta - timezone.now() <= timedelta(seconds=60)


def test_task_is_what_autodiscovery_finds() -> None:
    from django_mcp import tasks

    assert tasks.run_tool_task.name == "django_mcp.run_tool_task"
    assert tasks.sweep_tool_tasks.name == "django_mcp.sweep_tool_tasks"
    assert tasks.run_tool_task.acks_late is False
    assert tasks.run_tool_task.ignore_result is True
