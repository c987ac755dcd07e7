"""Workers that are killed at any moment: every call ends, and nothing happens twice."""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.servers import Site, until
from tests.workers.calling import calling
from tests.workers.looking import effects, have_ended, record_of, task_of, traces
from tests.workers.processes import Worker, working

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
        weapons: list[Callable[[Worker], None]] = [
            Worker.kill_child,
            Worker.kill_child,
            Worker.kill_parent,
            Worker.kill_all,
        ]
        for number, weapon in enumerate(weapons):
            with working(site, tmp_path / f"killed-{number}.log") as worker:
                has_ended.wait(chance.uniform(0.2, 1.5))
                weapon(worker)
                has_ended.wait(0.5)
        with working(site, tmp_path / "last.log"):
            has_ended.wait(60)

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

    starts = Counter(line for line in traces(site))
    for name, tag, _ in wanted:
        task = task_of(tag)
        is_complete = task.status == "completed"
        assert task.status in STATES
        assert effects(tag) == is_complete
        assert is_complete <= starts[f"start {tag}"] <= (1 if name == "work" else 1 + RERUNS)
        expected = "ok" if is_complete else "unknown"
        assert record_of(task).outcome == expected, task.error


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
