"""Clients that leave: 2026-07-28 takes it as a cancellation, the older revisions do not."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator
from queue import SimpleQueue
from threading import Barrier
from typing import Any

import pytest
from pytest_django import Settings

from django_mcp.models import CallRecord
from django_mcp.signals import tool_called, tool_rejected
from django_mcp.threads.executors import finish_work, run_in_control, run_in_worker
from tests.guards import examples
from tests.latch import Latch
from tests.wire import PATIENCE, Client

THREADS = 8
"""The default of `DJANGO_MCP_THREADS`, which a process reads once."""

CONTROL_THREADS = 2
"""The default of `DJANGO_MCP_CONTROL_THREADS`."""

Ended = Callable[[], Awaitable[None]]
Facts = list[tuple[str, bool]]


def facts() -> Facts:
    """The outcome of every call, and whether it reached its client."""
    return list(CallRecord.objects.order_by("id").values_list("outcome", "delivered"))


@pytest.fixture
def ended() -> Iterator[Ended]:
    """Waits until a call has been recorded to its end, whoever is still there."""
    endings: SimpleQueue[None] = SimpleQueue()

    def note(**kwargs: Any) -> None:
        endings.put(None)

    async def ended() -> None:
        await asyncio.to_thread(endings.get, True, PATIENCE)

    for signal in (tool_called, tool_rejected):
        signal.connect(note)
    yield ended
    for signal in (tool_called, tool_rejected):
        signal.disconnect(note)


async def standstill() -> None:
    """Return when calls are where they stay: nothing outside tells that one waits for a thread.

    A call crosses to control threads fewer than ten times, with far fewer than a hundred steps of
    the loop between.
    """
    for _ in range(10):
        everybody = Barrier(CONTROL_THREADS)  # so each has ended what it did
        waits = (run_in_control(everybody.wait, PATIENCE) for _ in range(CONTROL_THREADS))
        await asyncio.gather(*waits)
        for _ in range(100):
            await asyncio.sleep(0)


def test_modern_client_that_leaves_cancels_an_async_tool(
    modern: Client, latch: Latch, ended: Ended
) -> None:
    async def scenario() -> None:
        async with modern.calling("ahold", name="a") as opened:
            assert await latch.arrival() == "a"
            opened.leave()
            assert await latch.arrival() == "a cancelled"
            await ended()

    asyncio.run(scenario())

    assert facts() == [("cancelled", False)]


def test_modern_client_that_leaves_a_stream_cancels_too(
    modern: Client, latch: Latch, ended: Ended
) -> None:
    async def scenario() -> None:
        async with modern.calling("ahold_and_report", token=1) as opened:
            await opened.arrival()
            opened.leave()
        await ended()

    asyncio.run(scenario())

    assert facts() == [("cancelled", False)]


def test_modern_client_that_leaves_lets_a_sync_tool_know(
    modern: Client, latch: Latch, ended: Ended
) -> None:
    async def scenario() -> None:
        async with modern.calling("watch") as opened:
            assert await latch.arrival() == "watch"
            opened.leave()
        await standstill()  # so the handler has heard of it
        latch.open()
        assert await latch.arrival() == "cancelled: True"
        await ended()

    asyncio.run(scenario())

    assert facts() == [("ok", False)]


@pytest.mark.parametrize("token", [None, 1])
def test_tool_of_an_older_client_that_leaves_finishes_undelivered(
    legacy: Client, latch: Latch, ended: Ended, token: int | None
) -> None:
    async def scenario() -> None:
        async with legacy.calling("ahold", token=token, name="a") as opened:
            assert await latch.arrival() == "a"
            opened.leave()
        await standstill()  # so the handler has heard of it
        latch.open()
        assert await latch.arrival() == "a done"
        await ended()

    asyncio.run(scenario())

    assert facts() == [("ok", False)]


@pytest.mark.usefixtures("unthrottled")
@pytest.mark.parametrize("name", ["hold_and_report", "ahold_and_report"])
def test_reports_to_an_older_client_that_left_hold_nobody_up(
    legacy: Client, latch: Latch, ended: Ended, name: str
) -> None:
    async def scenario() -> None:
        async with legacy.calling(name, token=1) as opened:
            await opened.arrival()
            opened.leave()
        await standstill()  # so the handler has heard of it
        latch.open()
        assert [await latch.arrival(), await latch.arrival()] == [name, "reported"]
        await ended()

    asyncio.run(scenario())

    assert facts() == [("ok", False)]


def test_sync_tool_of_an_older_client_is_not_told_that_it_is_cancelled(
    legacy: Client, latch: Latch, ended: Ended
) -> None:
    async def scenario() -> None:
        async with legacy.calling("watch") as opened:
            assert await latch.arrival() == "watch"
            opened.leave()
        await standstill()  # so the handler has heard of it
        latch.open()
        assert await latch.arrival() == "cancelled: False"
        await ended()

    asyncio.run(scenario())

    assert facts() == [("ok", False)]


@pytest.mark.parametrize("late", ["hold", "describe"])
def test_modern_client_that_leaves_while_it_waits_for_a_thread_runs_nothing(
    modern: Client, latch: Latch, ended: Ended, settings: Settings, late: str
) -> None:
    settings.DJANGO_MCP_BUSY_AFTER = PATIENCE

    async def scenario() -> None:
        holders = [asyncio.create_task(modern.acall("hold", name="holder")) for _ in range(THREADS)]
        for _ in range(THREADS):
            await latch.arrival()
        async with modern.calling(late, name="late") as opened:
            await standstill()
            opened.leave()
        await ended()
        latch.open()
        await asyncio.gather(*holders)

    asyncio.run(scenario())

    assert sorted(facts()) == sorted([("cancelled", False)] + [("ok", True)] * THREADS)
    assert set(CallRecord.objects.values_list("task_id", flat=True)) == {""}


def test_unknown_tools_are_answered_although_no_thread_is_free(
    client: Client, latch: Latch, settings: Settings
) -> None:
    """Waiting would tell a hidden tool, which runs on one, from a missing one."""
    settings.DJANGO_MCP_BUSY_AFTER = PATIENCE
    names = ["nope", "hidden", "hidden_work"]

    async def scenario() -> list[str]:
        holders = [asyncio.create_task(client.acall("hold", name="holder")) for _ in range(THREADS)]
        for _ in range(THREADS):
            await latch.arrival()
        answers = [await client.acall(name) for name in names]
        latch.open()
        await asyncio.gather(*holders)
        return [answer.error["message"] for answer in answers]

    assert asyncio.run(scenario()) == [f"Unknown tool: {name}" for name in names]


def test_client_that_leaves_before_it_is_known_leaves_no_trace(client: Client) -> None:
    headers, body = client.request("tools/call", {"name": "echo", "arguments": {"text": "x"}})

    async def scenario() -> None:
        async with client.opening(body[:-1], headers=headers, more_comes=True) as opened:
            opened.leave()

    asyncio.run(scenario())

    assert facts() == []


@pytest.mark.parametrize("name", ["add_group", "atouch"])
def test_client_that_leaves_at_any_moment_leaves_at_most_one_row_that_has_ended(
    client: Client, name: str
) -> None:
    steps = range(0, 90, 3)

    async def leave_after(turns: int) -> None:
        async with client.calling(name, name=f"group {turns}") as opened:
            for _ in range(turns):
                await asyncio.sleep(0)
            opened.leave()

    async def quiet() -> None:
        calls = [t for t in asyncio.all_tasks() if "call_tool" in repr(t.get_coro())]
        if calls:
            await asyncio.wait(calls)
        everybody = Barrier(THREADS)  # so all of them are done with what came before
        await asyncio.gather(*(run_in_worker(everybody.wait, PATIENCE) for _ in range(THREADS)))

    async def scenario() -> None:
        for turns in steps:
            await leave_after(turns)
        await quiet()

    asyncio.run(scenario())

    assert {outcome for outcome, _ in facts()} <= {"ok", "cancelled"}
    assert len(facts()) <= len(steps)


def test_failure_that_nobody_waits_for_is_logged_by_us_alone(
    legacy: Client,
    latch: Latch,
    ended: Ended,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.DJANGO_MCP_GUARDS = [f"{examples.HERE}.Filter"]

    async def scenario() -> None:
        async with legacy.calling("ahold", name="a") as opened:
            assert await latch.arrival() == "a"
            opened.leave()
        await standstill()
        latch.open()
        await ended()
        await finish_work()

    asyncio.run(scenario())
    gc.collect()

    assert facts() == [("switched_off", False)]
    assert [each for each in caplog.records if each.name == "asyncio"] == []
