"""Questions that outlive the worker which asked them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.servers import Site, nowhere
from tests.polls import until
from tests.wire import Client
from tests.workers.clients import calling
from tests.workers.processes import working
from tests.workers.traces import effects, have_ended, record_of, task_of, traces

CLIENT = Client(application=nowhere).with_tasks().with_forms()


def send(site: Site, method: str, **params: Any) -> dict[str, Any]:
    async def scenario() -> dict[str, Any]:
        async with calling(site) as caller:
            return await caller.send(CLIENT, method, params)

    result: dict[str, Any] = asyncio.run(scenario())["result"]
    return result


@pytest.mark.parametrize("name", ["agree", "aagree"])
@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_another_worker_goes_on_with_the_answer(
    site: Site, tmp_path: Path, name: str, pool: str
) -> None:
    tag = f"asking-{name}-{pool}"
    with working(site, tmp_path / "first.log", pool=pool, slots=1) as first:
        task_id = send(site, "tools/call", name=name, arguments={"tag": tag})["taskId"]
        until(lambda: task_of(tag).status == "input_required")
        # The only slot is free meanwhile.
        other = f"{tag}-meanwhile"
        send(site, "tools/call", name="work", arguments={"tag": other, "seconds": 0})
        until(lambda: have_ended([other]))
        first.kill_all()
    waiting = send(site, "tasks/get", taskId=task_id)
    responses = {
        key: {"action": "accept", "content": {"agree": True}} for key in waiting["inputRequests"]
    }
    send(site, "tasks/update", taskId=task_id, inputResponses=responses)
    with working(site, tmp_path / "second.log", pool=pool):
        until(lambda: task_of(tag).is_recorded)

    ended = send(site, "tasks/get", taskId=task_id)
    task = task_of(tag)
    assert ended["result"]["structuredContent"] == {"result": True}
    assert (task.attempts, task.suspensions, effects(tag)) == (2, 1, 1)
    assert traces(site).count(f"start {tag}") == 2
    assert task.worker.startswith("second-")
    assert record_of(task).worker == task.worker
