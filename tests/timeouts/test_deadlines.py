"""Calls that are given up at their deadline, and what becomes of the work."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from pytest_django import Settings

from django_mcp.asgi import Application
from django_mcp.exceptions import TimedOutError
from django_mcp.guards import Call, Guard, Rendered
from django_mcp.models import CallRecord, ToolTask
from django_mcp.signals import tool_called, tool_rejected
from django_mcp.threads.executors import finish_work
from tests.calls import call_of, serve_call
from tests.guards import examples
from tests.guards.examples import events
from tests.latch import Latch
from tests.polls import until
from tests.wire import Answer, Client

THREADS = 8
"""The default of `DJANGO_MCP_THREADS`, which a process reads once."""

HERE = "tests.timeouts.test_deadlines"

REPEATABLE = "Call again, and ask for less if it takes too long once more."
UNDONE = (
    "What it changed in the database is undone, but it may have had other effects. "
    "Find out before you call again."
)
UNKNOWN = "It may have taken effect, or still do so. Find out before you call again."


def facts(answer: Answer) -> tuple[str, bool, str]:
    """What an agent learns of a call that was given up."""
    assert answer.result["isError"]
    error = answer.result["_meta"]["django-mcp/error"]
    return error["kind"], error["retryable"], error["hint"]


def outcomes() -> list[str]:
    return list(CallRecord.objects.order_by("id").values_list("outcome", flat=True))


@contextmanager
def signalled() -> Iterator[list[str]]:
    """The outcomes that signals tell of."""
    found: list[str] = []

    def note(outcome: str, **kwargs: Any) -> None:
        found.append(outcome)

    for signal in (tool_called, tool_rejected):
        signal.connect(note)
    try:
        yield found
    finally:
        for signal in (tool_called, tool_rejected):
            signal.disconnect(note)


def holds_the_record(name: str) -> bool:
    """Whether SQLite cannot write the record while the tool runs in its transaction."""
    return connection.vendor == "sqlite" and name in ("write", "write_again")


class Overrun(Guard):
    """Goes on from a phase when the deadline of the call is over."""

    phase = ""

    def wait(self, call: Call, phase: str) -> None:
        if phase == self.phase:
            until(lambda: call.deadline.is_over)

    def before(self, call: Call) -> Rendered | None:
        self.wait(call, "before")
        return None

    def after(self, call: Call, result: Rendered) -> Rendered:
        self.wait(call, "after")
        return result


@pytest.mark.parametrize(
    ("name", "is_retryable", "hint"),
    [
        ("read", True, REPEATABLE),
        ("write", False, UNDONE),
        ("write_outside", False, UNKNOWN),
        ("write_again", True, REPEATABLE),
        ("aread", True, REPEATABLE),
        ("astubborn", False, UNKNOWN),
    ],
)
def test_overrunning_tool_is_answered_while_it_still_runs(
    client: Client, latch: Latch, name: str, is_retryable: bool, hint: str
) -> None:
    async def scenario(recorded: list[str]) -> Answer:
        answer = await client.acall(name)
        assert recorded == ([] if holds_the_record(name) else ["timed_out"])
        latch.open()
        await finish_work()
        return answer

    with signalled() as recorded:
        answer = asyncio.run(scenario(recorded))

    assert facts(answer) == ("timed_out", is_retryable, hint)
    assert recorded == outcomes() == ["timed_out"]
    assert CallRecord.objects.get().error_class == "TimedOutError"


@pytest.mark.parametrize("name", ["write", "write_first", "write_and_fail"])
def test_late_transaction_is_rolled_back(client: Client, latch: Latch, name: str) -> None:
    async def scenario() -> None:
        await client.acall(name)
        latch.open()
        await finish_work()

    asyncio.run(scenario())

    assert not Group.objects.exists()
    assert outcomes() == ["timed_out"]


def test_late_work_outside_of_a_transaction_counts(client: Client, latch: Latch) -> None:
    async def scenario() -> None:
        await client.acall("write_outside")
        latch.open()
        await finish_work()

    asyncio.run(scenario())

    assert Group.objects.get().name == "written"
    assert outcomes() == ["timed_out"]


def test_failure_of_late_work_is_logged_and_nothing_else(
    modern: Client, latch: Latch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        await modern.acall("write_and_fail")
        latch.open()
        await finish_work()

    asyncio.run(scenario())

    (late,) = [each for each in caplog.records if "after it was given up" in each.getMessage()]
    assert late.exc_info is not None
    assert "too late to be told" in caplog.text


def test_late_function_sees_that_its_result_is_not_wanted(client: Client, latch: Latch) -> None:
    async def scenario() -> list[str]:
        await client.acall("read")
        latch.open()
        return [await latch.arrival(), await latch.arrival()]

    assert asyncio.run(scenario()) == ["read", "cancelled: True, 0.0"]


def test_overrunning_async_tool_is_cancelled(client: Client, latch: Latch) -> None:
    async def scenario() -> list[str]:
        await client.acall("aread")
        return [await latch.arrival(), await latch.arrival()]

    assert asyncio.run(scenario()) == ["aread", "aread cancelled"]


def test_function_that_swallows_its_cancellation_is_waited_for_at_the_end_of_the_process(
    client: Client, latch: Latch
) -> None:
    async def scenario() -> list[str]:
        await client.acall("astubborn")
        end = asyncio.create_task(finish_work())
        arrivals = [await latch.arrival(), await latch.arrival()]
        assert not end.done()
        latch.open()
        await end
        return [*arrivals, await latch.arrival()]

    assert asyncio.run(scenario()) == ["astubborn", "goes on, cancelled: True", "done"]


def test_overrunning_thread_is_waited_for_at_the_end_of_the_process(
    client: Client, latch: Latch
) -> None:
    async def scenario() -> list[str]:
        await client.acall("read")
        end = asyncio.create_task(finish_work())
        arrival = await latch.arrival()
        assert not end.done()
        latch.open()
        await end
        return [arrival, await latch.arrival()]

    assert asyncio.run(scenario()) == ["read", "cancelled: True, 0.0"]


@pytest.mark.parametrize("name", ["read", "astubborn"])
def test_guards_hear_of_the_end_once_and_surround_what_still_runs(
    client: Client, latch: Latch, settings: Settings, name: str
) -> None:
    settings.DJANGO_MCP_GUARDS = [f"{examples.HERE}.First"]

    async def scenario() -> list[str]:
        await client.acall(name)
        at_the_answer = list(events)
        latch.open()
        await finish_work()
        return at_the_answer

    at_the_answer = asyncio.run(scenario())

    ended, left = "First.ended by TimedOutError", "First.leave"
    assert at_the_answer == ["First.enter", "First.before", ended]
    assert events == [*at_the_answer, left]


@pytest.mark.parametrize("name", ["read", "write_outside", "aread"])
def test_call_whose_client_leaves_at_the_very_deadline_is_ended_once(
    application: Application, latch: Latch, settings: Settings, name: str
) -> None:
    settings.DJANGO_MCP_GUARDS = [f"{examples.HERE}.First"]

    async def scenario() -> None:
        call = call_of(name)
        serving = asyncio.create_task(serve_call(call))
        await latch.arrival()
        until(lambda: call.deadline.is_over)  # holds the loop: both timers are due in one turn
        asyncio.get_running_loop().call_later(0, serving.cancel)
        with suppress(asyncio.CancelledError, TimedOutError):
            await serving
        latch.open()
        await finish_work()

    asyncio.run(scenario())

    assert [each for each in events if "ended" in each] == ["First.ended by TimedOutError"]
    assert outcomes() == ["timed_out"]


def test_around_is_left_on_the_thread_of_the_function(
    modern: Client, latch: Latch, settings: Settings
) -> None:
    settings.DJANGO_MCP_GUARDS = [f"{examples.HERE}.First"]

    async def scenario() -> None:
        await modern.acall("write")
        assert "First.leave" not in events
        latch.open()
        await finish_work()

    asyncio.run(scenario())

    assert examples.threads["First.leave"] == examples.threads["First.enter"]


def test_threads_that_overrun_keep_their_places_until_they_end(
    client: Client, latch: Latch, settings: Settings
) -> None:
    settings.DJANGO_MCP_BUSY_AFTER = 0.05

    async def scenario() -> list[Answer]:
        given_up = await asyncio.gather(*(client.acall("read") for _ in range(THREADS)))
        assert {facts(each)[0] for each in given_up} == {"timed_out"}
        refused = await client.acall("time_left")
        latch.open()
        await finish_work()
        return [refused, await client.acall("time_left")]

    refused, served = asyncio.run(scenario())

    assert facts(refused)[:2] == ("busy", True)
    assert not served.result.get("isError", False)


def test_call_that_waits_for_a_thread_until_its_deadline_is_refused_as_busy(
    client: Client, latch: Latch
) -> None:
    async def scenario() -> Answer:
        holders = [asyncio.create_task(client.acall("write_outside")) for _ in range(THREADS)]
        for _ in holders:
            await latch.arrival()
        late = await client.acall("read")
        latch.open()
        await asyncio.gather(*holders)
        await finish_work()
        return late

    late = asyncio.run(scenario())

    assert facts(late)[:2] == ("busy", True)
    assert sorted(outcomes()) == ["busy", *["timed_out"] * THREADS]


def test_call_that_a_guard_has_wait_is_busy_at_its_deadline(
    client: Client, latch: Latch, settings: Settings
) -> None:
    settings.DJANGO_MCP_GUARDS = [f"{examples.HERE}.Waiting"]

    answer = asyncio.run(client.acall("read"))

    assert facts(answer)[:2] == ("busy", True)
    assert outcomes() == ["busy"]


def test_guard_that_overruns_has_the_function_not_run(
    client: Client, latch: Latch, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DJANGO_MCP_GUARDS = [f"{HERE}.Overrun"]
    monkeypatch.setattr(Overrun, "phase", "before")

    answer = asyncio.run(client.acall("write"))

    assert facts(answer) == ("timed_out", True, "It was not run. You may call again.")
    assert outcomes() == ["timed_out"]
    assert not Group.objects.exists()


def test_result_that_was_there_in_time_counts_however_long_guards_take_with_it(
    client: Client, latch: Latch, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DJANGO_MCP_GUARDS = [f"{HERE}.Overrun"]
    monkeypatch.setattr(Overrun, "phase", "after")
    latch.open()

    answer = asyncio.run(client.acall("write"))

    assert answer.result["structuredContent"] == {"result": "written"}
    assert outcomes() == ["ok"]
    assert Group.objects.get().name == "written"


@pytest.mark.parametrize(
    ("method", "params"),
    [("resources/read", {"uri": "slow://thing"}), ("prompts/get", {"name": "asking"})],
)
def test_overrunning_resource_or_prompt_is_answered_by_an_error(
    client: Client, latch: Latch, method: str, params: dict[str, Any]
) -> None:
    async def scenario() -> Answer:
        answer = await client.asend(method, params)
        latch.open()
        await finish_work()
        return answer

    error = asyncio.run(scenario()).error

    assert error["data"]["django-mcp/error"]["kind"] == "timed_out"
    assert outcomes() == ["timed_out"]


def test_embedded_resource_is_read_within_the_deadline_of_its_call(
    client: Client, latch: Latch
) -> None:
    async def scenario() -> Answer:
        answer = await client.acall("embed")
        latch.open()
        await finish_work()
        return answer

    assert facts(asyncio.run(scenario()))[0] == "timed_out"
    assert outcomes() == ["timed_out"]


@pytest.mark.parametrize("argument", ["word", "name"])
def test_overrunning_completion_is_empty_and_logged(
    client: Client, latch: Latch, caplog: pytest.LogCaptureFixture, argument: str
) -> None:
    params = {
        "ref": {"type": "ref/prompt", "name": "talking"},
        "argument": {"name": argument, "value": ""},
    }

    async def scenario() -> Answer:
        answer = await client.asend("completion/complete", params)
        latch.open()
        await finish_work()
        return answer

    answer = asyncio.run(scenario())

    assert answer.result["completion"]["values"] == []
    assert f"The completion of '{argument}' of tests.timeouts.tools.talking took too long" in (
        caplog.messages
    )


def test_overrunning_list_is_answered_by_an_error(
    client: Client, latch: Latch, settings: Settings
) -> None:
    settings.DJANGO_MCP_TIMEOUT = 0.1

    async def scenario() -> Answer:
        answer = await client.asend("resources/list")
        latch.open()
        await finish_work()
        return answer

    error = asyncio.run(scenario()).error

    assert error["data"]["django-mcp/error"]["kind"] == "timed_out"
    assert error["data"]["django-mcp/error"]["retryable"]


def test_preparation_that_overruns_makes_no_task(
    client: Client, latch: Latch, settings: Settings
) -> None:
    settings.DJANGO_MCP_TIMEOUT = 0.8

    async def scenario() -> Answer:
        answer = await client.acall("later", name="x")
        latch.open()
        await finish_work()
        return answer

    answer = asyncio.run(scenario())

    assert facts(answer)[0] == "timed_out"
    assert outcomes() == ["timed_out"]
    assert not ToolTask.objects.exists()
    assert not Group.objects.exists()


def test_setting_is_the_default_of_every_call(client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_TIMEOUT = 1000.0

    left = asyncio.run(client.acall("time_left")).result["structuredContent"]["result"]

    assert 900 < left < 1000


def test_background_tool_sees_the_deadline_of_its_run(client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_TIMEOUT = 10.0

    left = client.call("time_left_later").result["structuredContent"]["result"]

    assert 900 < left < 1000


def test_call_on_the_thread_of_a_test_has_timed_out_when_its_function_ends(client: Client) -> None:
    answer = client.call("wait_for_the_end")

    assert facts(answer) == ("timed_out", True, REPEATABLE)
    assert outcomes() == ["timed_out"]
