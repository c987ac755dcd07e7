"""Circuit breakers of several processes of one site, with their state in a Redis."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from redis import Redis

from tests.e2e.servers import Site, running
from tests.polls import until
from tests.ports import held_port
from tests.workers.clients import calling
from tests.workers.conftest import BROKER_URL
from tests.workers.processes import kill, redis_server, server, working
from tests.workers.traces import traces

pytestmark = pytest.mark.skipif(
    not BROKER_URL.startswith("redis"), reason="only a Redis is started by the tests themselves"
)

WAYS = ["ask", "aask"]


@pytest.fixture(scope="module")
def cache_port() -> Iterator[int]:
    with held_port() as port:
        yield port


@pytest.fixture(scope="module")
def site_options(cache_port: int) -> dict[str, str]:
    return {"CACHE_URL": f"redis://127.0.0.1:{cache_port}"}


@pytest.fixture(scope="module")
def redis(cache_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    with redis_server(cache_port, tmp_path_factory.mktemp("redis")):
        yield Redis(port=cache_port)


@pytest.fixture(autouse=True)
def _closed(redis: Redis) -> None:
    redis.flushall()


@contextmanager
def another(site: Site) -> Iterator[tuple[Site, int]]:
    """One more process of the site, at a port of its own, and its id."""
    with held_port() as port:
        second = replace(site, port=port)
        with running(second, server(second)) as process:
            yield second, process.pid


def call(site: Site, name: str, **arguments: Any) -> str:
    """The kind of the failure of one call, or `ok`."""

    async def scenario() -> dict[str, Any]:
        async with calling(site) as caller:
            return await caller.call(name, **{"tag": uuid4().hex, **arguments})

    return kind_of(asyncio.run(scenario()))


def kind_of(message: dict[str, Any]) -> str:
    result = message["result"]
    return result["_meta"]["django-mcp/error"]["kind"] if result["isError"] else "ok"


def becomes_well(site: Site, name: str) -> None:
    """Wait until calls pass again: what they wait for is time."""
    until(lambda: call(site, name) == "ok")


@pytest.mark.parametrize("name", WAYS)
def test_breaker_that_one_process_opens_is_open_in_another_by_its_next_call(
    site: Site, name: str
) -> None:
    with another(site) as (second, _):
        before = call(second, name)
        for _ in range(2):
            call(site, name, fails=True)

        assert (before, call(second, name)) == ("ok", "circuit_open")
        becomes_well(second, name)
        assert call(site, name) == "ok"


@pytest.mark.parametrize("name", WAYS)
def test_failures_of_all_processes_count_together(site: Site, name: str) -> None:
    with another(site) as (second, _):
        call(site, name, fails=True)
        call(second, name, fails=True)

        assert [call(each, name) for each in (site, second)] == ["circuit_open"] * 2


@pytest.mark.parametrize("name", WAYS)
def test_of_many_calls_to_several_processes_one_is_the_probe(site: Site, name: str) -> None:
    for _ in range(2):
        call(site, name, fails=True)

    async def scenario(sites: list[Site]) -> list[str]:
        async with calling(sites[0]) as first, calling(sites[1]) as other:
            calls = [
                each.call(name, tag=f"probe-{name}", fails=True, seconds=1.5)
                for each in (first, other)
                for _ in range(10)
            ]
            return [kind_of(each) for each in await asyncio.gather(*calls)]

    kinds: list[str] = []

    def is_probed() -> bool:
        kinds.extend(asyncio.run(scenario([site, second])))
        return "failed" in kinds

    with another(site) as (second, _):
        until(is_probed)

    # As it fails, none that comes later is another.
    assert kinds.count("failed") == 1
    assert set(kinds) == {"failed", "circuit_open"}
    assert traces(site).count(f"start probe-{name}") == 1


@pytest.mark.parametrize("name", WAYS)
def test_prober_that_is_killed_lets_another_try_after_the_reset_time(site: Site, name: str) -> None:
    tag = f"killed-{name}"

    async def probe(second: Site, pid: int) -> None:
        async with calling(second) as caller:
            calls: set[asyncio.Task[dict[str, Any]]] = set()
            while f"start {tag}" not in traces(site):  # until the reset time is over
                calls.add(asyncio.create_task(caller.call(name, tag=tag, seconds=30)))
                await asyncio.wait(calls, timeout=0.2)
            kill(pid)
            await asyncio.gather(*calls, return_exceptions=True)

    for _ in range(2):
        call(site, name, fails=True)
    with another(site) as (second, pid):
        asyncio.run(probe(second, pid))

    becomes_well(site, name)
    assert traces(site).count(f"start {tag}") == 1


def test_workers_and_servers_share_a_breaker(site: Site, tmp_path: Path) -> None:
    with working(site, tmp_path / "worker.log"):
        for _ in range(2):
            call(site, "ask_later", fails=True)
        kinds = [call(site, name) for name in ("ask", "ask_later")]
        becomes_well(site, "ask_later")

    assert kinds == ["circuit_open"] * 2
    assert call(site, "ask") == "ok"
