"""Background calls as clients without the tasks extension see them: progress, then the result."""

import asyncio

import pytest
from django.contrib.auth.models import Group
from pytest_django import Settings

from django_mcp.models import CallRecord, ToolTask
from django_mcp.threads.executors import finish_work, run_in_control
from tests.background import backends
from tests.background.rows import settled
from tests.background.tools import SECRET
from tests.latch import Latch
from tests.polls import until
from tests.spec import LEGACY
from tests.wire import Answer, Client

ADD = pytest.mark.parametrize("name", ["add", "aadd"])
COUNT = pytest.mark.parametrize("name", ["count", "acount"])


@ADD
def test_client_receives_the_result_of_a_task(client: Client, name: str) -> None:
    answer = asyncio.run(client.acall(name, a=2, b=3))

    task = settled()
    record = CallRecord.objects.get()
    assert answer.result["structuredContent"] == {"result": 5}
    assert answer.result["_meta"]["django-mcp/call-id"] == str(task.call_id) == str(record.call_id)
    assert (task.status, task.attempts, task.name) == ("completed", 1, name)
    assert (record.outcome, record.worker, record.task_id) == ("ok", task.worker, str(task.pk))
    assert (record.delivered, record.result_size) == (True, 1)
    assert record.worker != ""


@COUNT
def test_client_watches_the_progress_while_the_task_runs(
    client: Client, latch: Latch, name: str
) -> None:
    async def scenario() -> Answer:
        async with client.calling(name, token="tok", to=3) as opened:
            assert await latch.arrival() == name
            (first,) = await opened.arrival()
            assert first["params"]["message"] == "step 2"
            latch.open()
            return await opened.answer()

    answer = asyncio.run(scenario())

    settled()
    assert [report["progress"] for report in answer.progress] == [2, 3]
    assert answer.result["structuredContent"] == {"result": 3}


def test_read_only_tool_is_on_record_before_it_runs(modern: Client, latch: Latch) -> None:
    async def scenario() -> str:
        async with modern.calling("count", to=1) as opened:
            await latch.arrival()
            outcome = (await CallRecord.objects.aget()).outcome
            latch.open()
            await opened.answer()
            return outcome

    assert asyncio.run(scenario()) == "running"
    settled()
    assert CallRecord.objects.get().outcome == "ok"


def test_content_of_every_kind_is_what_the_tool_made(client: Client) -> None:
    answer = asyncio.run(client.acall("draw"))

    settled()
    assert answer.result["content"] == [
        {"type": "text", "text": "a\x00b ü"},
        {"type": "image", "data": "iVBORw==", "mimeType": "image/png"},
    ]


def test_tool_error_is_told_as_it_was_raised_and_rolls_back(client: Client) -> None:
    answer = asyncio.run(client.acall("refuse"))

    task = settled()
    assert answer.result["isError"] is True
    assert answer.result["_meta"]["django-mcp/error"] == {
        "kind": "tool_error",
        "error": "closed today",
        "retryable": True,
        "hint": "Come tomorrow.",
        "retry_after": 60,
    }
    assert task.status == "completed"
    assert CallRecord.objects.get().outcome == "tool_error"
    assert not Group.objects.exists()


def test_error_of_the_projects_own_is_told_and_recorded_as_what_it_is(client: Client) -> None:
    answer = asyncio.run(client.acall("refuse_in_own_words"))

    settled()
    record = CallRecord.objects.get()
    assert answer.result["_meta"]["django-mcp/error"]["error"] == (
        "Your parking permit was withdrawn."
    )
    assert (record.outcome, record.error_class) == ("tool_error", "RevokedError")


@pytest.mark.parametrize("name", ["boom", "aboom"])
def test_exception_is_told_by_the_id_of_the_call_alone(client: Client, name: str) -> None:
    answer = asyncio.run(client.acall(name))

    task = settled()
    record = CallRecord.objects.get()
    assert str(task.call_id) in answer.result["content"][0]["text"]
    assert SECRET not in answer.text + task.error
    assert (task.status, record.outcome) == ("failed", "failed")
    assert record.error_class == "RuntimeError"
    assert not Group.objects.exists()


@pytest.mark.parametrize("limit", ["BACKGROUND_MAX_BYTES", "MAX_RESULT_BYTES"])
def test_result_that_is_too_large_is_refused(
    client: Client, settings: Settings, limit: str
) -> None:
    setattr(settings, f"DJANGO_MCP_{limit}", 900)

    answer = asyncio.run(client.acall("repeat_text", text="x", times=1000))

    task = settled()
    record = CallRecord.objects.get()
    assert answer.result["isError"] is True
    assert answer.result["_meta"]["django-mcp/error"]["error"] == (
        "The result is larger than 900 bytes."
    )
    assert (task.status, task.result) == ("completed", "")
    assert (record.outcome, record.error_class) == ("too_large", "ResultTooLargeError")


