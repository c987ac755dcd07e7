"""`manage.py mcp_revoke`: background tasks, with django-oauth-toolkit and without it."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import modify_settings
from pytest_django import Settings

from django_mcp.background.worker import run_task
from django_mcp.models import CallRecord, ToolTask
from tests.background import backends
from tests.commands import RunCommand


@pytest.fixture(params=[pytest.param("with toolkit", marks=pytest.mark.oauth), "without toolkit"])
def _toolkit(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.param == "with toolkit":
        yield
    else:
        with modify_settings(INSTALLED_APPS={"remove": "oauth2_provider"}):
            yield


pytestmark = pytest.mark.usefixtures("_toolkit")


@pytest.fixture
def run(run_command: RunCommand) -> RunCommand:
    return partial(run_command, "mcp_revoke", "--no-input")


def task(user: User | None = None, client: str = "desk", **facts: Any) -> ToolTask:
    facts = {"call_id": uuid4(), "kept_for": timedelta(hours=1), "endpoint": "default", **facts}
    task = ToolTask.objects.create(
        name="report", user="" if user is None else str(user.pk), client=client, **facts
    )
    CallRecord.objects.create(call_id=task.call_id, name="report", outcome="running")
    return task


def status_of(task: ToolTask) -> str:
    task.refresh_from_db()
    return f"{task.status}{' (to be cancelled)' if task.cancel_requested else ''}"


def test_tasks_that_wait_never_start_and_running_ones_are_told(ann: User, run: RunCommand) -> None:
    waiting, asking, running, ended = (
        task(ann, status=status) for status in ("queued", "input_required", "working", "completed")
    )

    assert run("--user", "ann").text.endswith("; cancelled: 3 tasks")
    run_task(waiting.pk)

    assert [status_of(each) for each in (waiting, asking, running, ended)] == [
        "cancelled",
        "cancelled",
        "working (to be cancelled)",
        "completed",
    ]
    assert waiting.attempts == 0
    assert CallRecord.objects.get(call_id=waiting.call_id).outcome == "cancelled"


def test_running_tasks_are_terminated_where_the_project_wants_it(
    ann: User, settings: Settings, run: RunCommand
) -> None:
    settings.DJANGO_MCP_BACKGROUND_TERMINATE = True
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.PATH
    running = task(ann, status="working")

    assert run("--all").exit_code == 0

    assert status_of(running) == "cancelled"
    assert running.pk in backends.terminated


@pytest.mark.parametrize(
    ("arguments", "cancelled"),
    [
        (["--user", "ann"], {"ann desk", "ann phone"}),
        (["--client", "desk"], {"ann desk", "bob desk", "nobody desk", "elsewhere"}),
        (["--user", "ann", "--client", "desk"], {"ann desk"}),
        (["--all"], {"ann desk", "ann phone", "bob desk", "nobody desk"}),
    ],
)
def test_tasks_of_the_same_callers_are_cancelled_and_of_no_others(
    ann: User, arguments: list[str], cancelled: set[str], run: RunCommand
) -> None:
    bob = User.objects.create_user("bob")
    tasks = {
        "ann desk": task(ann),
        "ann phone": task(ann, "phone"),
        "bob desk": task(bob),
        "nobody desk": task(),
        "elsewhere": task(ann, endpoint="other"),
    }

    told = run(*arguments, "--dry-run").text
    assert {status_of(each) for each in tasks.values()} == {"queued"}
    assert run(*arguments).exit_code == 0

    assert {name for name, each in tasks.items() if status_of(each) == "cancelled"} == cancelled
    assert told.endswith(
        f"; to be cancelled: {len(cancelled)} task{'' if len(cancelled) == 1 else 's'}"
    )


def test_unknown_client_is_told(ann: User, run: RunCommand) -> None:
    assert "There is no application with the id nobody" in run("--client", "nobody").error


def test_it_says_in_words_that_there_are_no_tokens(ann: User, run: RunCommand) -> None:
    with modify_settings(INSTALLED_APPS={"remove": "oauth2_provider"}):
        printed = run("--all").text

    assert printed == (
        "Revoked for everybody: no tokens, as django-oauth-toolkit is not installed; "
        "cancelled: 0 tasks"
    )
