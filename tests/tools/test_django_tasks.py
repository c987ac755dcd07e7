"""Tasks of Django that a project has already, as background tools."""

from datetime import timedelta
from typing import Any

import django
import pytest
from django.utils import timezone
from pytest_django import Settings

from django_mcp.exceptions import ToolRegistrationError
from django_mcp.testing import MCPClient
from django_mcp.tools.background import Background
from tests.calls import offering
from tests.tools.single_tools import resolved, unlocated

MODULE = "django.tasks" if django.VERSION >= (6, 0) else "django_tasks"
tasks: Any = pytest.importorskip(MODULE)


@pytest.fixture(autouse=True)
def queues(settings: Settings) -> None:
    settings.TASKS = {
        "default": {
            "BACKEND": f"{MODULE}.backends.immediate.ImmediateBackend",
            "QUEUES": ["default", "slow"],
        }
    }


def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


async def aadd(a: int, b: int = 1) -> int:
    """Add two numbers, on a loop."""
    return a + b


def work(context: Any, a: int) -> int:
    """Work with the context of the run."""
    return a


def problem(task: Any, **options: Any) -> str:
    with pytest.raises(ToolRegistrationError) as caught:
        resolved(task, **options)
    (found,) = caught.value.problems
    return unlocated(found).removeprefix(f"{__name__}.")


def test_tool_has_name_description_and_place_of_the_function() -> None:
    tool = resolved(tasks.task(add), background=True)

    assert (tool.name, tool.description) == ("add", "Add two numbers.")
    assert tool.input_schema["required"] == ["a"]
    assert tool.dotted_name == f"{__name__}.add"
    assert "test_django_tasks.py:" in tool.located_name
    assert tool.background == Background()


@pytest.mark.django_db
@pytest.mark.parametrize("function", [add, aadd])
def test_call_runs_the_function_and_the_task_stays_usable(function: Any) -> None:
    task = tasks.task(function)

    with offering(task, background=True):
        result = MCPClient().call(function.__name__, a=2, b=3)

    assert result.data == 5
    assert task.enqueue(1, b=2).return_value == 3


def test_queue_is_taken_over_and_an_explicit_one_wins() -> None:
    task = tasks.task(queue_name="slow")(add)

    assert resolved(task, background=True).background == Background(queue="slow")
    assert resolved(task, background=True, queue="mine").background == Background(queue="mine")


def test_task_without_background_is_refused() -> None:
    assert problem(tasks.task(add)) == (
        "add: a Django task is a tool of workers: declare it with background=True"
    )


def test_task_that_takes_the_context_of_its_run_is_refused() -> None:
    assert problem(tasks.task(takes_context=True)(work), background=True) == (
        "work: a Django task with takes_context=True cannot be a tool, for there is no "
        "TaskContext: tag a function that takes a ToolContext, and call what both share"
    )


def test_task_that_runs_later_is_refused(settings: Settings) -> None:
    settings.TASKS = {"default": {"BACKEND": "tests.background.task_backends.KeepingBackend"}}
    task = tasks.task(add).using(run_after=timezone.now() + timedelta(hours=1))

    assert problem(task, background=True) == (
        "add: a Django task with run_after cannot be a tool, whose calls run as soon as they can"
    )
