"""One idempotency key at many processes: one execution and one answer, whoever is killed."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.servers import Site, running
from tests.polls import until
from tests.ports import held_port
from tests.workers.clients import Caller, calling
from tests.workers.processes import kill, server, working
from tests.workers.traces import effects, task_of, traces

CALLS = 50
SERVERS = 4


@contextmanager
def several(site: Site, **environment: str) -> Iterator[list[Site]]:
    """Several processes that serve the same site."""
    with ExitStack() as stack:
        sites = [
            replace(
                site,
                port=stack.enter_context(held_port()),
                environment={**site.environment, **environment},
            )
            for _ in range(SERVERS)
        ]
        for each in sites:
            stack.enter_context(running(each, server(each)))
        yield sites


@pytest.fixture(scope="module")
def sites(site: Site) -> Iterator[list[Site]]:
    with several(site) as sites:
        yield sites


async def call_everywhere(
    sites: Sequence[Site], name: str, *, calls: int = CALLS, **arguments: Any
) -> list["asyncio.Task[dict[str, Any]]"]:
    """Call a tool at all of these processes at once, and wait until every call has ended."""
    async with AsyncExitStack() as stack:
        callers = [await stack.enter_async_context(calling(site)) for site in sites]
        tasks = [
            asyncio.create_task(callers[number % len(callers)].call(name, **arguments))
            for number in range(calls)
        ]
        await asyncio.wait(tasks)
        return tasks


def kind_of(message: dict[str, Any]) -> str:
    error: dict[str, str] = message["result"]["_meta"].get("django-mcp/error", {"kind": "ok"})
    return error["kind"]


def starts(site: Site, tag: str) -> list[str]:
    return [line for line in traces(site) if line.startswith(f"start {tag}")]


def test_calls_at_many_processes_are_one_execution_and_one_answer(
    site: Site, sites: list[Site]
) -> None:
    calls = asyncio.run(call_everywhere(sites, "pay", tag="p1", seconds=1, reference="p1"))

    results = [call.result()["result"] for call in calls]
    repeated = [result["_meta"].get("django-mcp/repeated", False) for result in results]
    assert len(starts(site, "p1")) == effects("p1") == 1
    assert Counter(repeated) == {True: CALLS - 1, False: 1}
    assert len({str(result["structuredContent"]) for result in results}) == 1


def test_nothing_is_run_again_when_the_process_of_the_first_call_is_killed(site: Site) -> None:
    async def scenario(sites: Sequence[Site]) -> list["asyncio.Task[dict[str, Any]]"]:
        calling = asyncio.create_task(
            call_everywhere(sites, "pay", tag="p2", seconds=60, reference="p2")
        )
        await asyncio.to_thread(until, lambda: len(starts(site, "p2")) > 0)
        kill(int(starts(site, "p2")[0].split()[-1]))
        return await calling

    with several(site, LEASE_TIME="2") as sites:
        calls = asyncio.run(scenario(sites))

    ends = Counter(
        "cut off" if isinstance(call.exception(), httpx.TransportError) else kind_of(call.result())
        for call in calls
    )
    assert set(ends) == {"cut off", "outcome_unknown"}
    assert ends["outcome_unknown"] >= CALLS * (SERVERS - 1) // SERVERS
    assert len(starts(site, "p2")) == 1
    assert effects("p2") == 0


def test_background_calls_with_one_key_are_one_task(
    site: Site, sites: list[Site], tmp_path: Path
) -> None:
    with working(site, tmp_path / "worker.log"):
        calls = asyncio.run(
            call_everywhere(sites, "transfer", tag="t1", seconds=0.5, reference="t1")
        )

    assert {kind_of(call.result()) for call in calls} == {"ok"}
    assert len(starts(site, "t1")) == effects("t1") == 1
    assert task_of("t1").attempts == 1


def test_background_call_whose_worker_is_killed_is_not_run_again(
    site: Site, tmp_path: Path
) -> None:
    async def call(caller: Caller) -> str:
        return kind_of(await caller.call("transfer", tag="t2", seconds=60, reference="t2"))

    async def scenario() -> list[str]:
        async with calling(site) as caller:
            with working(site, tmp_path / "killed.log") as worker:
                first, second = (asyncio.create_task(call(caller)) for _ in range(2))
                await asyncio.to_thread(until, lambda: len(starts(site, "t2")) > 0)
                worker.kill_all()
            with working(site, tmp_path / "other.log"):
                return [await first, await second, await call(caller)]

    first, second, third = asyncio.run(scenario())

    assert {first, second} == {"unknown", "outcome_unknown"}
    assert third == "outcome_unknown"
    assert len(starts(site, "t2")) == 1
    assert effects("t2") == 0