def test_what_was_written_for_a_result_that_is_too_large_is_undone(
    client: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_MAX_RESULT_BYTES = 1

    asyncio.run(client.acall("name_group", name="staff"))

    settled()
    assert CallRecord.objects.get().outcome == "too_large"
    assert not Group.objects.exists()


def test_background_tool_has_pages(client: Client) -> None:
    for name in "abc":
        Group.objects.create(name=name)

    first = asyncio.run(client.acall("list_groups", limit=2)).result["structuredContent"]
    second = asyncio.run(client.acall("list_groups", cursor=first["next"])).result
    foreign = asyncio.run(client.acall("list_groups", prefix="a", cursor=first["next"])).result

    assert first["result"] == ["a", "b"]
    assert second["structuredContent"] == {"result": ["c"], "next": None}
    assert foreign["_meta"]["django-mcp/error"]["hint"].startswith("- cursor: is no `next`")


def test_arguments_that_are_too_large_to_keep_are_refused(
    modern: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_BACKGROUND_MAX_BYTES = 1000

    answer = asyncio.run(modern.acall("repeat_text", text="x" * 1000, times=1))

    assert "less than 1000 bytes" in answer.result["content"][0]["text"]
    assert CallRecord.objects.get().outcome == "invalid_arguments"
    assert not ToolTask.objects.exists()


def test_call_that_is_refused_makes_no_task(modern: Client) -> None:
    asyncio.run(modern.acall("add", a="two"))
    asyncio.run(modern.acall("nope"))

    assert not ToolTask.objects.exists()
    assert list(CallRecord.objects.order_by("pk").values_list("outcome", "task_id")) == [
        ("invalid_arguments", ""),
        ("unknown_tool", ""),
    ]


def test_call_that_no_backend_takes_is_refused_and_never_run(
    client: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.REFUSING

    answer = asyncio.run(client.acall("add", a=1))

    task = settled()
    record = CallRecord.objects.get()
    assert answer.result["_meta"]["django-mcp/error"]["retryable"] is True
    assert "was not run" in answer.result["content"][0]["text"]
    assert (task.status, task.attempts) == ("failed", 0)
    assert (record.outcome, record.error_class) == ("failed", "TaskNotStartedError")


@pytest.mark.parametrize("name", ["watch", "awatch"])
def test_modern_client_that_leaves_cancels_the_task(
    modern: Client, latch: Latch, name: str
) -> None:
    async def scenario() -> None:
        async with modern.calling(name) as opened:
            assert await latch.arrival() == name
            opened.leave()
            assert await latch.arrival() == "told"

    asyncio.run(scenario())

    assert settled().status == "cancelled"
    record = CallRecord.objects.get()
    assert (record.outcome, record.delivered) == ("cancelled", False)


def test_modern_client_that_leaves_before_the_start_cancels_too(
    modern: Client, held: list[object]
) -> None:
    async def scenario() -> None:
        async with modern.calling("add", a=1) as opened:
            await asyncio.to_thread(until, lambda: bool(held))
            opened.leave()
        await finish_work()  # as servers do, before the loop ends

    asyncio.run(scenario())

    assert settled().status == "cancelled"
    assert CallRecord.objects.get().outcome == "cancelled"


def test_task_goes_on_without_its_client_if_it_is_to(modern: Client, latch: Latch) -> None:
    async def scenario() -> None:
        async with modern.calling("hold_on") as opened:
            await latch.arrival()
            opened.leave()

    asyncio.run(scenario())
    until(lambda: not CallRecord.objects.get().delivered)
    latch.open()

    assert settled().status == "completed"
    record = CallRecord.objects.get()
    assert (record.outcome, record.delivered) == ("ok", False)


def test_legacy_client_that_leaves_does_not_cancel(legacy: Client, latch: Latch) -> None:
    assert legacy.era == LEGACY

    async def scenario() -> None:
        async with legacy.calling("hold", token="tok") as opened:
            await latch.arrival()
            opened.leave()
            await opened.task
            latch.open()
            await run_in_control(settled)
            # The process notes that nobody was there when it sees the end.
            await run_in_control(until, lambda: not CallRecord.objects.get().delivered)

    asyncio.run(scenario())

    assert settled().status == "completed"
    assert CallRecord.objects.get().outcome == "ok"


def test_run_that_takes_too_long_has_failed_and_its_result_is_discarded(
    modern: Client, latch: Latch
) -> None:
    answer = asyncio.run(modern.acall("hold_briefly"))

    failed = settled()
    latch.open()
    assert asyncio.run(latch.arrival()) == "hold_briefly"
    assert asyncio.run(latch.arrival()) == "over"
    assert "timed out" in answer.result["content"][0]["text"]
    assert (failed.status, failed.result) == ("failed", "")
    assert ToolTask.objects.get().updated == failed.updated
    assert CallRecord.objects.get().error_class == "TimedOutError"
