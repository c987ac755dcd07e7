"""A trivial call while hundreds of callers of one process wait for background calls."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from benchmarks.bench import Bench
from benchmarks.broker import temporary_queue
from benchmarks.load.outcome import Outcome
from benchmarks.report import Aim, Section, middle
from benchmarks.requests import call_tool
from benchmarks.rounds import Contestant, put_under_load
from benchmarks.scenarios.enqueue import with_background
from benchmarks.scenarios.trivial import OURS
from benchmarks.servers import RunningServer, ServerError, running

CALLERS = 500
LIMIT = 5.0
STEPS = 10
"""Parts of a second: in each, a part of the tasks make progress, as those of many workers do."""
ARRIVAL = 0.01
"""Seconds between two callers."""
START_WITHIN = 60.0
TABLE = "django_mcp_tooltask"
WAITING = call_tool("add_later", {"a": 2, "b": 40}, expected="", progress_token="here")
NOTIFICATION = b'"notifications/progress"'

PROGRESS = f"""
    UPDATE {TABLE} SET status = 'working', progress = coalesce(progress, 0) + 1,
        progress_total = 1000000, heartbeat = now(), updated = now()
    WHERE get_byte(uuid_send(id), 15) %% {STEPS} = %s
"""


@dataclass(slots=True)
class Callers:
    """Those who wait, and what has reached them."""

    notifications: int = 0
    answers: list[str] = field(default_factory=list)


def run(bench: Bench) -> Section:
    idle: list[float] = []
    busy: list[float] = []
    ratios: list[float] = []
    delivered: list[float] = []
    with temporary_queue() as queue:
        trivial = Contestant(
            name="trivial",
            server=with_background(OURS, queue),
            request=call_tool("add", {"a": 2, "b": 40}, expected='"result":42'),
            connections=1,
        )
        for _ in range(bench.pace.rounds):
            bench.database.empty(TABLE)
            with running(trivial.server, cores=bench.cores.of_workers(1)) as started:
                put_under_load(bench, trivial, started, bench.pace.warm_up)
                bench.keep_database_beside_load()
                alone = put_under_load(bench, trivial, started, bench.pace.seconds)
                callers = Callers()
                among = asyncio.run(_among_callers(bench, trivial, started, callers))
            queue.empty()
            idle.append(alone.slowest_percent_ms)
            busy.append(among.slowest_percent_ms)
            ratios.append(among.slowest_percent_ms / alone.slowest_percent_ms)
            delivered.append(callers.notifications / among.seconds / CALLERS)
    ratio = middle(ratios)
    return Section(
        title=f"While {CALLERS} callers wait",
        text="A trivial sync tool, anonymous and not recorded, over one connection to one process, "
        f"alone and while {CALLERS} callers wait on open streams for tasks that make progress once "
        "a second.",
        header=("", "99 %, ms", "Reports to each caller/s"),
        rows=[
            ["alone", f"{middle(idle):.1f}", ""],
            [f"{CALLERS} callers wait", f"{middle(busy):.1f}", f"{middle(delivered):.2f}"],
        ],
        aims=[
            Aim(
                wanted=f"The slowest percent under {LIMIT:g} times that of a process alone",
                measured=f"{ratio:.1f} times",
                is_met=ratio < LIMIT,
            )
        ],
    )


async def _among_callers(
    bench: Bench, trivial: Contestant, server: RunningServer, callers: Callers
) -> Outcome:
    """Put the server under load once all callers wait, and their tasks make progress."""
    others = [asyncio.create_task(_make_progress(bench))]
    try:
        for _ in range(CALLERS):
            others.append(asyncio.create_task(_wait(server.port, callers)))
            await asyncio.sleep(ARRIVAL)
        await _tasks_of_all(bench, server, callers)
        callers.notifications = 0
        outcome = await asyncio.to_thread(
            put_under_load, bench, trivial, server, bench.pace.seconds
        )
    finally:
        for task in others:
            task.cancel()
        await asyncio.wait(others)
    if callers.answers:
        raise ServerError(f"Nobody should have been answered: {callers.answers[0]}")
    return outcome


async def _wait(port: int, callers: Callers) -> None:
    """Call, and read what comes until nobody wants to know."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(WAITING.to_bytes())
    try:
        while data := await reader.read(65536):
            callers.notifications += data.count(NOTIFICATION)
            if b'"result"' in data or b'"error"' in data:
                callers.answers.append(data.decode())
    finally:
        writer.close()


async def _tasks_of_all(bench: Bench, server: RunningServer, callers: Callers) -> None:
    count = 0
    try:
        async with asyncio.timeout(START_WITHIN), _connection(bench) as connection:
            while count < CALLERS:
                await asyncio.sleep(0.1)
                found = await connection.execute(f"SELECT count(*) FROM {TABLE}")
                (count,) = await found.fetchone() or (0,)
    except TimeoutError:
        answer = callers.answers[0] if callers.answers else ""
        raise ServerError(f"{CALLERS - count} lack a task. {answer}\n{server.tail()}") from None


async def _make_progress(bench: Bench) -> None:
    """Move the tasks on as workers would: in their rows."""
    async with _connection(bench) as connection:
        for step in itertools.count():
            await connection.execute(PROGRESS, [step % STEPS])
            await asyncio.sleep(1 / STEPS)


@asynccontextmanager
async def _connection(bench: Bench) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with await psycopg.AsyncConnection.connect(bench.database.url, autocommit=True) as found:
        yield found
