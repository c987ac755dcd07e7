"""Probes of open circuit breakers: one at a time, and what becomes of those that show nothing."""

import asyncio
from collections.abc import Callable

import pytest
from pytest_django import Settings

from django_mcp import ToolError
from django_mcp.background.worker import run_task
from django_mcp.models import CallRecord, ToolTask
from tests.background import backends
from tests.guards.circuit_breaker.upstream import RESET, UpstreamError, fail, kind, upstream
from tests.latch import Latch
from tests.wire import Client

CALLS = 10

PassTime = Callable[[float], None]


@pytest.fixture
def open_to_all(transactional_db: None, open_to_all: None) -> None:
    """On real threads."""


@pytest.fixture
def half_open(open_to_all: None, modern: Client, pass_time: PassTime) -> None:
    fail(modern, "sync", 2)
    upstream.asked = 0
    pass_time(RESET)


@pytest.mark.usefixtures("half_open")
def test_of_ten_calls_at_once_one_is_the_probe(client: Client, way: str, latch: Latch) -> None:
    async def talk() -> list[str]:
        calls = [asyncio.create_task(client.acall(way)) for _ in range(CALLS)]
        await latch.arrival()
        waiting = set(calls)
        while len(waiting) > 1:
            _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        latch.open()
        return [kind(each) for each in await asyncio.gather(*calls)]

    kinds = asyncio.run(talk())

    assert sorted(kinds) == ["circuit_open"] * (CALLS - 1) + ["ok"]
    assert upstream.asked == 1


@pytest.mark.usefixtures("half_open")
def test_probe_whose_client_leaves_lets_the_next_call_be_one(modern: Client, latch: Latch) -> None:
    async def talk() -> str:
        async with modern.calling("async") as opened:
            await latch.arrival()
            opened.leave()
        latch.open()
        return kind(await modern.acall("async"))

    assert (asyncio.run(talk()), upstream.asked) == ("ok", 2)


@pytest.mark.usefixtures("half_open")
def test_probe_that_is_refused_by_a_later_guard_lets_the_next_call_be_one(
    modern: Client, way: str, settings: Settings
) -> None:
    if "background" in way:  # the worker has a record already
        way = "sync"
    redact = settings.DJANGO_MCP_REDACT
    settings.DJANGO_MCP_REDACT = None
    refused = kind(modern.call(way))
    settings.DJANGO_MCP_REDACT = redact

    assert (refused, kind(modern.call(way))) == ("failed", "ok")
    assert upstream.asked == 1


@pytest.mark.usefixtures("half_open")
def test_probe_that_ends_in_a_tool_error_lets_the_next_call_be_one(
    modern: Client, way: str
) -> None:
    upstream.error = ToolError("There is no such thing.")
    modern.call(way)
    upstream.error = UpstreamError()

    assert (kind(modern.call(way)), kind(modern.call(way))) == ("failed", "circuit_open")


@pytest.mark.usefixtures("half_open")
def test_probe_that_never_ends_holds_up_others_for_the_reset_time(
    modern: Client, way: str, latch: Latch, pass_time: PassTime
) -> None:
    async def talk() -> list[str]:
        first = asyncio.create_task(modern.acall(way))
        await latch.arrival()
        refused = await modern.acall("async")
        pass_time(RESET)
        second = asyncio.create_task(modern.acall("async"))
        await latch.arrival()
        latch.open()
        return [kind(each) for each in (refused, await second, await first)]

    assert asyncio.run(talk()) == ["circuit_open", "ok", "ok"]


@pytest.mark.usefixtures("half_open")
def test_probe_that_takes_longer_than_the_reset_time_closes_it_all_the_same(
    modern: Client, way: str, latch: Latch, pass_time: PassTime
) -> None:
    async def talk() -> str:
        first = asyncio.create_task(modern.acall(way))
        await latch.arrival()
        pass_time(RESET * 2)
        latch.open()
        await first
        upstream.error = UpstreamError()
        await modern.acall("async")
        upstream.error = None
        return kind(await modern.acall("async"))

    # Were it still open, the call that fails would be a probe.
    assert asyncio.run(talk()) == "ok"


def test_call_that_began_before_the_opening_neither_closes_it_nor_keeps_it_open(
    modern: Client, way: str, latch: Latch, pass_time: PassTime
) -> None:
    async def talk() -> list[str]:
        early = asyncio.create_task(modern.acall(way))
        await latch.arrival()
        late = asyncio.create_task(modern.acall(way))
        await latch.arrival()
        held, upstream.latch = upstream.latch, None
        upstream.error = UpstreamError()
        for _ in range(2):
            await modern.acall("async")
        upstream.error = None
        assert held is not None
        held.open()
        await asyncio.gather(early, late)
        return [kind(await modern.acall("async"))]

    assert asyncio.run(talk()) == ["circuit_open"]
    pass_time(RESET)
    upstream.latch = None
    assert kind(modern.call("async")) == "ok"


@pytest.mark.parametrize("name", ["hurried", "hurried_async"])
def test_calls_that_time_out_open_it_while_their_threads_still_wait(
    client: Client, name: str, latch: Latch
) -> None:
    async def talk() -> list[str]:
        return [kind(await client.acall(name)) for _ in range(3)]

    assert asyncio.run(talk()) == ["timed_out", "timed_out", "circuit_open"]
    assert upstream.asked == 2


def test_task_fails_without_a_run_when_the_breaker_has_opened_before_its_worker_came(
    modern: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.PATH
    backends.held.clear()
    asyncio.run(modern.with_tasks().acall("background"))
    fail(modern, "sync", 2)

    run_task(backends.held[0][0])

    task = ToolTask.objects.get()
    assert (task.status, CallRecord.objects.get(task_id=task.pk).outcome) == (
        "failed",
        "circuit_open",
    )
    assert upstream.asked == 2


@pytest.mark.parametrize("way", ["sync", "async"])
def test_fault_of_a_guard_is_none_of_the_upstream(
    modern: Client, way: str, settings: Settings
) -> None:
    settings.DJANGO_MCP_GUARDS = ["tests.guards.test_faults.Mute"]
    failed = [kind(modern.call(way)) for _ in range(2)]
    settings.DJANGO_MCP_GUARDS = []

    assert (failed, kind(modern.call(way))) == (["failed"] * 2, "ok")
