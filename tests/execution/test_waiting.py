"""Many callers who wait for tasks cost little: no thread and no connection each."""

import asyncio
from uuid import UUID

from django_mcp.models import ToolTask
from tests.polling import until
from tests.wire import Answer, Client

CALLERS = 500

Held = list[tuple[UUID, float]]


def test_five_hundred_waiting_callers_leave_room_for_others(modern: Client, held: Held) -> None:
    async def scenario() -> tuple[list[Answer], Answer]:
        waiting = [asyncio.create_task(modern.acall("add", a=number)) for number in range(CALLERS)]
        await asyncio.to_thread(until, lambda: len(held) == CALLERS)
        meanwhile = await modern.acall("quick")
        await ToolTask.objects.aupdate(status="cancelled", error='{"kind": "TaskCancelledError"}')
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
