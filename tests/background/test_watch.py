"""Many callers who wait for tasks cost little: no thread and no connection each."""

import asyncio
import logging
from contextlib import AsyncExitStack
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from django_mcp.models import ToolTask
from tests.background import authenticators
from tests.polls import until
from tests.wire import Answer, Client

CALLERS = 500

Held = list[tuple[UUID, float]]


def test_five_hundred_waiting_callers_leave_room_for_others(
    modern: Client, held: Held, settings: Settings
) -> None:
    settings.DJANGO_MCP_MAX_TASKS_PER_CALLER = CALLERS

    async def scenario() -> tuple[list[Answer], Answer]:
        waiting = [asyncio.create_task(modern.acall("add", a=number)) for number in range(CALLERS)]
        await asyncio.to_thread(until, lambda: len(held) == CALLERS)
        meanwhile = await modern.acall("quick")
        await ToolTask.objects.aupdate(status="cancelled", error='{"class": "TaskCancelledError"}')
        return await asyncio.gather(*waiting), meanwhile

    answers, meanwhile = asyncio.run(scenario())

    assert meanwhile.result["isError"] is False
    assert all(answer.result["isError"] for answer in answers)


def test_task_that_is_deleted_while_somebody_waits_is_lost(modern: Client, held: Held) -> None:
    async def scenario() -> Answer:
        waiting = asyncio.create_task(modern.acall("add", a=1))
        await asyncio.to_thread(until, lambda: bool(held))
        await ToolTask.objects.all().adelete()
        return await waiting

    assert "outcome unknown" in asyncio.run(scenario()).result["content"][0]["text"]


def test_end_in_another_process_is_seen(modern: Client, held: Held) -> None:
    """Nothing but the row tells of it."""

    async def scenario() -> Answer:
        waiting = asyncio.create_task(modern.acall("add", a=1))
        await asyncio.to_thread(until, lambda: bool(held))
        await ToolTask.objects.aupdate(
            status="completed", result='{"content": [], "structured": {"result": 7}}'
        )
        return await waiting

    assert asyncio.run(scenario()).result["structuredContent"] == {"result": 7}


async def end_all() -> None:
    await ToolTask.objects.aupdate(
        status="completed", result='{"content": [], "structured": {"result": 7}}'
    )


def authenticated_by(settings: Settings, authenticator: type) -> None:
    settings.DJANGO_MCP_AUTHENTICATORS = [f"{authenticators.__name__}.{authenticator.__name__}"]
    User.objects.create_user("ada")


def test_callers_of_one_credential_share_its_renewal(
    modern: Client, held: Held, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    authenticated_by(settings, authenticators.Counting)
    monkeypatch.setattr(authenticators.Counting, "renewals", 0)
    ada = modern.with_key("ada")

    async def scenario() -> int:
        async with AsyncExitStack() as stack:
            waiting = [
                await stack.enter_async_context(ada.calling("add", token=number, a=number))
                for number in range(20)
            ]
            await asyncio.to_thread(until, lambda: len(held) == len(waiting))
            await ToolTask.objects.aupdate(progress=1, updated=timezone.now())
            for opened in waiting:
                await opened.arrival()
            renewals = authenticators.Counting.renewals
            await end_all()
            for opened in waiting:
                await opened.answer()
            return renewals

    assert asyncio.run(scenario()) < 5


def test_authenticator_that_fails_does_not_vouch(
    modern: Client, held: Held, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    authenticated_by(settings, authenticators.Broken)

    async def scenario() -> Answer:
        waiting = asyncio.create_task(modern.with_key("ada").acall("add", a=1))
        await asyncio.to_thread(until, lambda: bool(held))
        await end_all()
        return await waiting

    with caplog.at_level(logging.ERROR, "django_mcp"):
        answer = asyncio.run(scenario())

    assert "its result is not delivered" in answer.result["content"][0]["text"]
    assert "the service that knows the keys is gone" in caplog.text


def test_nothing_is_told_until_the_database_is_back(
    modern: Client, held: Held, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    authenticated_by(settings, authenticators.Unreachable)
    monkeypatch.setattr(authenticators.Unreachable, "is_away", True)

    async def scenario() -> Answer:
        waiting = asyncio.create_task(modern.with_key("ada").acall("add", a=1))
        await asyncio.to_thread(until, lambda: bool(held))
        await end_all()
        return await waiting

    assert asyncio.run(scenario()).result["structuredContent"] == {"result": 7}
    assert authenticators.Unreachable.is_away is False


def test_call_of_an_expired_credential_ends_without_its_result(
    modern: Client, held: Held, settings: Settings
) -> None:
    authenticated_by(settings, authenticators.Dated)

    async def scenario() -> Answer:
        waiting = asyncio.create_task(modern.with_key("ada").acall("add", a=1))
        await asyncio.to_thread(until, lambda: bool(held))
        await end_all()
        return await waiting

    answer = asyncio.run(scenario())

    assert "its result is not delivered" in answer.result["content"][0]["text"]
