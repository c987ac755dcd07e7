"""Tools that the official suite calls in its scenarios of tasks."""

import time

from pydantic import BaseModel
from typing_extensions import TypedDict

from django_mcp import ToolContext, ToolError, tool
from tests.conformance_project.declarations.scopes import USE
from tests.workload import spend

STEP = 0.2
"""Seconds between two progress reports."""


@tool(group="fixtures", scopes=USE, read_only=True)
def greet(name: str) -> str:
    """Answer at once."""
    return f"Hello, {name}!"


@tool(group="fixtures", scopes=USE, read_only=True, background=True)
def slow_compute(seconds: float, context: ToolContext, label: str = "-") -> str:
    """Take some time on a worker, unless the task is cancelled.

    Args:
        seconds: How long.
        label: What the result calls this call.
    """
    started = time.monotonic()
    while (elapsed := time.monotonic() - started) < seconds and not context.is_cancelled:
        context.report_progress(round(elapsed, 1), seconds, label)
        spend(min(STEP, seconds - elapsed))
    return f"{label} took {seconds} s"


@tool(group="fixtures", scopes=USE, read_only=True, background=True, require_task=True)
def failing_job() -> str:
    """Fail with a message for the agent, as a task and not otherwise."""
    raise ToolError("This job intentionally returns an error for testing")


@tool(group="fixtures", scopes=USE, read_only=True, background=True)
def protocol_error_job() -> str:
    """Fail on a worker in a way that its author did not foresee."""
    raise RuntimeError("This job intentionally fails for testing")


class Confirmation(BaseModel):
    """What `confirm_delete` asks."""

    confirm: bool


class Entry(BaseModel):
    """What `multi_input` asks, twice at once."""

    name: str


class Greeted(TypedDict):
    """What the user fills in before `test_tool_with_task` becomes a task."""

    user_name: str


def ask_name(context: ToolContext) -> Greeted:
    """Ask for a name."""
    return {"user_name": context.elicit("What is your name?", Entry).name}


@tool(group="fixtures", scopes=USE, destructive=True, background=True)
def confirm_delete(filename: str, context: ToolContext) -> str:
    """Ask whether to delete a file, which does not exist.

    Args:
        filename: What to ask for.
    """
    answer = context.elicit(f"Delete {filename}?", Confirmation)
    return f"{filename} was {'deleted' if answer.confirm else 'kept'}"


@tool(group="fixtures", scopes=USE, background=True)
def multi_input(context: ToolContext) -> str:
    """Ask two things at once."""
    answers = context.elicit_all(
        {"first": ("What comes first?", Entry), "second": ("What comes second?", Entry)}
    )
    return f"{answers['first'].name}, then {answers['second'].name}"


@tool(group="fixtures", scopes=USE, background=True, require_task=True, prepare=ask_name)
def test_tool_with_task(user_name: str) -> str:
    """Ask for a name, and then greet it on a worker."""
    return f"Hello, {user_name}!"
