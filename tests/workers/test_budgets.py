"""Export budgets over several processes that share a Redis."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.servers import Site, running
from tests.hosts.databases import fresh_database
from tests.ports import held_port
from tests.workers.clients import calling
from tests.workers.conftest import BROKER_URL
from tests.workers.processes import make_site, redis_server, server

BUDGET = 50
PROCESSES = 3

pytestmark = pytest.mark.skipif(
    not BROKER_URL.startswith("redis"), reason="only a Redis is started by the tests themselves"
)


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Sequence[Site]]:
    """Several processes of one site, whose group `rows` has a budget of each day."""
    with ExitStack() as stack:
        cache, *ports = (stack.enter_context(held_port()) for _ in range(1 + PROCESSES))
        stack.enter_context(redis_server(cache, tmp_path))
        database_url = stack.enter_context(fresh_database(tmp_path))
        cache_url = f"redis://127.0.0.1:{cache}/0"
        first = make_site(database_url, BROKER_URL, tmp_path, port=ports[0], CACHE_URL=cache_url)
        first.manage(
            "shell",
            "--verbosity",
            "0",
            "--command",
            "from django_mcp.models import ToolGroup\n"
            f"ToolGroup.objects.filter(name='rows').update(rows_per_day={BUDGET})",
        )
        sites = [replace(first, port=port) for port in ports]
        for site in sites:
            stack.enter_context(running(site, server(site)))
        yield sites


@pytest.mark.parametrize("name", ["list_rows", "alist_rows"])
def test_reads_at_the_same_time_never_deliver_more_than_the_budget(
    sites: Sequence[Site], name: str
) -> None:
    async def many() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        async with AsyncExitStack() as stack:
            callers = [await stack.enter_async_context(calling(site)) for site in sites]
            crowd = [
                callers[number % PROCESSES].call(name, count=1 + number % 7) for number in range(60)
            ]
            at_once = await asyncio.gather(*crowd)
            one_by_one = [
                await callers[number % PROCESSES].call(name, count=1) for number in range(BUDGET)
            ]
            return list(at_once), one_by_one

    at_once, one_by_one = asyncio.run(many())

    delivered = [rows_in(each) for each in at_once]
    refused = [each["result"]["_meta"] for each in at_once if each["result"]["isError"]]
    assert 0 < sum(delivered) <= BUDGET
    assert {each["django-mcp/error"]["kind"] for each in refused} == {"over_budget"}
    # What was refused has used up nothing.
    assert sum(delivered) + sum(map(rows_in, one_by_one)) == BUDGET


def rows_in(message: dict[str, Any]) -> int:
    """Number of rows that an answer delivers."""
    return len(message["result"].get("structuredContent", {}).get("result", ()))
