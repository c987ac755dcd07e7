"""One tool in every way of running, behind the guards of a test."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections
from pytest_django import Settings

from django_mcp.background.worker import run_task
from django_mcp.models import ToolTask
from django_mcp.schemas.output.output import Rendered
from tests.background import backends
from tests.calls import PATIENCE, call_of, offering, serve_call
from tests.guards import examples
from tests.polls import until

WAYS = {
    "sync": (examples.shout, {}),
    "async": (examples.ashout, {}),
    "background": (examples.shout, {"background": True}),
    "async background": (examples.ashout, {"background": True}),
}
Serve = Callable[..., Rendered]


@pytest.fixture(autouse=True)
def forgetful() -> None:
    examples.events.clear()
    examples.threads.clear()


@pytest.fixture
def guarded(settings: Settings) -> Callable[..., None]:
    """Name guards of `tests.guards.examples` in the setting."""

    def put(*names: str) -> None:
        settings.DJANGO_MCP_GUARDS = [f"{examples.HERE}.{name}" for name in names]

    return put


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def serve(way: str, transactional_db: None, settings: Settings) -> Iterator[Serve]:
    """Serve one call of the tool, by a worker if it is a background tool."""
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.PATH
    backends.held.clear()
    function, options = WAYS[way]
    with offering(function, name="shout", **options):

        async def talk(word: str, **facts: Any) -> Rendered:
            async with asyncio.timeout(PATIENCE):
                call = asyncio.create_task(serve_call(call_of("shout", arguments={"word": word})))
                if "background" in way:
                    await asyncio.to_thread(until, lambda: bool(backends.held) or call.done())
                    for key, _ in backends.held:
                        await asyncio.to_thread(work, key)
                return await call

        yield lambda word="hello", **facts: asyncio.run(talk(word, **facts))


def work(key: Any) -> None:
    """Be the worker of a task."""
    try:
        if ToolTask.objects.filter(pk=key).exists():
            examples.events.append("worker")
            run_task(key, worker="a worker")
    finally:
        connections.close_all()
