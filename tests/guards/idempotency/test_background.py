"""Background calls with an idempotency key: one task, and its answer for those who repeat it."""

import asyncio
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone
from pytest_django import Settings

from django_mcp.asgi import Application
from django_mcp.background.cancellation import cancel
from django_mcp.background.recovery import recover_tasks
from django_mcp.background.worker import run_task
from django_mcp.dispatch import call_again
from django_mcp.models import CallRecord, IdempotencyKey, ToolTask
from tests.background import backends
from tests.background.rows import aged
from tests.guards.idempotency.conftest import keyed
from tests.guards.idempotency.test_answers import kind_of, meta_of, outcomes
from tests.guards.idempotency.tools import runs
from tests.wire import Answer, Client

WAYS = pytest.mark.parametrize("name", ["transfer", "atransfer"])


@pytest.fixture
def application(transactional_db: None, application: Application) -> Application:
    return application


@pytest.fixture
def modern(modern: Client, settings: Settings) -> Client:
    """A client that takes tasks, which tests run themselves."""
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.PATH
    return modern.with_tasks()


def call(client: Client, name: str, **arguments: object) -> Answer:
    return asyncio.run(keyed(client, name, to="ann", **arguments))


def work() -> ToolTask:
    """The only task, after a worker has run it."""
    task = ToolTask.objects.get()
    run_task(task.pk, worker="a worker")
    return ToolTask.objects.get()


@WAYS
def test_repeat_while_it_runs_gets_the_same_task(modern: Client, name: str) -> None:
    first, second = call(modern, name), call(modern, name)

    assert first.result["taskId"] == second.result["taskId"] == str(ToolTask.objects.get().pk)
    assert "django-mcp/repeated" not in meta_of(first)
    assert meta_of(second)["django-mcp/repeated"] is True
    work()
    assert runs == ["k-1"]
    assert sorted(outcomes()) == ["ok", "repeated"]


@WAYS
def test_repeat_of_what_has_ended_gets_its_result(modern: Client, name: str) -> None:
    call(modern, name)
    work()
    answer = call(modern, name)

    assert answer.result["structuredContent"] == {"to": "ann", "run": 1}
    assert meta_of(answer)["django-mcp/repeated"] is True
    assert ToolTask.objects.count() == 1
    assert Group.objects.count() == 1


@WAYS
def test_answer_outlives_its_task(modern: Client, name: str) -> None:
    call(modern, name)
    work().delete()

    assert call(modern, name).result["structuredContent"] == {"to": "ann", "run": 1}


@WAYS
def test_client_that_waits_gets_the_result_of_one_that_takes_tasks(
    modern: Client, client: Client, name: str
) -> None:
    call(modern, name)
    assert kind_of(call(client, name)) == "busy"
    work()
    answer = call(client, name)

    assert answer.result["structuredContent"] == {"to": "ann", "run": 1}
    assert meta_of(answer)["django-mcp/repeated"] is True


@WAYS
def test_refusal_of_the_tool_is_the_answer_of_its_task(modern: Client, name: str) -> None:
    call(modern, name, how="refused")
    work()
    answer = call(modern, name, how="refused")

    assert kind_of(answer) == "tool_error"
    assert meta_of(answer)["django-mcp/repeated"] is True
    assert len(runs) == 1


@WAYS
def test_other_arguments_make_no_task(modern: Client, name: str) -> None:
    call(modern, name)
    answer = call(modern, name, how="refused")

    assert kind_of(answer) == "idempotency_conflict"
    assert ToolTask.objects.count() == 1


@WAYS
def test_task_that_never_ran_leaves_the_key_free(modern: Client, name: str) -> None:
    call(modern, name)
    cancel(ToolTask.objects.get().pk)

    assert call(modern, name).result["resultType"] == "task"
    assert ToolTask.objects.count() == 2


def test_task_that_cannot_be_queued_leaves_the_key_free(modern: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.REFUSING
    call(modern, "transfer")

    assert not IdempotencyKey.objects.exists()
    assert CallRecord.objects.get().outcome == "failed"


@WAYS
def test_task_whose_worker_died_leaves_its_outcome_unknown(modern: Client, name: str) -> None:
    call(modern, name)
    task = ToolTask.objects.get()
    ToolTask.objects.claim(task.pk, worker="a worker that dies")
    IdempotencyKey.objects.update(alive_until=timezone.now())
    assert call(modern, name).result["taskId"] == str(task.pk)
    aged(task, heartbeat=10_000, updated=10_000)
    recover_tasks()

    answer = call(modern, name)

    assert ToolTask.objects.get().status == "failed"
    assert kind_of(answer) == "outcome_unknown"


def test_failure_leaves_the_key_free_where_it_has_undone_everything(modern: Client) -> None:
    call(modern, "transfer", how="failed")
    work()

    assert call(modern, "transfer", how="failed").result["resultType"] == "task"
    assert not Group.objects.exists()


def test_failure_on_a_loop_leaves_the_outcome_unknown(modern: Client) -> None:
    call(modern, "atransfer", how="failed")
    work()

    assert kind_of(call(modern, "atransfer", how="failed")) == "outcome_unknown"


def test_call_that_an_operator_repeats_counts_as_one_of_its_caller(modern: Client) -> None:
    User.objects.create_user("ann")
    asyncio.run(modern.with_key("ann").acall("remit", to="ann", reference="r-1"))
    task = work()

    assert call_again(task) is None
    assert runs == ["r-1"]
    assert sorted(outcomes()) == ["ok", "repeated"]


def test_sweeps_delete_keys_that_have_expired(modern: Client) -> None:
    call(modern, "transfer")
    IdempotencyKey.objects.update(expires=timezone.now() - timedelta(seconds=1))
    recover_tasks()

    assert not IdempotencyKey.objects.exists()
