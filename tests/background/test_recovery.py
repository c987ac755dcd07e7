"""Tasks that nobody looks after any more are run again, or ended, by whoever comes by."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from django_mcp.background import recovery
from django_mcp.background.recovery import recover_tasks
from django_mcp.background.worker import run_task
from django_mcp.models import CallRecord, ToolTask
from tests.background import backends
from tests.background.rows import aged, queued
from tests.wire import Client

Held = list[tuple[UUID, float]]

STALE = 40.0
"""Seconds: more than the default of `DJANGO_MCP_BACKGROUND_STALE_AFTER`."""


def abandoned(name: str, /, *, runs: int = 1, age: float = STALE, **arguments: Any) -> ToolTask:
    """A task whose worker has died in its run of this number."""
    task = queued(name, **arguments)
    for _ in range(runs):
        ToolTask.objects.requeue()
        ToolTask.objects.claim(task.pk, worker="dead")
    aged(task, heartbeat=age)
    return ToolTask.objects.get()


def ended() -> tuple[str, str]:
    task = ToolTask.objects.get()
    return task.status, json.loads(task.error)["class"]


def test_tool_that_may_be_repeated_is_run_again(held: Held) -> None:
    task = abandoned("rewrite", name="a")
    held.clear()

    assert recover_tasks().queued == 1

    assert held == [(task.pk, 0)]
    run_task(task.pk)
    assert (ToolTask.objects.get().status, ToolTask.objects.get().attempts) == ("completed", 2)


def test_task_for_the_beat_of_celery_sweeps(held: Held) -> None:
    tasks = pytest.importorskip("django_mcp.tasks", reason="Celery is not installed")
    abandoned("write", name="a")

    tasks.sweep_tool_tasks()

    assert ended() == ("failed", "TaskLostError")


def test_tool_that_may_be_repeated_is_not_run_for_ever(held: Held) -> None:
    abandoned("rewrite", runs=3, name="a")

    assert recover_tasks().ended == 1
    assert ended() == ("failed", "TaskLostError")


def test_tool_that_may_not_be_repeated_ends_with_its_outcome_unknown(held: Held) -> None:
    task = abandoned("write", name="a")
    held.clear()

    assert recover_tasks().ended == 1

    run_task(task.pk)
    assert held == []
    assert ended() == ("failed", "TaskLostError")
    record = CallRecord.objects.get()
    assert (record.outcome, record.worker) == ("unknown", "dead")


@pytest.mark.implementation
def test_arguments_and_results_are_not_read_to_look_after_tasks(held: Held) -> None:
    abandoned("rewrite", name="a")

    with CaptureQueriesContext(connection) as queries:
        assert recover_tasks().queued == 1

    assert [query["sql"] for query in queries if '"arguments"' in query["sql"]] == []


def test_task_whose_worker_is_alive_is_left_alone(held: Held) -> None:
    abandoned("write", age=10, name="a")

    recover_tasks()

    assert ToolTask.objects.get().status == "working"


def test_run_that_was_given_up_counts_for_nothing_when_it_ends(held: Held) -> None:
    """The worker was only out of touch: it comes back when the task has another run."""
    lost = abandoned("rewrite", name="a")
    recover_tasks()
    again = ToolTask.objects.claim(lost.pk, worker="another")
    assert again is not None

    assert not ToolTask.objects.run_of(lost).exists()
    assert ToolTask.objects.run_of(again).exists()


def test_repeatable_task_that_was_to_be_cancelled_is(held: Held) -> None:
    abandoned("rewrite", name="a")
    ToolTask.objects.update(cancel_requested=True)

    recover_tasks()

    assert ended() == ("cancelled", "TaskCancelledError")


def test_task_that_was_overdue_when_its_worker_died_has_timed_out(held: Held) -> None:
    task = abandoned("hold_briefly")
    aged(task, started=STALE)

    recover_tasks()

    assert ended() == ("failed", "TimedOutError")


def test_task_whose_tool_is_gone_is_not_run_again(held: Held) -> None:
    abandoned("rewrite", name="a")
    ToolTask.objects.update(name="removed")

    recover_tasks()

    assert ended() == ("failed", "TaskLostError")


def test_task_that_nobody_takes_is_handed_over_again_at_growing_gaps(held: Held) -> None:
    task = queued("add", a=1)
    held.clear()
    aged(task, updated=35, heartbeat=35)
    assert recover_tasks().queued == 1

    assert recover_tasks().queued == 0
    aged(task, updated=100, heartbeat=40)
    assert recover_tasks().queued == 0
    aged(task, updated=100, heartbeat=60)
    assert recover_tasks().queued == 1

    assert held == [(task.pk, 0), (task.pk, 0)]


def test_broker_that_takes_nothing_is_asked_once_in_a_sweep(held: Held, settings: Settings) -> None:
    """It may keep whoever asks waiting for seconds, and clients wait for this sweep."""
    tasks = [queued("add", a=number) for number in range(3)]
    given_up = queued("write", name="a")
    for task in tasks:
        aged(task, updated=STALE, heartbeat=STALE)
    aged(given_up, updated=901, heartbeat=STALE - 1)
    held.clear()

    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.REFUSING
    swept = recover_tasks()

    assert (swept.queued, swept.ended, len(held)) == (0, 1, 1)
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.PATH
    assert recover_tasks().queued == 2
    assert {key for key, _ in held} == {task.pk for task in tasks}


def test_task_that_nobody_takes_is_given_up(held: Held) -> None:
    task = queued("add", a=1)
    aged(task, updated=901, heartbeat=STALE)

    assert recover_tasks().ended == 1

    assert ended() == ("failed", "TaskNotStartedError")
    run_task(task.pk)
    assert ToolTask.objects.get().attempts == 0


def test_task_that_waits_long_for_its_retry_is_not_given_up(held: Held) -> None:
    """Its message was lost; the time in which a worker must take it begins when it is due."""
    task = queued("try_hourly")
    run_task(task.pk)
    later = timedelta(seconds=3600 + STALE)
    ToolTask.objects.update(heartbeat=F("heartbeat") - later, updated=F("updated") - later)
    assert held.pop() == (task.pk, 3600)
    held.clear()

    assert recover_tasks().queued == 1

    assert held == [(task.pk, 0)]
    run_task(task.pk)
    assert ToolTask.objects.get().status == "completed"


def test_end_that_is_not_on_record_is_recorded(held: Held) -> None:
    """The process died between the two."""
    task = queued("add", a=1)
    run_task(task.pk)
    ToolTask.objects.update(is_recorded=False)
    CallRecord.objects.update(outcome="running")
    aged(task, ended=STALE)

    assert recover_tasks().recorded == 1

    assert CallRecord.objects.get().outcome == "ok"
    assert ToolTask.objects.get().is_recorded


def test_expired_tasks_are_deleted_on_the_way(held: Held) -> None:
    task = queued("add", a=1)
    run_task(task.pk)
    aged(task, expires=1)

    assert recover_tasks().deleted == 1


@pytest.mark.implementation
def test_whoever_waits_sweeps(
    modern: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client waits for its own task while another process's is abandoned."""
    monkeypatch.setattr(recovery, "_next_at", 0.0)
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.PATH
    lost = abandoned("write", name="a")
    settings.DJANGO_MCP_BACKGROUND_BACKEND = "threads"

    answer = asyncio.run(modern.acall("add", a=1))

    assert answer.result["structuredContent"] == {"result": 1}
    assert ToolTask.objects.get(pk=lost.pk).status == "failed"
