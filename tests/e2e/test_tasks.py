"""The official client with an extension of its own for tasks, against a real server."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import pytest
from mcp.client.extension import ClaimContext, ClientExtension, ResultClaim
from mcp_types import CallToolResult, Request, RequestParams, Result

from tests.conformance_project.process import RunningServer, running_server
from tests.e2e.sdk import connecting
from tests.wire import TASKS


class TaskHandle(Result):
    """The answer to a call that became a task."""

    result_type: Literal["task"] = "task"
    task_id: str
    poll_interval_ms: int


class TaskState(Result):
    """What `tasks/get` tells."""

    status: str
    status_message: str = ""
    poll_interval_ms: int = 0
    result: dict[str, Any] | None = None


class GetTaskParams(RequestParams):
    task_id: str


class GetTask(Request[GetTaskParams, Literal["tasks/get"]]):
    method: Literal["tasks/get"] = "tasks/get"
    name_param = "taskId"


class Tasks(ClientExtension):
    """Asks for the result of a task for as long, and as often, as the server says."""

    identifier = TASKS

    def __init__(self) -> None:
        self.seen: list[str] = []

    def claims(self) -> Sequence[ResultClaim[Any]]:
        return [ResultClaim(result_type="task", model=TaskHandle, resolve=self._resolve)]

    async def _resolve(self, handle: TaskHandle, ctx: ClaimContext) -> CallToolResult:
        wait = handle.poll_interval_ms
        while True:
            await asyncio.sleep(wait / 1000)
            request = GetTask(params=GetTaskParams(task_id=handle.task_id))
            state = await ctx.session.send_request(request, TaskState)
            self.seen.append(state.status_message)
            if state.result is not None:
                return CallToolResult.model_validate(state.result)
            wait = state.poll_interval_ms


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_server(auth=True, workers=2) as running:
        yield running


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_client_that_takes_tasks_gets_the_same_result_in_either_era(
    server: RunningServer, mode: str
) -> None:
    tasks = Tasks()

    async def scenario() -> CallToolResult:
        async with connecting(
            server.url, mode=mode, token=server.tokens["good"], extensions=[tasks]
        ) as client:
            return await client.call_tool("slow_compute", {"seconds": 1.5, "label": mode})

    result = asyncio.run(scenario())

    assert result.structured_content == {"result": f"{mode} took 1.5 s"}
    assert any("of 1.5" in message for message in tasks.seen) == (mode == "auto")
