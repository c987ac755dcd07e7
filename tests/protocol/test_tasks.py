"""Calls of slow tools by clients that take tasks (SEP-2663)."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from django_mcp.invocation import Invocation
from django_mcp.models import CallRecord, ToolTask
from django_mcp.signals import tool_called
from tests.background import backends
from tests.background.rows import quiet, settled
from tests.latch import Latch
from tests.protocol.tasks import ask, ending, reached, start, without_signature
from tests.protocol.tools import SECRET
from tests.refusals import facts, unknown_tool
from tests.wire import TASKS, Client


@pytest.fixture
def tasker(modern: Client) -> Client:
    """A 2026-07-28 client that declares the extension."""
    return modern.with_tasks()


def test_caller_receives_a_task_at_once_and_its_result_later(tasker: Client, latch: Latch) -> None:
    async def scenario() -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        handle = (await tasker.acall("work", to=3)).result
        assert await latch.arrival() == "work"
        working = await reached(
            tasker, handle["taskId"], lambda found: "of" in found.get("statusMessage", "")
        )
        latch.open()
        return handle, working, await ending(tasker, handle["taskId"])

    handle, working, ended = asyncio.run(scenario())

    task = settled()
    assert handle["resultType"] == "task"
    assert handle["taskId"] == str(task.pk)
    assert handle["ttlMs"] is None
    assert handle["pollIntervalMs"] == 500
    assert (working["status"], working["statusMessage"]) == ("working", "nearly there (2 of 3)")
    assert working["lastUpdatedAt"] > handle["lastUpdatedAt"]
    assert ended["status"] == "completed"
    assert ended["result"]["structuredContent"] == {"result": 3}
    assert ended["createdAt"] == working["createdAt"] == handle["createdAt"]
    assert "statusMessage" not in ended
    assert "pollIntervalMs" not in ended


def test_run_continues_the_trace_of_the_client(tasker: Client) -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    traceparent = f"00-{trace_id}-b7ad6b7169203331-01"
    traces: list[tuple[str, str]] = []

    def note(call: Invocation, **facts: Any) -> None:
        traces.append((call.traceparent, call.trace_id))

    params = {"name": "describe", "arguments": {"name": "Ada"}}
    tool_called.connect(note)
    try:
        asyncio.run(tasker.asend("tools/call", params, headers={"traceparent": traceparent}))
        task = settled()
    finally:
        tool_called.disconnect(note)

    assert task.traceparent == CallRecord.objects.get().traceparent == traceparent
    assert traces == [(traceparent, trace_id)]


def test_result_stays_for_as_long_as_the_task_says(tasker: Client) -> None:
    async def scenario() -> dict[str, Any]:
        return await ending(tasker, await start(tasker, "describe", name="Ada"))

    ended = asyncio.run(scenario())

    lives_for = timedelta(milliseconds=ended["ttlMs"])
    created, updated = (
        datetime.fromisoformat(ended[each]) for each in ("createdAt", "lastUpdatedAt")
    )
    # Each of the three is cut to whole milliseconds.
    assert abs(created + lives_for - (updated + timedelta(days=1))) <= timedelta(milliseconds=2)


def test_task_that_waits_for_its_retry_was_not_updated_in_the_future(
    tasker: Client, settings: Any
) -> None:
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.PATH

    task_id = asyncio.run(start(tasker, "describe", name="Ada"))
    ToolTask.objects.claim(UUID(task_id), worker="a worker")
    ToolTask.objects.requeue(delay=timedelta(hours=1))
    found = asyncio.run(ask(tasker, "tasks/get", task_id)).result

    assert found["statusMessage"] == "Waiting for a worker."
    assert datetime.fromisoformat(found["lastUpdatedAt"]) <= timezone.now()


def test_expired_task_is_unknown_before_it_is_pruned(tasker: Client) -> None:
    async def scenario() -> str:
        task_id = await start(tasker, "describe", name="Ada")
        await ending(tasker, task_id)
        return task_id

    task_id = asyncio.run(scenario())
    settled()
    ToolTask.objects.update(expires=timezone.now() - timedelta(seconds=1))
    answer = asyncio.run(ask(tasker, "tasks/get", task_id))

    assert answer.error == {"code": -32602, "message": "Unknown task"}


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("describe", {"name": "Ada"}),
        ("draw", {"title": "A house"}),
        ("refuse_work", {}),
    ],
)
def test_result_of_a_task_is_what_waiting_callers_are_answered(
    modern: Client, tasker: Client, name: str, arguments: dict[str, Any]
) -> None:
    async def scenario() -> tuple[dict[str, Any], dict[str, Any]]:
        direct = (await modern.acall(name, **arguments)).result
        return direct, await ending(tasker, await start(tasker, name, **arguments))

    direct, ended = asyncio.run(scenario())

    quiet()
    assert ended["status"] == "completed"
    assert without_signature(ended["result"]) == without_signature(direct)
    explained = [each["_meta"].get("django-mcp/error") for each in (ended["result"], direct)]
    assert explained[0] == explained[1]
    record = CallRecord.objects.get(task_id=ended["taskId"])
    assert ended["result"]["_meta"]["django-mcp/call-id"] == str(record.call_id)


def test_failure_of_ours_is_an_error_that_names_the_record(tasker: Client) -> None:
    async def scenario() -> dict[str, Any]:
        return await ending(tasker, await start(tasker, "break_work"))

    ended = asyncio.run(scenario())

    settled()
    record = CallRecord.objects.get()
    assert ended["status"] == "failed"
    assert ended["error"]["code"] == -32603
    assert str(record.call_id) in ended["error"]["message"]
    assert ended["statusMessage"] == ended["error"]["message"]
    assert SECRET not in str(ended)
    assert record.outcome == "failed"


def test_call_of_a_task_is_one_record_with_its_end(tasker: Client) -> None:
    async def scenario() -> str:
        task_id = await start(tasker, "describe", name="Ada")
        await ending(tasker, task_id)
        return task_id

    task_id = asyncio.run(scenario())

    task = settled()
    record = CallRecord.objects.get()
    assert (record.call_id, record.task_id) == (task.call_id, task_id)
    assert (record.outcome, record.worker, record.delivered) == ("ok", task.worker, True)


def test_progress_of_a_task_goes_out_on_no_stream(tasker: Client, latch: Latch) -> None:
    latch.open()

    async def scenario() -> str:
        async with tasker.calling("work", token="tok", to=5) as opened:
            answer = await opened.answer()
        assert answer.progress == []
        assert answer.header("content-type") == ["application/json"]
        await ending(tasker, answer.result["taskId"])
        return str(answer.result["resultType"])

    assert asyncio.run(scenario()) == "task"


def test_ordinary_tools_answer_clients_that_take_tasks_as_ever(
    modern: Client, tasker: Client
) -> None:
    direct, ordinary = (asyncio.run(c.acall("echo", text="x")).result for c in (modern, tasker))

    assert without_signature(direct) == without_signature(ordinary)
    assert ordinary["resultType"] == "complete"


def test_clients_that_declare_nothing_wait_for_the_result(client: Client) -> None:
    result = asyncio.run(client.acall("describe", name="Ada")).result

    assert result["structuredContent"] == {"name": "Ada", "nickname": None}
    assert "taskId" not in result


def test_declaration_of_an_older_client_counts_for_nothing(legacy: Client) -> None:
    client = legacy.with_tasks()
    greeted = client.initialize().result
    result = asyncio.run(client.acall("describe", name="Ada")).result

    assert "extensions" not in greeted["capabilities"]
    assert result["structuredContent"] == {"name": "Ada", "nickname": None}


def test_tool_that_nobody_should_wait_for_is_refused_to_clients_that_would(client: Client) -> None:
    answer = asyncio.run(client.acall("work_for_hours", hours=9))

    record = CallRecord.objects.get()
    message = "This tool needs a client with the tasks extension."
    assert answer.error == {
        "code": -32021,
        "message": message,
        "data": {
            "requiredCapabilities": {"extensions": {TASKS: {}}},
            **facts("task_required", message),
        },
    }
    assert (record.outcome, record.error_class) == ("task_required", "TaskRequiredError")
    assert record.arguments == {"hours": 9}
    assert not ToolTask.objects.exists()


def test_tool_that_nobody_should_wait_for_becomes_a_task(tasker: Client) -> None:
    async def scenario() -> dict[str, Any]:
        return await ending(tasker, await start(tasker, "work_for_hours", hours=9))

    ended = asyncio.run(scenario())

    settled()
    assert ended["result"]["structuredContent"] == {"result": 9}


@pytest.mark.parametrize("name", ["hidden_work", "nope"])
def test_hidden_tool_is_unknown_to_clients_that_take_tasks(tasker: Client, name: str) -> None:
    answer = asyncio.run(tasker.acall(name))

    assert answer.error == unknown_tool(name)
    assert CallRecord.objects.get().outcome == "unknown_tool"
    assert not ToolTask.objects.exists()


def test_wrong_arguments_make_no_task(tasker: Client) -> None:
    result = asyncio.run(tasker.acall("work", to="many")).result

    assert result["isError"] is True
    assert CallRecord.objects.get().outcome == "invalid_arguments"
    assert not ToolTask.objects.exists()


def test_call_that_no_worker_can_be_told_of_is_answered_at_once(
    tasker: Client, settings: Any
) -> None:
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.REFUSING

    result = asyncio.run(tasker.acall("describe", name="Ada")).result

    assert result["isError"] is True
    assert result["_meta"]["django-mcp/error"]["retryable"] is True
    assert settled().status == "failed"


def test_user_finds_its_own_task_with_any_of_its_tokens(modern: Client, settings: Any) -> None:
    User.objects.create_user("alice")
    tasker = modern.with_tasks().with_key("alice numbers:add")

    async def scenario() -> tuple[str, str, dict[str, Any]]:
        task_id = await start(tasker, "add_with_scope", a=1, b=2)
        await ending(tasker, task_id)
        other_token = await ask(tasker.with_key("alice numbers:add more"), "tasks/get", task_id)
        lesser_token = await ask(tasker.with_key("alice"), "tasks/get", task_id)
        return task_id, other_token.result["status"], lesser_token.error

    task_id, status, error = asyncio.run(scenario())

    assert ToolTask.objects.get().pk == UUID(task_id)
    assert status == "completed"
    assert error == {"code": -32602, "message": "Unknown task"}
