"""Calls with one idempotency key at once, on the threads and connections of a server."""

import asyncio
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from pytest_django import Settings

from django_mcp.asgi import Application
from django_mcp.models import CallRecord, IdempotencyKey
from django_mcp.threads.executors import run_in_control
from tests.guards.idempotency.conftest import keyed
from tests.guards.idempotency.test_answers import kind_of, meta_of, outcomes, without_meta
from tests.guards.idempotency.tools import latch, runs
from tests.latch import Latch
from tests.polls import until
from tests.wire import Answer, Client

WAYS = pytest.mark.parametrize("name", ["pay", "apay", "post"])

# SQLite has one writer at a time, which a tool in its transaction is.
WITHOUT_TRANSACTION = pytest.mark.parametrize("name", ["apay", "post"])


@pytest.fixture
def application(
    transactional_db: None, application: Application, settings: Settings
) -> Application:
    settings.DJANGO_MCP_IDEMPOTENCY_WAIT = 60
    return application


@pytest.fixture
def held() -> Iterator[Latch]:
    with latch.closed():
        yield latch


@WAYS
def test_calls_that_come_while_the_first_runs_wait_for_its_answer(
    client: Client, held: Latch, name: str
) -> None:
    async def scenario() -> list[Answer]:
        calls = [asyncio.create_task(keyed(client, name, to="ann", how="held")) for _ in range(9)]
        await held.arrival()
        held.open()
        return await asyncio.gather(*calls)

    answers = asyncio.run(scenario())

    assert all(without_meta(each) == without_meta(answers[0]) for each in answers)
    assert sum(meta_of(each).get("django-mcp/repeated", False) for each in answers) == 8
    assert runs == ["k-1"]
    assert Group.objects.count() == 1
    assert sorted(outcomes()) == sorted(["ok", *["repeated"] * 8])


@WITHOUT_TRANSACTION
def test_calls_that_wait_hold_no_thread(client: Client, held: Latch, name: str) -> None:
    async def scenario() -> Answer:
        # More than there are threads.
        calls = [asyncio.create_task(keyed(client, name, to="ann", how="held")) for _ in range(12)]
        await held.arrival()
        answer = await client.acall("post", to="bob")
        held.open()
        await asyncio.gather(*calls)
        return answer

    assert asyncio.run(scenario()).result["structuredContent"]["to"] == "bob"


@WAYS
def test_call_that_has_waited_is_run_when_the_first_left_the_key_free(
    client: Client, held: Latch, name: str, settings: Settings
) -> None:
    async def scenario() -> list[Answer]:
        first = asyncio.create_task(keyed(client, name, to="ann", how="held then closed"))
        await held.arrival()
        second = asyncio.create_task(keyed(client, name, to="ann", how="held then closed"))
        held.open()
        return [await first, await second]

    answers = asyncio.run(scenario())

    assert [each.result["isError"] for each in answers] == [True, True]
    assert ["django-mcp/repeated" in meta_of(each) for each in answers] == [False, False]
    assert runs == ["k-1", "k-1"]


def test_call_that_waits_too_long_is_busy(client: Client, held: Latch, settings: Settings) -> None:
    settings.DJANGO_MCP_IDEMPOTENCY_WAIT = 0.1

    async def scenario() -> Answer:
        first = asyncio.create_task(keyed(client, "post", to="ann", how="held"))
        await held.arrival()
        second = await keyed(client, "post", to="ann", how="held")
        held.open()
        await first
        return second

    assert kind_of(asyncio.run(scenario())) == "busy"
    assert sorted(outcomes()) == ["busy", "ok"]


@pytest.mark.parametrize("name", ["pay", "post"])
def test_answer_of_a_sync_tool_is_kept_for_a_client_that_has_left(
    client: Client, held: Latch, name: str
) -> None:
    async def scenario() -> Answer:
        first = asyncio.create_task(keyed(client, name, to="ann", how="held"))
        await held.arrival()
        first.cancel()
        held.open()
        return await keyed(client, name, to="ann", how="held")

    answer = asyncio.run(scenario())

    assert answer.result["structuredContent"] == {"to": "ann", "run": 1}
    assert meta_of(answer)["django-mcp/repeated"] is True


def test_async_tool_that_is_cancelled_leaves_its_outcome_unknown(
    modern: Client, held: Latch
) -> None:
    async def scenario() -> Answer:
        first = asyncio.create_task(keyed(modern, "apay", to="ann", how="held"))
        await held.arrival()
        first.cancel()
        await run_in_control(until, lambda: CallRecord.objects.get().outcome == "cancelled")
        return await keyed(modern, "apay", to="ann", how="held")

    assert kind_of(asyncio.run(scenario())) == "outcome_unknown"


def test_saved_work_whose_hook_failed_is_answered_the_same(client: Client) -> None:
    first, second = (asyncio.run(keyed(client, "pay", to="ann", how="hook failed")) for _ in "12")

    assert kind_of(first) == kind_of(second) == "follow_up_failed"
    assert without_meta(second) == without_meta(first)
    assert meta_of(second)["django-mcp/repeated"] is True
    assert runs == ["k-1"]


@WITHOUT_TRANSACTION
def test_lease_of_a_call_that_runs_is_renewed(
    client: Client, held: Latch, settings: Settings, name: str
) -> None:
    settings.DJANGO_MCP_LEASE_TIME = 0.6

    async def scenario() -> None:
        first = asyncio.create_task(keyed(client, name, to="ann", how="held"))
        await held.arrival()
        claimed = await IdempotencyKey.objects.aget()
        rows = IdempotencyKey.objects.filter(alive_until__gt=claimed.alive_until)
        await run_in_control(until, lambda: rows.all().exists())
        held.open()
        await first

    asyncio.run(scenario())

    assert outcomes() == ["ok"]


@WITHOUT_TRANSACTION
def test_lease_that_cannot_be_renewed_counts_in_its_own_process(
    client: Client, held: Latch, settings: Settings, name: str
) -> None:
    settings.DJANGO_MCP_IDEMPOTENCY_WAIT = 0

    async def scenario() -> Answer:
        first = asyncio.create_task(keyed(client, name, to="ann", how="held"))
        await held.arrival()
        await IdempotencyKey.objects.aupdate(alive_until=timezone.now())
        second = await keyed(client, name, to="ann", how="held")
        held.open()
        await first
        return second

    assert kind_of(asyncio.run(scenario())) == "busy"


def test_work_is_undone_when_the_key_is_no_longer_the_calls(client: Client) -> None:
    answer = asyncio.run(keyed(client, "pay", to="ann", how="key lost"))

    assert kind_of(answer) == "failed"
    assert not Group.objects.exists()
