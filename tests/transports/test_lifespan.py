"""The session manager's life: what becomes of a start that fails, and of a loop that ends."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import ref

import pytest
from asgiref.testing import ApplicationCommunicator
from mcp.server.lowlevel import Server

from django_mcp.transports.http.lifespan import SessionManagers, serve_lifespan
from tests.wire import PATIENCE


class Startup:
    """What a server does before it serves: waits for `go_on`, then fails while it `is_broken`."""

    def __init__(self) -> None:
        self.count = 0
        self.has_begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.is_broken = True

    @asynccontextmanager
    async def lifespan(self, server: Server[Any]) -> AsyncIterator[None]:
        self.count += 1
        self.has_begun.set()
        await self.go_on.wait()
        if self.is_broken:
            raise LookupError("the start failed")
        yield


@pytest.fixture
def startup() -> Startup:
    return Startup()


@pytest.fixture
def managers(startup: Startup) -> SessionManagers:
    return SessionManagers(Server("test", lifespan=startup.lifespan))


def test_start_that_fails_fails_everybody_who_waits_for_it(
    managers: SessionManagers, startup: Startup
) -> None:
    async def scenario() -> list[Any]:
        waiting = [asyncio.create_task(managers.current()) for _ in range(3)]
        async with asyncio.timeout(PATIENCE):
            await startup.has_begun.wait()
            startup.go_on.set()
            return await asyncio.gather(*waiting, return_exceptions=True)

    assert [type(answer) for answer in asyncio.run(scenario())] == [LookupError] * 3
    assert startup.count == 1


def test_next_to_come_after_a_start_that_failed_starts_anew(
    managers: SessionManagers, startup: Startup
) -> None:
    async def scenario() -> None:
        startup.go_on.set()
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(LookupError):
                await managers.current()
            startup.is_broken = False
            first = await managers.current()

            assert await managers.current() is first

    asyncio.run(scenario())

    assert startup.count == 3  # the one that failed, and one for each of the two managers


def test_server_is_told_that_the_start_failed(managers: SessionManagers, startup: Startup) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await serve_lifespan([managers], receive, send)

    async def scenario() -> Any:
        startup.go_on.set()
        communicator = ApplicationCommunicator(application, {"type": "lifespan"})
        await communicator.send_input({"type": "lifespan.startup"})
        answer = await communicator.receive_output(PATIENCE)
        with pytest.raises(LookupError):
            await communicator.wait(PATIENCE)
        return answer

    assert asyncio.run(scenario()) == {
        "type": "lifespan.startup.failed",
        "message": "LookupError('the start failed')",
    }


def test_event_loop_that_has_ended_is_not_kept(managers: SessionManagers, startup: Startup) -> None:
    async def scenario() -> "ref[asyncio.AbstractEventLoop]":
        startup.is_broken = False
        startup.go_on.set()
        await managers.current()
        return ref(asyncio.get_running_loop())

    loops = [asyncio.run(scenario()) for _ in range(2)]
    gc.collect()

    assert [loop() for loop in loops] == [None, None]
