"""The cache of results over several processes of one site, in a Redis of the tests' own."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from subprocess import Popen

import pytest

from tests.e2e.servers import Site, running
from tests.polls import until
from tests.ports import held_port
from tests.workers.clients import calling, text_of
from tests.workers.conftest import BROKER_URL
from tests.workers.processes import redis_server, server
from tests.workers.traces import traces

pytestmark = pytest.mark.skipif(
    not BROKER_URL.startswith("redis"), reason="only a Redis is started by the tests themselves"
)

PROCESSES = 4
CALLS = 50
TOOLS = ("kept", "akept")


@pytest.fixture(scope="module")
def cache_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with held_port() as port, redis_server(port, tmp_path_factory.mktemp("redis")):
        yield port


@pytest.fixture(scope="module")
def site_options(cache_port: int) -> dict[str, str]:
    return {
        "CACHE_URL": f"redis://127.0.0.1:{cache_port}",
        "BUSY_AFTER": "60",
        "LEASE_TIME": "10",
    }


@pytest.fixture(scope="module")
def sites(site: Site) -> Iterator[list[Site]]:
    """The site at several ports, each served by a process of its own."""
    with ExitStack() as stack:
        more = [replace(site, port=stack.enter_context(held_port())) for _ in range(PROCESSES - 1)]
        for each in more:
            stack.enter_context(running(each, server(each)))
        yield [site, *more]


def call(sites: list[Site], name: str, times: int, *, tag: str, seconds: float = 0) -> list[str]:
    """The answers to so many calls at once, spread over the processes."""

    async def scenario() -> list[str]:
        async with AsyncExitStack() as stack:
            callers = [await stack.enter_async_context(calling(each)) for each in sites]
            calls = (
                callers[number % len(callers)].call(name, tag=tag, seconds=seconds)
                for number in range(times)
            )
            return [text_of(message) for message in await asyncio.gather(*calls)]

    return asyncio.run(scenario())


@pytest.mark.parametrize("name", TOOLS)
def test_many_who_ask_several_processes_at_once_are_given_one_result(
    sites: list[Site], name: str
) -> None:
    answers = call(sites, name, CALLS, tag=f"many {name}", seconds=0.5)

    assert len(answers) == CALLS
    assert len(set(answers)) == 1
    assert traces(sites[0]).count(f"start many {name}") == 1


@pytest.mark.parametrize("name", TOOLS)
def test_another_process_computes_when_the_first_is_killed(sites: list[Site], name: str) -> None:
    site, tag = sites[0], f"killed {name}"

    async def scenario(doomed: Site, process: "Popen[bytes]") -> list[str]:
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(calling(doomed))
            others = [await stack.enter_async_context(calling(each)) for each in sites]
            lost = asyncio.create_task(first.call(name, tag=tag, seconds=1))
            await asyncio.to_thread(until, lambda: f"start {tag}" in traces(site))
            calls = [
                asyncio.create_task(others[number % len(others)].call(name, tag=tag, seconds=1))
                for number in range(CALLS)
            ]
            process.kill()
            answers = [text_of(message) for message in await asyncio.gather(*calls)]
            await asyncio.gather(lost, return_exceptions=True)
            return answers

    with held_port() as port:
        doomed = replace(site, port=port)
        with running(doomed, server(doomed)) as process:
            answers = asyncio.run(scenario(doomed, process))

    assert len(set(answers)) == 1
    assert answers[0] != str(process.pid)
    assert traces(site).count(f"start {tag}") == 2


@pytest.mark.parametrize("name", TOOLS)
def test_what_one_process_makes_invalid_no_other_serves(sites: list[Site], name: str) -> None:
    tag = f"invalid {name}"
    call(sites, name, PROCESSES, tag=tag)

    async def change() -> None:
        async with calling(sites[1]) as caller:
            await caller.call("change", tag=tag)

    asyncio.run(change())
    call(sites, name, PROCESSES, tag=tag)

    assert traces(sites[0]).count(f"start {tag}") == 2


def test_command_that_serves_nothing_makes_results_invalid(sites: list[Site]) -> None:
    tag = "command"
    call(sites, "akept", PROCESSES, tag=tag)

    code = "from django.contrib.auth.models import Group; Group.objects.create(name='by a command')"
    sites[0].manage("shell", "--no-imports", "-c", code)
    call(sites, "akept", PROCESSES, tag=tag)

    assert traces(sites[0]).count(f"start {tag}") == 2
