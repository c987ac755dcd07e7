"""Workers that are killed at any moment: every call ends, and nothing happens twice."""

import asyncio
import random
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connections

from tests.e2e.servers import Site
from tests.polls import until
from tests.workers.clients import calling, text_of
from tests.workers.processes import Worker, working
from tests.workers.traces import ALIAS, effects, have_ended, record_of, task_of, tasks, traces

CALLS = 100
SEED = 20261120
STATES = {"completed", "failed"}
RERUNS = 2


def test_every_call_ends_and_nothing_happens_twice(site: Site, tmp_path: Path) -> None:
    """Children, parents and whole workers are killed while a hundred calls come and run."""
    chance = random.Random(SEED)
    wanted = [
        (chance.choice(["work", "repeat"]), f"fault-{number}", chance.uniform(0, 0.3))
        for number in range(CALLS)
    ]
    tags = [tag for _, tag, _ in wanted]
    has_ended = threading.Event()

    def kill_workers() -> None:
        weapons = (Worker.kill_child, Worker.kill_parent, Worker.kill_all)
        for number, weapon in enumerate(weapons):
            with working(site, tmp_path / f"killed-{number}.log") as worker:
                has_ended.wait(chance.uniform(0.2, 1.5))
                until(lambda: is_anybody_working() or have_ended(tags))
                weapon(worker)
                has_ended.wait(0.5)
        with working(site, tmp_path / "last.log"):
            has_ended.wait(60)
        connections[ALIAS].close()  # this thread's own

    async def scenario() -> None:
        async with calling(site) as caller:
            for answer in asyncio.as_completed(caller.calls(*wanted)):
                await answer

    killer = threading.Thread(target=kill_workers)
    killer.start()
    try:
        asyncio.run(scenario())
        until(lambda: have_ended(tags))
    finally:
        has_ended.set()
        killer.join()

    assert any(task.attempts > 1 or task.status == "failed" for task in tasks()), "all shots missed"
    starts = Counter(line for line in traces(site))
    for name, tag, _ in wanted:
        task = task_of(tag)
        is_complete = task.status == "completed"
        assert task.status in STATES
        assert effects(tag) == is_complete
        assert is_complete <= starts[f"start {tag}"] <= (1 if name == "work" else 1 + RERUNS)
        expected = "ok" if is_complete else "unknown"
        assert record_of(task).outcome == expected, task.error


def is_anybody_working() -> bool:
    return any(task.status == "working" for task in tasks())


def test_database_that_is_away_for_a_while_costs_no_more_than_time(
    site: Site, tmp_path: Path
) -> None:
    url = site.environment["DATABASE_URL"]
    if not url.startswith("postgres"):
        pytest.skip("a file does not go away")
    connections[ALIAS].close()  # or this process would lose its own

    async def scenario() -> list[dict[str, Any]]:
        async with calling(site) as caller:
            calls = caller.calls(("report", "away-sync", 3), ("areport", "away-async", 3))
            await asyncio.to_thread(
                until, lambda: {"start away-sync", "start away-async"} <= set(traces(site))
            )
            await asyncio.to_thread(shut_out, url, 1.5)
            return await asyncio.gather(*calls)

    with working(site, tmp_path / "worker.log"):
        answers = asyncio.run(scenario())
        until(lambda: have_ended(["away-sync", "away-async"]))

    assert [text_of(answer) for answer in answers] == ["away-sync", "away-async"]


def shut_out(url: str, seconds: float) -> None:
    """Let nobody use the database for so long."""
    import psycopg  # only there where it is needed

    parts = urlsplit(url)
    name = parts.path.removeprefix("/")
    allow = f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS'
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(
        urlunsplit(parts._replace(path="/postgres")), autocommit=True
    ) as connection:
        connection.execute(f"{allow} false")
        try:
            connection.execute(kill, [name])
            time.sleep(seconds)  # what is tested is how this time passes
        finally:
            connection.execute(f"{allow} true")


@pytest.mark.parametrize(("pool", "name"), [("prefork", "work"), ("threads", "repeat")])
def test_killed_worker_costs_an_idempotent_tool_no_more_than_time(
    site: Site, tmp_path: Path, pool: str, name: str
) -> None:
    tag = f"killed-{pool}-{name}"

    async def scenario() -> dict[str, object]:
        async with calling(site) as caller:
            with working(site, tmp_path / "first.log", pool=pool, slots=1) as first:
                (call,) = caller.calls((name, tag, 1.5))
                await asyncio.to_thread(until, lambda: f"start {tag}" in traces(site))
                first.kill_all()
            with working(site, tmp_path / "second.log", pool=pool, slots=1):
                return await call

    answer = asyncio.run(scenario())

    task = task_of(tag)
    assert isinstance(answer["result"], dict)
    if name == "repeat":
        assert answer["result"]["structuredContent"] == {"result": tag}
        assert (task.status, task.attempts, effects(tag)) == ("completed", 2, 1)
    else:
        assert "outcome unknown" in str(answer["result"]["content"])
        assert (task.status, task.attempts, effects(tag)) == ("failed", 1, 0)
    assert traces(site).count(f"start {tag}") == task.attempts
