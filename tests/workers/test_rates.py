"""Rates of calls to several processes of one site, counted in a Redis of the tests' own."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.servers import Site, running
from tests.ports import held_port
from tests.workers.clients import calling
from tests.workers.conftest import BROKER_URL
from tests.workers.processes import redis_server, server

pytestmark = pytest.mark.skipif(
    not BROKER_URL.startswith("redis"), reason="only a Redis is started by the tests themselves"
)

PROCESSES = 4
CALLS = 500
RATE = 100
"""Calls a day: no window ends within the test."""


@pytest.fixture(scope="module")
def cache_port() -> Iterator[int]:
    with held_port() as port:
        yield port


@pytest.fixture(scope="module")
def site_options(cache_port: int) -> dict[str, str]:
    return {"CACHE_URL": f"redis://127.0.0.1:{cache_port}", "BUSY_AFTER": "60"}


@pytest.fixture(scope="module")
def sites(site: Site) -> Iterator[list[Site]]:
    """The site at several ports, each served by a process of its own."""
    with ExitStack() as stack:
        more = [replace(site, port=stack.enter_context(held_port())) for _ in range(PROCESSES - 1)]
        for each in more:
            stack.enter_context(running(each, server(each)))
        yield [site, *more]


def call(sites: list[Site], name: str, times: int) -> list[dict[str, Any]]:
    """The results of so many calls at once, spread over the processes."""

    async def scenario() -> list[dict[str, Any]]:
        async with AsyncExitStack() as stack:
            callers = [await stack.enter_async_context(calling(each)) for each in sites]
            calls = (callers[number % len(callers)].call(name) for number in range(times))
            return [message["result"] for message in await asyncio.gather(*calls)]

    return asyncio.run(scenario())


@pytest.mark.parametrize("name", ["rated", "arated"])
def test_exactly_as_many_calls_pass_as_the_rate_says_whatever_process_they_come_to(
    sites: list[Site], cache_port: int, tmp_path: Path, name: str
) -> None:
    with redis_server(cache_port, tmp_path):
        results = call(sites, name, CALLS)

    passed = [each for each in results if not each["isError"]]
    refused = [each["_meta"]["django-mcp/error"] for each in results if each["isError"]]
    assert len(passed) == RATE
    left = [each["_meta"]["django-mcp/rate-limits"][0]["remaining"] for each in passed]
    assert sorted(left) == list(range(RATE))
    assert {each["kind"] for each in refused} == {"rate_limited"}
    assert all(1 <= each["retry_after"] <= 86_400 for each in refused)


def test_calls_that_read_pass_while_redis_is_away_and_count_when_it_is_back(
    sites: list[Site], cache_port: int, tmp_path: Path
) -> None:
    away = [call(sites, name, PROCESSES) for name in ("rated", "rated_write")]
    with redis_server(cache_port, tmp_path):
        back = call(sites, "rated_write", PROCESSES)

    reads, writes = away
    assert not any(each["isError"] for each in (*reads, *back))
    assert {each["_meta"]["django-mcp/error"]["kind"] for each in writes} == {"busy"}
    left = [each["_meta"]["django-mcp/rate-limits"][0]["remaining"] for each in back]
    assert sorted(left) == [RATE - 4, RATE - 3, RATE - 2, RATE - 1]
