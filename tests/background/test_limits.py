"""The tasks that one caller may have at once."""

import asyncio
import logging
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from django_mcp.models import CallRecord, ToolTask
from django_mcp.signals import tool_rejected
from tests.wire import Answer, Client

LIMIT = 3

Status = ToolTask.Status

pytestmark = pytest.mark.usefixtures("held")


@pytest.fixture(autouse=True)
def _limit(settings: Settings) -> None:
    settings.DJANGO_MCP_MAX_TASKS_PER_CALLER = LIMIT


@pytest.fixture
def tasker(modern: Client) -> Client:
    return modern.with_tasks()


def start(client: Client, *, times: int = 1) -> list[Answer]:
    """Calls of a background tool, all at once."""

    async def scenario() -> list[Answer]:
        return await asyncio.gather(*(client.acall("add", a=1) for _ in range(times)))

    return asyncio.run(scenario())


def has_started(answer: Answer) -> bool:
    return answer.result.get("resultType") == "task"


def test_caller_with_as_many_tasks_as_it_may_have_is_refused_as_busy(
    tasker: Client, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    start(tasker, times=LIMIT)
    caplog.set_level(logging.INFO, "django_mcp.calls")
    heard: list[str] = []

    def hear(outcome: str, **kwargs: Any) -> None:
        heard.append(outcome)

    tool_rejected.connect(hear)
    try:
        # Whether it takes tasks or waits: both are served by one.
        answers = [*start(client), *start(client.with_tasks())]
    finally:
        tool_rejected.disconnect(hear)

    for answer in answers:
        assert answer.result["isError"] is True
        assert answer.result["_meta"]["django-mcp/error"] == {
            "kind": "busy",
            "error": "You have 3 calls in the background that have not ended, "
            "and may have no more at once.",
            "retryable": True,
            "hint": "Wait until one of them has ended, or cancel one, and call again.",
            "retry_after": None,
        }
    refused = CallRecord.objects.filter(outcome="busy")
    assert set(refused.values_list("error_class", "task_id")) == {("TooManyTasksError", "")}
    assert refused.count() == len(heard) == len(caplog.records) == 2
    assert ToolTask.objects.count() == LIMIT


@pytest.mark.parametrize("status", [Status.QUEUED, Status.WORKING, Status.INPUT_REQUIRED])
def test_every_task_counts_until_it_has_ended(tasker: Client, status: str) -> None:
    start(tasker, times=LIMIT)
    ToolTask.objects.update(status=status)

    (refused,) = start(tasker)
    ToolTask.objects.filter(pk=ToolTask.objects.latest().pk).end(Status.COMPLETED)
    (taken,) = start(tasker)
    (refused_again,) = start(tasker)

    assert [has_started(each) for each in (refused, taken, refused_again)] == [False, True, False]


def test_cancelled_task_makes_room(tasker: Client) -> None:
    first, *_ = start(tasker, times=LIMIT)

    task_id = first.result["taskId"]
    asyncio.run(tasker.asend("tasks/cancel", {"taskId": task_id}))

    assert ToolTask.objects.get(pk=UUID(task_id)).status == Status.CANCELLED
    assert [has_started(answer) for answer in start(tasker)] == [True]


def test_callers_do_not_count_for_each_other(tasker: Client) -> None:
    for name in ("ada", "ben"):
        User.objects.create_user(name)
    start(tasker.with_key("ada"), times=LIMIT)

    assert not has_started(start(tasker.with_key("ada"))[0])
    assert has_started(start(tasker.with_key("ben"))[0])
    assert has_started(start(tasker.with_key("-"))[0])
    assert has_started(start(tasker)[0])


def test_calls_at_once_are_let_in_to_the_limit_and_no_further(tasker: Client) -> None:
    answers = start(tasker, times=4 * LIMIT)

    assert sum(map(has_started, answers)) == LIMIT
    assert ToolTask.objects.unended().count() == LIMIT
    outcomes = sorted(CallRecord.objects.values_list("outcome", flat=True))
    assert outcomes == ["busy"] * 3 * LIMIT + ["running"] * LIMIT


def test_limit_that_is_lowered_counts_for_those_who_have_more_already(
    tasker: Client, settings: Settings
) -> None:
    start(tasker, times=LIMIT)
    settings.DJANGO_MCP_MAX_TASKS_PER_CALLER = 2

    oldest = ToolTask.objects.order_by("created")
    ToolTask.objects.filter(pk=oldest[0].pk).end(Status.COMPLETED)
    (refused,) = start(tasker)
    ToolTask.objects.filter(pk=oldest.filter(ended=None)[0].pk).end(Status.COMPLETED)
    (taken,) = start(tasker)

    assert [has_started(each) for each in (refused, taken)] == [False, True]


def test_call_that_could_not_become_a_task_anyway_is_refused_for_that(tasker: Client) -> None:
    start(tasker, times=LIMIT)

    wrong = asyncio.run(tasker.acall("add", a="one"))
    unknown = asyncio.run(tasker.acall("nope"))
    ordinary = asyncio.run(tasker.acall("quick"))

    assert "a: " in wrong.result["content"][0]["text"]
    assert unknown.error["message"] == "Unknown tool: nope"
    assert ordinary.result["structuredContent"] == {"result": "quick"}


@pytest.mark.implementation
@pytest.mark.skipif(connection.vendor == "mysql", reason="its plans have another form")
def test_tasks_that_have_ended_cost_the_limit_nothing(tasker: Client) -> None:
    start(tasker)
    ToolTask.objects.bulk_create(
        ToolTask(call_id=uuid4(), name="add", status=Status.COMPLETED, kept_for=timedelta(days=1))
        for _ in range(3_000)
    )
    task = ToolTask.objects.unended().get()

    with connection.cursor() as cursor, CaptureQueriesContext(connection) as queries:
        cursor.execute("ANALYZE")
        assert ToolTask.objects.taken_slots(task) == {task.slot}
        cursor.execute(f"{connection.ops.explain_query_prefix()} {queries[-1]['sql']}")
        plan = str(cursor.fetchall())

    # Nothing is read but the entries of this caller that hold a slot.
    if connection.vendor == "postgresql":
        assert "Index Only Scan using django_mcp_task_slot" in plan
        assert "slot IS NOT NULL" in plan
    else:
        assert "COVERING INDEX" in plan
        assert "(user=? AND client=? AND slot>?)" in plan
