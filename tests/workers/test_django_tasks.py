"""Background calls on the workers of django-tasks-db, which is a backend of Django's Tasks."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from mcp_types import CallToolResult

from tests.e2e.sdk import connecting, watched_call
from tests.e2e.servers import Site, post
from tests.polls import until
from tests.workers.clients import calling
from tests.workers.processes import Worker, working_for_tasks
from tests.workers.traces import effects, have_ended, record_of, task_of, traces


@pytest.fixture(scope="module")
def backend() -> str:
    return "django_tasks"


@pytest.fixture(scope="module")
def worker(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    with working_for_tasks(site, tmp_path_factory.mktemp("worker") / "worker.log") as worker:
        yield worker


def send(site: Site, method: str, **params: Any) -> dict[str, Any]:
    """What the endpoint answers a client that knows tasks."""
    (message,) = post(site, method, params, takes_tasks=True)
    result: dict[str, Any] = message["result"]
    return result


def start(site: Site, name: str, **arguments: Any) -> str:
    """Call a slow tool; the id of the task."""
    task_id: str = send(site, "tools/call", name=name, arguments=arguments)["taskId"]
    return task_id


def has_begun(site: Site, tag: str) -> bool:
    return f"start {tag}" in traces(site)


# First: it has workers of its own, and the one of the others is not there yet.
def test_killed_worker_costs_an_idempotent_tool_time_and_any_other_its_outcome(
    site: Site, tmp_path: Path
) -> None:
    async def scenario() -> list[dict[str, Any]]:
        async with calling(site) as caller:
            calls = []
            # One after the other: on SQLite, tools that write wait for each other.
            for name, tag in (("work", "killed-once"), ("repeat", "killed-again")):
                with working_for_tasks(site, tmp_path / f"{name}.log") as worker:
                    calls += caller.calls((name, tag, 2))
                    await asyncio.to_thread(until, partial(has_begun, site, tag))
                    worker.kill_all()
            with working_for_tasks(site, tmp_path / "last.log"):
                return await asyncio.gather(*calls)

    once, again = asyncio.run(scenario())

    assert "outcome unknown" in once["result"]["content"][0]["text"]
    assert again["result"]["structuredContent"] == {"result": "killed-again"}
    for tag, status, outcome, attempts in (
        ("killed-once", "failed", "unknown", 1),
        ("killed-again", "completed", "ok", 2),
    ):
        task = task_of(tag)
        assert (task.status, task.attempts) == (status, attempts)
        assert record_of(task).outcome == outcome
        assert effects(tag) == (status == "completed")
        assert traces(site).count(f"start {tag}") == attempts


@pytest.mark.parametrize("name", ["report", "areport"])
def test_client_watches_the_progress_and_gets_the_result(
    site: Site, worker: Worker, name: str
) -> None:
    tag = f"watched-{name}"

    async def scenario() -> tuple[CallToolResult, list[float]]:
        async with connecting(site.url, mode="auto") as client:
            return await watched_call(client, name, {"tag": tag, "seconds": 1.5})

    result, seen = asyncio.run(scenario())
    until(lambda: have_ended([tag]))

    task = task_of(tag)
    record = record_of(task)
    assert result.structured_content == {"result": tag}
    assert len(seen) >= 2
    assert seen == sorted(set(seen))
    assert (record.outcome, record.task_id) == ("ok", str(task.pk))
    assert task.worker.endswith(f":{worker.process.pid}")
    assert f"call {task.call_id}" in worker.log.read_text()


def test_task_that_is_cancelled_stops_and_frees_the_worker(site: Site, worker: Worker) -> None:
    task_id = start(site, "report", tag="cancelled", seconds=600)
    until(partial(has_begun, site, "cancelled"))
    send(site, "tasks/cancel", taskId=task_id)
    until(lambda: have_ended(["cancelled"]))
    next_id = start(site, "report", tag="next", seconds=0)
    until(lambda: have_ended(["next"]))

    assert "told cancelled" in traces(site)
    assert send(site, "tasks/get", taskId=task_id)["status"] == "cancelled"
    assert record_of(task_of("cancelled")).outcome == "cancelled"
    assert send(site, "tasks/get", taskId=next_id)["status"] == "completed"


def test_failed_run_is_repeated_when_its_time_has_come(site: Site, worker: Worker) -> None:
    task_id = start(site, "retry", tag="retried")
    until(lambda: have_ended(["retried"]))

    task = task_of("retried")
    ended = send(site, "tasks/get", taskId=task_id)
    assert ended["status"] == "completed"
    assert ended["result"]["structuredContent"] == {"result": "retried"}
    assert (task.attempts, traces(site).count("start retried")) == (2, 2)
    assert task.started is not None
    assert task.started - task.created >= timedelta(seconds=1.5)
