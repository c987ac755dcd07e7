"""Celery tasks of a project on its workers: as tools, and sent by the project's own code."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery

from tests.e2e.servers import Site
from tests.polls import until
from tests.spec import LEGACY, MODERN
from tests.workers.clients import calling
from tests.workers.processes import Worker, working
from tests.workers.traces import effects, have_ended, record_of, task_of, traces


@pytest.fixture(scope="module", autouse=True)
def worker(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    with working(site, tmp_path_factory.mktemp("worker") / "worker.log") as worker:
        yield worker


def call(site: Site, name: str, era: str, **arguments: Any) -> Any:
    """The structured content of the answer to a call."""

    async def scenario() -> dict[str, Any]:
        async with calling(site) as caller:
            return await caller.call(name, era=era, **arguments)

    return asyncio.run(scenario())["result"]["structuredContent"]


@pytest.mark.parametrize("era", [MODERN, LEGACY])
def test_call_of_a_task_runs_its_function_on_a_worker(site: Site, era: str) -> None:
    tag = f"mail-{era}"

    answer = call(site, "mail", era, tag=tag)
    until(lambda: have_ended([tag]))

    task = task_of(tag)
    assert answer == {"result": tag}
    assert (task.attempts, effects(tag), traces(site).count(f"start {tag}")) == (1, 1, 1)
    assert record_of(task).worker.startswith(f"worker-{site.environment['QUEUE']}@")


def test_autoretry_of_a_task_runs_the_tool_again(site: Site) -> None:
    answer = call(site, "fetch", MODERN, tag="fetch-again")
    until(lambda: have_ended(["fetch-again"]))

    assert answer == {"result": "fetch-again"}
    # The first run has left its trace, and its transaction was rolled back.
    assert traces(site).count("start fetch-again") == 2
    assert effects("fetch-again") == 1


@pytest.mark.parametrize(("name", "runs"), [("mail", 1), ("fetch", 2)])
def test_task_is_still_run_for_the_code_of_the_project(site: Site, name: str, runs: int) -> None:
    tag, environment = f"sent-{name}", site.environment
    app = Celery("sender", broker=environment["BROKER_URL"], set_as_current=False)

    app.send_task(f"tests.workers.project.tasks.{name}", args=[tag], queue=environment["QUEUE"])

    until(lambda: traces(site).count(f"start {tag}") == runs)
