"""Where tools run: real threads, their bounds and their database connections."""

import asyncio
import gc
import itertools
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any
from uuid import uuid4
from weakref import WeakSet

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import OperationalError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from pytest_django import Settings

from django_mcp.asgi import Application
from django_mcp.background.watch import poller
from django_mcp.db import connections as database_connections
from django_mcp.exceptions import BusyError
from django_mcp.models import CallRecord, ToolGroup, ToolTask
from django_mcp.policy import snapshot
from django_mcp.threads.executors import (
    DatabaseThread,
    run_in_control,
    run_in_worker,
    run_to_end,
)
from django_mcp.threads.pool import ThreadPool
from tests.keys import PATH
from tests.latch import Latch
from tests.protocol import tools
from tests.refusals import unknown_tool
from tests.spec import ERAS
from tests.wire import PATIENCE, Answer, Client, serving

# The defaults of the settings, which a process reads once.
THREADS = 8
CONTROL_THREADS = 2


pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def latch() -> Iterator[Latch]:
    with tools.latch.closed():
        yield tools.latch


@pytest.fixture
def kept_connections(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Connections may stay open for ever; after the test they are closed in every thread."""
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", None)
    yield

    async def close_all() -> None:
        for run, size in ((run_in_worker, THREADS), (run_in_control, CONTROL_THREADS)):
            everybody = threading.Barrier(size)
            await asyncio.gather(*(run(close, everybody) for _ in range(size)))

    def close(everybody: threading.Barrier) -> None:
        everybody.wait(PATIENCE)
        connections.close_all()

    asyncio.run(close_all())


@pytest.fixture
def application(transactional_db: None, settings: Settings) -> Iterator[Application]:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    ToolGroup.objects.update_or_create(name="closed", defaults={"enabled": False})
    with serving(tools.TOOLS) as application:
        yield application


@pytest.fixture(params=ERAS)
def client(application: Application, request: pytest.FixtureRequest) -> Client:
    return Client(application=application, era=request.param)


class Full:
    """All worker threads are held by calls until the block ends."""

    def __init__(self, client: Client, latch: Latch) -> None:
        self._client = client
        self._gate = latch

    async def __aenter__(self) -> None:
        self._holders = [
            asyncio.create_task(self._client.acall("hold", name=str(i))) for i in range(THREADS)
        ]
        for _ in self._holders:
            await self._gate.arrival()

    async def __aexit__(self, *_: object) -> None:
        self._gate.open()
        for answer in await asyncio.gather(*self._holders):
            assert answer.result["isError"] is False


def outcomes(name: str) -> list[str]:
    return list(CallRecord.objects.filter(name=name).values_list("outcome", flat=True))


def test_call_that_finds_no_thread_is_busy_and_may_come_again(
    client: Client, latch: Latch, settings: Settings
) -> None:
    settings.DJANGO_MCP_BUSY_AFTER = 0.05

    async def scenario() -> Answer:
        async with Full(client, latch):
            return await client.acall("echo", text="x")

    answer = asyncio.run(scenario())

    assert answer.result["isError"] is True
    assert answer.result["_meta"]["django-mcp/error"] == {
        "kind": "busy",
        "error": "The server is busy.",
        "retryable": True,
        "hint": "",
        "retry_after": 1,
    }
    assert outcomes("echo") == ["busy"]


@pytest.mark.parametrize("takes_tasks", [False, True])
def test_background_call_that_finds_no_thread_is_busy_and_makes_no_task(
    client: Client, latch: Latch, settings: Settings, takes_tasks: bool
) -> None:
    settings.DJANGO_MCP_BUSY_AFTER = 0.05
    caller = client.with_tasks() if takes_tasks else client

    async def scenario() -> Answer:
        async with Full(client, latch):
            return await caller.acall("describe", name="Ada")

    answer = asyncio.run(scenario())

    record = CallRecord.objects.get(name="describe")
    assert answer.result["_meta"]["django-mcp/error"]["error"] == "The server is busy."
    assert (record.outcome, record.task_id) == ("busy", "")
    assert not ToolTask.objects.exists()


def test_hidden_tool_is_not_betrayed_by_a_busy_server(
    client: Client, latch: Latch, settings: Settings
) -> None:
    settings.DJANGO_MCP_BUSY_AFTER = 0.05

    async def scenario() -> list[Answer]:
        async with Full(client, latch):
            return [await client.acall(name) for name in ("hidden", "absent")]

    hidden, absent = asyncio.run(scenario())

    assert hidden.error == unknown_tool("hidden")
    assert hidden.text.replace("hidden", "absent") == absent.text
    assert outcomes("hidden") == outcomes("absent") == ["unknown_tool"]


def test_stuck_tools_lock_nobody_out(client: Client, latch: Latch) -> None:
    async def scenario() -> tuple[Answer, Answer]:
        async with Full(client, latch):
            return await client.asend("tools/list"), await client.acall("aecho", text="x")

    listed, called = asyncio.run(scenario())

    assert listed.result["tools"]
    assert called.result["structuredContent"] == {"result": "x"}


@pytest.mark.implementation
def test_stuck_control_threads_hold_up_nobody_who_needs_no_query(
    client: Client, latch: Latch, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DJANGO_MCP_RECORD = False
    monkeypatch.setattr(snapshot, "MAX_AGE_SECONDS", 3600.0)  # however slow the machine is

    async def scenario() -> Answer:
        async with asyncio.timeout(PATIENCE):
            await client.acall("aecho", text="first")  # reads what operators decided
            stuck = [
                asyncio.create_task(run_in_control(latch.wait, "control"))
                for _ in range(CONTROL_THREADS)
            ]
            for _ in stuck:
                await latch.arrival()
            answer = await client.acall("aecho", text="second")
            latch.open()
            await asyncio.gather(*stuck)
            return answer

    assert asyncio.run(scenario()).result["structuredContent"] == {"result": "second"}


@pytest.mark.implementation
def test_decisions_of_operators_may_grow_old_while_they_are_looked_at(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DJANGO_MCP_RECORD = False
    looks = itertools.count(1)
    # Every look at the clock is so much later that what was read the look before last is old.
    ageing = SimpleNamespace(monotonic=lambda: next(looks) * 0.75 * snapshot.MAX_AGE_SECONDS)
    monkeypatch.setattr(snapshot, "time", ageing)

    async def scenario() -> list[Answer]:
        return [await client.acall("aecho", text="x") for _ in range(10)]

    answers = asyncio.run(scenario())

    assert [each.result.get("structuredContent") for each in answers] == [{"result": "x"}] * 10


def test_call_waits_for_a_thread_that_becomes_free_in_time(client: Client, latch: Latch) -> None:
    async def scenario() -> Answer:
        async with Full(client, latch):
            waiting = asyncio.create_task(client.acall("echo", text="x"))
            await client.asend("tools/list")
            latch.open()
            return await waiting

    assert asyncio.run(scenario()).result["structuredContent"] == {"result": "x"}


def test_sync_tool_runs_on_a_worker_thread_of_its_own(client: Client) -> None:
    async def scenario() -> tuple[int, int]:
        answer = await client.acall("query")
        return threading.get_ident(), answer.result["structuredContent"]["result"]

    loop, worker = asyncio.run(scenario())

    names = {thread.ident: thread.name for thread in threading.enumerate()}
    assert worker != loop
    assert names[worker].startswith("django_mcp_worker")


def test_async_tools_do_not_share_the_thread_of_their_queries(client: Client, latch: Latch) -> None:
    async def scenario() -> list[int]:
        calls = [asyncio.create_task(client.acall("ameet", name=str(i))) for i in range(4)]
        # All are within their query at the same time: on one shared thread they never would be.
        for _ in calls:
            await latch.arrival()
        latch.open()
        answers = await asyncio.gather(*calls)
        return [answer.result["structuredContent"]["result"] for answer in answers]

    assert len(set(asyncio.run(scenario()))) == 4


def test_async_tool_that_finds_no_thread_for_its_query_is_told_so(
    client: Client, latch: Latch, settings: Settings
) -> None:
    settings.DJANGO_MCP_BUSY_AFTER = 0.05

    async def scenario() -> Answer:
        async with Full(client, latch):
            return await client.acall("aquery")

    answer = asyncio.run(scenario())

    assert answer.result["isError"] is True


def test_async_tool_that_does_not_query_takes_no_thread(client: Client, latch: Latch) -> None:
    async def scenario() -> list[Answer]:
        calls = [asyncio.create_task(client.acall("ahold", name=str(i))) for i in range(THREADS)]
        for _ in calls:
            await latch.arrival()
        answer = await client.acall("query")
        latch.open()
        return [answer, *await asyncio.gather(*calls)]

    assert all(answer.result["isError"] is False for answer in asyncio.run(scenario()))


def test_threads_keep_no_connection_that_django_would_close(client: Client) -> None:
    """With CONN_MAX_AGE at 0, as here, a connection lives as long as its piece of work."""
    assert connection.settings_dict["CONN_MAX_AGE"] == 0
    alive: list[object] = []

    def count(sender: object, connection: object, **kwargs: object) -> None:
        alive.append(connection)

    async def scenario() -> None:
        for _ in range(10):
            await client.acall("query")
            await client.acall("aquery")
            await client.acall("add_group", name=f"group {len(alive)}")

    connection_created.connect(count)
    try:
        asyncio.run(scenario())
    finally:
        connection_created.disconnect(count)

    assert alive
    assert [each for each in alive if each.connection is not None] == []  # type: ignore[attr-defined]


def test_threads_keep_their_connections_where_django_would(
    client: Client, kept_connections: None
) -> None:
    opened: list[object] = []

    def count(sender: object, connection: object, **kwargs: object) -> None:
        opened.append(connection)

    async def scenario() -> None:
        for _ in range(20):
            await client.acall("query")

    connection_created.connect(count)
    try:
        asyncio.run(scenario())
    finally:
        connection_created.disconnect(count)

    assert len(opened) <= THREADS + CONTROL_THREADS


def test_cancelled_caller_leaves_its_tool_to_the_thread(latch: Latch) -> None:
    def work() -> None:
        latch.wait("work")
        latch.note("done")

    async def scenario() -> str:
        caller = asyncio.create_task(run_in_worker(work))
        await latch.arrival()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        latch.open()
        return await latch.arrival()

    assert asyncio.run(scenario()) == "done"


def test_threads_are_free_again_after_calls_that_were_cancelled(latch: Latch) -> None:
    async def scenario() -> None:
        callers = [
            asyncio.create_task(run_in_worker(latch.wait, "held")) for _ in range(THREADS * 3)
        ]
        for _ in range(THREADS):
            await latch.arrival()
        for caller in callers:
            caller.cancel()
        await asyncio.wait(callers)
        latch.open()
        await asyncio.gather(*(run_in_worker(int) for _ in range(THREADS * 3)))

    asyncio.run(scenario())


def test_work_within_one_call_stays_on_one_thread_and_sees_its_failures() -> None:
    def fail() -> None:
        raise LookupError("nothing there")

    async def scenario() -> tuple[int, int]:
        async with DatabaseThread():
            first = await sync_to_async(threading.get_ident)()
            with pytest.raises(LookupError, match="nothing there"):
                await sync_to_async(fail)()
            return first, await sync_to_async(threading.get_ident)()

    first, second = asyncio.run(scenario())

    assert first == second


@pytest.mark.parametrize("run", [run_in_control, run_in_worker, run_to_end])
def test_code_that_exits_fails_and_does_not_end_the_server(run: Callable[..., Any]) -> None:
    """Out of a task, as the SDK serves each message in one, its exception ends the event loop."""

    async def scenario() -> str:
        serving = asyncio.create_task(run(sys.exit, "good bye"))
        with pytest.raises(RuntimeError, match="exited") as failure:
            await serving
        return repr(failure.value.__cause__)

    assert asyncio.run(scenario()) == "SystemExit('good bye')"


def test_query_that_waits_for_a_thread_can_be_cancelled(latch: Latch, settings: Settings) -> None:
    settings.DJANGO_MCP_BUSY_AFTER = PATIENCE

    async def query() -> None:
        async with DatabaseThread():
            await sync_to_async(latch.note)("ran")

    async def scenario() -> None:
        holders = [asyncio.create_task(run_in_worker(latch.wait, "held")) for _ in range(THREADS)]
        for _ in holders:
            await latch.arrival()
        late = asyncio.create_task(query())
        await asyncio.wait([late], timeout=0.05)
        late.cancel()
        latch.open()
        await asyncio.gather(*holders)
        with pytest.raises(asyncio.CancelledError):
            await late

    asyncio.run(scenario())


def test_query_that_finds_no_thread_in_time_is_busy(latch: Latch, settings: Settings) -> None:
    settings.DJANGO_MCP_BUSY_AFTER = 0.05

    async def scenario() -> None:
        holders = [asyncio.create_task(run_in_worker(latch.wait, "held")) for _ in range(THREADS)]
        for _ in holders:
            await latch.arrival()
        async with DatabaseThread():
            for _ in range(2):  # and stays so: the lease is not tried again
                with pytest.raises(BusyError):
                    await sync_to_async(int)()
        latch.open()
        await asyncio.gather(*holders)

    asyncio.run(scenario())


def test_query_on_a_thread_that_cannot_clean_up_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(database_connections, "reset_queries", fail)

    async def scenario() -> None:
        async with DatabaseThread():
            await sync_to_async(int)()

    with pytest.raises(RuntimeError, match="out of order"):
        asyncio.run(scenario())


def test_connection_that_cannot_even_be_closed_costs_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: BaseDatabaseWrapper) -> None:
        raise OperationalError("gone already")

    def lose(*, in_transaction: bool) -> str:
        if in_transaction:
            transaction.atomic().__enter__()
        connection.ensure_connection()
        connection.connection.close()
        connection.errors_occurred = True
        return "answer"

    async def main() -> None:
        pool = ThreadPool("one", 1)
        for in_transaction in (False, True, False):
            with monkeypatch.context() as driver:
                driver.setattr(type(connections["default"]), "_close", refuse)
                assert await pool.run(partial(lose, in_transaction=in_transaction)) == "answer"
            await pool.run(partial(Group.objects.create, name=f"{in_transaction}{uuid4()}"))
        await pool.run(connections.close_all)

    asyncio.run(main())

    assert Group.objects.count() == 3


def test_threads_serve_one_event_loop_after_the_other() -> None:
    for _ in range(3):
        assert asyncio.run(run_in_worker(int)) == 0
        assert asyncio.run(run_in_control(int)) == 0


def test_transaction_that_a_tool_left_open_harms_no_later_call() -> None:
    def leave_open() -> None:
        transaction.atomic().__enter__()

    def add() -> None:
        Group.objects.create(name="added")

    async def main() -> None:
        pool = ThreadPool("one", 1)
        await pool.run(leave_open)
        await pool.run(add)
        await pool.run(connections.close_all)

    asyncio.run(main())

    assert Group.objects.filter(name="added").exists()


@pytest.mark.parametrize("kept", ["threads", "watch"])
def test_event_loops_that_have_closed_are_forgotten(kept: str) -> None:
    pool = ThreadPool("one", 1)
    loops: WeakSet[asyncio.AbstractEventLoop] = WeakSet()

    async def crowd() -> None:
        loops.add(asyncio.get_running_loop())
        if kept == "threads":
            await asyncio.gather(*(pool.run(int) for _ in range(3)))
        else:
            async with poller().watch(uuid4()):
                pass

    for _ in range(5):
        asyncio.run(crowd())
    gc.collect()

    assert len(loops) == 1  # until the next one comes
