"""`manage.py mcp_tasks`."""

import json
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.utils import timezone

from django_mcp.models import CallRecord, ToolTask, UsedRequestState
from tests.commands import RunCommand
from tests.factories import task


@pytest.fixture
def run(run_command: RunCommand) -> RunCommand:
    return partial(run_command, "mcp_tasks")


def test_it_lists_tasks_with_their_progress(db: None, run: RunCommand) -> None:
    first = task(username="ann", progress=3, progress_total=10, progress_message="third\x1b[2J")
    second = task(status="failed")

    lines = run().lines

    assert lines[0].endswith(f"build_report  ann  {first.pk}  third\\x1b[2J")
    assert "queued" in lines[0]
    assert "3/10" in lines[0]
    assert lines[1].endswith(f"build_report  anonymous  {second.pk}")


def test_it_lists_some(db: None, run: RunCommand) -> None:
    task()
    failed = task(name="other", status="failed")

    assert str(failed.pk) in run("list", "--status", "failed").text
    assert len(run("list", "--tool", "other").lines) == 1
    assert len(run("list", "--limit", "1").lines) == 1


def test_limit_that_means_nothing_is_told(db: None, run: RunCommand) -> None:
    assert "is not a number" in run("list", "--limit", "-1").error


def test_it_shows_a_task_without_secrets(db: None, run: RunCommand) -> None:
    shown = task(
        arguments='{"password": "1234", "to": 5}',
        secrets="sealed",
        input_responses="sealed",
        input_requests='{"q": {"message": "Sure?"}}',
        error=RuntimeError(),
    )

    facts = json.loads(run("show", str(shown.pk)).text)

    assert facts == json.loads(run("show", str(shown.call_id)).text)
    assert facts["arguments"] == {"password": "[redacted]", "to": 5}
    assert facts["error"] == {"class": "ToolFailedError"}
    assert facts["input_requests"] == {"q": {"message": "Sure?"}}
    assert facts["result"] is None
    assert not {"secrets", "input_responses"} & facts.keys()


def test_it_cancels_a_task_on_record(db: None, run: RunCommand) -> None:
    cancelled = task()
    CallRecord.objects.create(call_id=cancelled.call_id, name="tool", outcome="running")

    assert run("cancel", str(cancelled.pk)).text == f"{cancelled.pk} is cancelled"
    assert CallRecord.objects.get().outcome == "cancelled"


def test_it_asks_a_running_task_to_stop(db: None, run: RunCommand) -> None:
    running = task(status="working")

    assert run("cancel", str(running.pk)).text == f"{running.pk} is to be cancelled"
    assert ToolTask.objects.get().cancel_requested


def test_it_knows_no_other_tasks(db: None, run: RunCommand) -> None:
    assert "There is no task" in run("cancel", str(uuid4())).error


def test_it_sweeps_and_prunes(db: None, run: RunCommand) -> None:
    long_ago = timezone.now() - timedelta(days=1)
    task(status="working", heartbeat=long_ago)
    task(status="completed", is_recorded=True, expires=long_ago)
    assert run("prune").text == "1 task deleted"
    task(status="completed", is_recorded=True, expires=long_ago)

    assert run("sweep").text == "0 tasks queued again, 1 ended, 0 recorded, 1 deleted"


@pytest.mark.parametrize("action", ["sweep", "prune"])
def test_it_deletes_used_request_states_that_have_expired(
    db: None, action: str, run: RunCommand
) -> None:
    now = timezone.now()
    UsedRequestState.objects.create(id=uuid4(), expires=now)
    kept = UsedRequestState.objects.create(id=uuid4(), expires=now + timedelta(hours=1))
    assert run(action).exit_code == 0

    assert UsedRequestState.objects.get() == kept
