"""Calls through a real worker, in each pool, by clients of both eras."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db import connections
from mcp_types import CallToolResult

from django_mcp.background.backends.celery import GRACE_SECONDS
from tests.e2e.sdk import connecting, watched_call
from tests.e2e.servers import Site
from tests.polls import until
from tests.workers.clients import calling, text_of
from tests.workers.processes import Worker, working
from tests.workers.traces import ALIAS, have_ended, record_of, task_of, traces


@pytest.fixture(scope="module", params=["prefork", "threads"])
def worker(
    request: pytest.FixtureRequest, site: Site, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worker]:
    log = tmp_path_factory.mktemp("worker") / "worker.log"
    with working(site, log, pool=request.param) as worker:
        yield worker


@pytest.fixture
def tag(worker: Worker, request: pytest.FixtureRequest) -> str:
    """Something that no other test has."""
    return str(request.node.name)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("name", ["report", "areport"])
def test_client_watches_the_progress_and_gets_the_result(
    site: Site, worker: Worker, tag: str, mode: str, name: str
) -> None:
    async def scenario() -> tuple[CallToolResult, list[float]]:
        async with connecting(site.url, mode=mode) as client:
            return await watched_call(client, name, {"tag": tag, "seconds": 1.5})

    result, seen = asyncio.run(scenario())
    until(lambda: have_ended([tag]))

    task = task_of(tag)
    record = record_of(task)
    assert result.structured_content == {"result": tag}
    assert len(seen) >= 2
    assert seen == sorted(set(seen))
    assert (record.outcome, record.task_id) == ("ok", str(task.pk))
    assert record.worker == task.worker != ""
    assert record.duration_ms is not None
    assert record.duration_ms >= 1500
    logged = worker.log.read_text()
    assert f"[{task.call_id}] received" in logged  # Celery's own line
    assert f"ok after {record.duration_ms} ms, call {task.call_id}" in logged


def leave_once_begun(site: Site, name: str, tag: str, *, seconds: float) -> None:
    """Call a tool, and leave when it runs; return when its task has ended."""

    async def scenario() -> None:
        async with calling(site) as caller:
            (call,) = caller.calls((name, tag, seconds))
            await asyncio.to_thread(until, lambda: f"start {tag}" in traces(site))
            call.cancel()

    asyncio.run(scenario())
    until(lambda: have_ended([tag]))


@pytest.mark.parametrize("name", ["report", "areport"])
def test_client_that_leaves_stops_the_tool(site: Site, worker: Worker, tag: str, name: str) -> None:
    leave_once_begun(site, name, tag, seconds=60)

    task = task_of(tag)
    record = record_of(task)
    assert f"told {tag}" in traces(site)
    assert task.status == "cancelled"
    assert (record.outcome, record.delivered) == ("cancelled", False)


def test_tool_goes_on_without_its_client_if_it_is_to(site: Site, worker: Worker, tag: str) -> None:
    leave_once_begun(site, "go_on", tag, seconds=1)

    task = task_of(tag)
    record = record_of(task)
    assert f"end {tag}" in traces(site)
    assert (task.status, record.outcome, record.delivered) == ("completed", "ok", False)


def test_tool_that_overruns_its_time_has_failed_and_its_result_is_discarded(
    site: Site, worker: Worker, tag: str
) -> None:
    async def scenario() -> dict[str, object]:
        async with calling(site) as caller:
            # Less than what makes prefork end the process.
            return await caller.call("overrun", tag=tag, seconds=GRACE_SECONDS - 1)

    answer = asyncio.run(scenario())
    assert "timed out" in text_of(answer)
    assert f"end {tag}" not in traces(site)
    until(lambda: f"end {tag}" in traces(site))

    task = task_of(tag)
    assert (task.status, task.result) == ("failed", "")
    assert record_of(task).error_class == "TimedOutError"


def test_process_that_does_not_stop_is_ended_under_prefork(
    site: Site, worker: Worker, tag: str
) -> None:
    """The hard time limit frees the slot of a tool that heeds nothing."""
    if not worker.children:
        pytest.skip("a thread cannot be ended from outside")

    async def scenario() -> dict[str, object]:
        async with calling(site) as caller:
            return await caller.call("overrun", tag=tag, seconds=60)

    answer = asyncio.run(scenario())
    until(lambda: f"time limit ({0.5 + GRACE_SECONDS}s) exceeded" in worker.log.read_text())

    task = task_of(tag)
    assert "timed out" in text_of(answer)
    assert task.status == "failed"
    # Or the process would have gone on to the next task, and been killed in it.
    assert f"[{task.call_id}] succeeded" not in worker.log.read_text()


def test_operator_may_have_a_process_killed_under_prefork(
    site: Site, worker: Worker, tag: str
) -> None:
    if not worker.children:
        pytest.skip("a thread cannot be ended from outside")
    strict = replace(site, environment={**site.environment, "TERMINATE": "1"})

    def kill() -> None:
        until(lambda: f"start {tag}" in traces(site))
        before = set(worker.children)
        key = str(task_of(tag).pk)
        connections[ALIAS].close()  # this thread's own
        strict.manage("mcp_tasks", "cancel", key)
        until(lambda: before != set(worker.children))

    async def scenario() -> dict[str, object]:
        async with calling(site) as caller:
            (call,) = caller.calls(("go_on", tag, 30))
            await asyncio.to_thread(kill)
            return await call

    answer = asyncio.run(scenario())

    assert "cancelled" in text_of(answer)
    assert record_of(task_of(tag)).outcome == "cancelled"
