"""Background calls as clients without the tasks extension see them: progress, then the result."""

import asyncio

import pytest

from django_mcp.models import CallRecord
from tests.execution.rows import settled
from tests.gate import Gate
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
    assert (task.status, task.attempts, task.is_recorded) == ("completed", 1, True)
    assert (record.outcome, record.worker, record.task_id) == ("ok", task.worker, str(task.pk))


@COUNT
def test_client_watches_the_progress_while_the_task_runs(
    client: Client, gate: Gate, name: str
) -> None:
    async def scenario() -> Answer:
        async with client.calling(name, token="tok", to=3) as opened:
            assert await gate.arrival() == name
            (first,) = await opened.arrival()
            assert first["params"]["message"] == "step 2"
            gate.open()
            return await opened.answer()

    answer = asyncio.run(scenario())

    assert [report["progress"] for report in answer.progress] == [2, 3]
    assert answer.result["structuredContent"] == {"result": 3}
