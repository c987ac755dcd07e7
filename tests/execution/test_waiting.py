"""Many callers who wait for tasks cost little: no thread and no connection each."""

import asyncio
import statistics
import time
from uuid import UUID

from django_mcp.models import ToolTask
from tests.wire import Answer, Client

CALLERS = 500
SAMPLES = 60

Held = list[tuple[UUID, float]]


async def latency(client: Client) -> float:
    """The p99 of a call that is answered at once."""
    took = []
    for _ in range(SAMPLES):
        started = time.perf_counter()
        await client.acall("quick")
        took.append(time.perf_counter() - started)
    return statistics.quantiles(took, n=100)[-2]


def test_five_hundred_waiting_callers_leave_room_for_others(modern: Client, held: Held) -> None:
    async def scenario() -> tuple[list[Answer], float, float]:
        idle = await latency(modern)
        waiting = [asyncio.create_task(modern.acall("add", a=number)) for number in range(CALLERS)]
        while len(held) < CALLERS:  # noqa: ASYNC110  (threads fill it)
            await asyncio.sleep(0.05)
        busy = await latency(modern)
        await ToolTask.objects.aupdate(status="cancelled", error='{"kind": "TaskCancelledError"}')
        return await asyncio.gather(*waiting), idle, busy

    answers, idle, busy = asyncio.run(scenario())

    assert all(answer.result["isError"] for answer in answers)
    assert busy < 5 * idle + 0.05


def test_task_that_is_deleted_while_somebody_waits_is_lost(modern: Client, held: Held) -> None:
    async def scenario() -> Answer:
        waiting = asyncio.create_task(modern.acall("add", a=1))
        while not held:  # noqa: ASYNC110  (a thread fills it)
            await asyncio.sleep(0.05)
        await ToolTask.objects.all().adelete()
        return await waiting

    assert "outcome unknown" in asyncio.run(scenario()).result["content"][0]["text"]


def test_end_in_another_process_is_seen(modern: Client, held: Held) -> None:
    """Nothing but the row tells of it."""

    async def scenario() -> Answer:
        waiting = asyncio.create_task(modern.acall("add", a=1))
        while not held:  # noqa: ASYNC110  (a thread fills it)
            await asyncio.sleep(0.05)
        await ToolTask.objects.aupdate(
            status="completed", result='{"content": [], "structured": {"result": 7}}'
        )
        return await waiting

    assert asyncio.run(scenario()).result["structuredContent"] == {"result": 7}
