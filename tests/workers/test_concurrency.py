"""Concurrent calls over several processes and a Redis: every call that ends gives its place back.

That of a killed process is free when its lease has expired, and not before.
"""

import asyncio
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.e2e.servers import Site, running
from tests.polls import until
from tests.ports import held_port
from tests.spec import LEGACY, MODERN
from tests.workers.clients import calling, text_of
from tests.workers.processes import redis_server, server, working
from tests.workers.traces import have_ended, traces

LEASE_TIME = 9.0
LONG = 60.0
"""Seconds that a call would run, if nothing ended it."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A Redis of these tests alone."""
    with (
        held_port() as port,
        redis_server(port, tmp_path_factory.mktemp("redis")),
        Redis(port=port) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def site_options(cache: Redis) -> dict[str, str]:
    port = cache.connection_pool.connection_kwargs["port"]
    return {"CACHE_URL": f"redis://127.0.0.1:{port}/0", "LEASE_TIME": str(LEASE_TIME)}


@pytest.fixture
def other(site: Site) -> Iterator[tuple[Site, "subprocess.Popen[bytes]"]]:
    """The same site, served by another process at another port."""
    with held_port() as port:
        other = replace(site, port=port)
        with running(other, server(other)) as process:
            yield other, process


def answer(site: Site, name: str, tag: str, seconds: float, *, era: str = MODERN) -> dict[str, Any]:
    async def scenario() -> dict[str, Any]:
        async with calling(site) as caller:
            return await caller.call(name, era=era, tag=tag, seconds=seconds)

    return asyncio.run(scenario())


def kind_of(message: dict[str, Any]) -> str:
    kind: str = message["result"]["_meta"].get("django-mcp/error", {}).get("kind", "ok")
    return kind


def places(cache: Redis) -> int:
    return len(cache.keys("*django-mcp:lease:*"))


@pytest.mark.parametrize("name", ["hold", "ahold"])
@pytest.mark.parametrize("era", [MODERN, LEGACY])
def test_place_is_held_for_as_long_as_its_call_runs(
    site: Site, other: tuple[Site, Any], cache: Redis, name: str, era: str
) -> None:
    """Far longer than a lease lasts; and it is free at once afterwards."""
    elsewhere, _ = other
    tag = f"long-{name}-{era}"

    async def scenario() -> tuple[list[str], str]:
        async with calling(site) as here, calling(elsewhere) as there:
            call = asyncio.create_task(here.call(name, era=era, tag=tag, seconds=LEASE_TIME * 1.5))
            await asyncio.to_thread(until, lambda: f"start {tag}" in traces(site))
            kinds = []
            while not call.done():
                kinds.append(kind_of(await there.call(name, era=era, tag="more", seconds=0)))
                await asyncio.wait([call], timeout=0.5)
            assert text_of(await call) == tag
            return kinds, kind_of(await there.call(name, era=era, tag="after", seconds=0))

    during, after = asyncio.run(scenario())

    *sure, _ = during  # the last one may have come when the call had ended
    assert Counter(sure) == {"busy": len(sure)}
    assert len(sure) > LEASE_TIME
    assert after == "ok"


def test_processes_together_run_no_more_calls_than_there_are_places(
    site: Site, other: tuple[Site, Any]
) -> None:
    elsewhere, _ = other
    tags = [f"shared-{number}" for number in range(24)]

    async def scenario() -> list[dict[str, Any]]:
        async with calling(site) as here, calling(elsewhere) as there:
            calls = [
                (here if number % 2 else there).call("share", tag=tag, seconds=6)
                for number, tag in enumerate(tags)
            ]
            return await asyncio.gather(*calls)

    kinds = Counter(map(kind_of, asyncio.run(scenario())))

    assert kinds == {"ok": 3, "busy": 21}
    assert sum(f"start {tag}" in traces(site) for tag in tags) == 3


def test_cancelled_call_gives_its_place_back(
    site: Site, other: tuple[Site, Any], cache: Redis
) -> None:
    elsewhere, _ = other

    async def scenario() -> None:
        async with calling(site) as caller:
            (call,) = caller.calls(("ahold", "cancelled", LONG))
            await asyncio.to_thread(until, lambda: "start cancelled" in traces(site))
            call.cancel()

    asyncio.run(scenario())
    left_at = time.monotonic()
    until(lambda: places(cache) == 0)

    assert time.monotonic() - left_at < LEASE_TIME * 2 / 3, "it has expired, and was not given back"
    assert kind_of(answer(elsewhere, "ahold", "next", 0)) == "ok"


def test_call_that_has_timed_out_gives_its_place_back(
    site: Site, other: tuple[Site, Any], cache: Redis
) -> None:
    elsewhere, _ = other

    kind = kind_of(answer(site, "ahold_too_long", "late", LONG))
    ended_at = time.monotonic()
    until(lambda: places(cache) == 0)

    assert kind == "timed_out"
    assert time.monotonic() - ended_at < LEASE_TIME * 2 / 3, (
        "it has expired, and was not given back"
    )
    assert kind_of(answer(elsewhere, "ahold_too_long", "next", 0)) == "ok"


@pytest.mark.parametrize("name", ["hold", "ahold"])
def test_place_of_a_killed_process_is_free_when_its_lease_is_over(
    site: Site, other: tuple[Site, "subprocess.Popen[bytes]"], cache: Redis, name: str
) -> None:
    doomed, process = other
    tag = f"killed-{name}"

    async def scenario() -> None:
        async with calling(doomed) as caller:
            (call,) = caller.calls((name, tag, LONG))
            await asyncio.to_thread(until, lambda: f"start {tag}" in traces(site))
            process.kill()
            await asyncio.wait([call])
            assert call.exception() is not None

    asyncio.run(scenario())
    at_once = kind_of(answer(site, name, "at once", 0))
    until(lambda: places(cache) == 0)

    assert at_once == "busy"
    assert kind_of(answer(site, name, "afterwards", 0)) == "ok"


def test_background_calls_wait_for_their_turn(site: Site, tmp_path: Path) -> None:
    """Four children of a worker, and one place: nothing fails, and nothing overlaps."""
    tags = [f"turn-{number}" for number in range(4)]

    async def scenario() -> list[dict[str, Any]]:
        async with calling(site) as caller:
            with working(site, tmp_path / "worker.log"):
                return await asyncio.gather(
                    *caller.calls(*(("work_alone", tag, 0.5) for tag in tags))
                )

    answers = asyncio.run(scenario())
    until(lambda: have_ended(tags))

    lines = [line for line in traces(site) if "turn-" in line]
    assert [text_of(each) for each in answers] == tags
    assert [line.split()[0] for line in lines] == ["start", "end"] * 4
