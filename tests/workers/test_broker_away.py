"""Brokers that are down when a call comes, never answer, or forget what they were given."""

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.e2e.servers import Site
from tests.polls import until
from tests.ports import held_port
from tests.workers.clients import calling, text_of
from tests.workers.conftest import BROKER_URL
from tests.workers.processes import redis_server, working
from tests.workers.traces import have_ended, record_of, task_of, traces

is_redis = pytest.mark.skipif(
    not BROKER_URL.startswith("redis"), reason="only a Redis is started by the tests themselves"
)

QUICKLY = 10.0
"""Seconds: twice the connection timeout of the site, and what a busy machine needs."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with held_port() as port:
        yield port


@pytest.fixture(scope="module")
def broker_url(port: int) -> str:
    """A broker of the leg's kind that is not there."""
    scheme, _, _ = BROKER_URL.partition(":")
    return f"{scheme}://127.0.0.1:{port}//"


def call(site: Site, name: str, tag: str) -> tuple[dict[str, object], float]:
    """The answer to a call, and how long it took."""

    async def scenario() -> dict[str, object]:
        async with calling(site) as caller:
            return await caller.call(name, tag=tag, seconds=0)

    started = time.monotonic()
    return asyncio.run(scenario()), time.monotonic() - started


@pytest.mark.parametrize("is_mute", [False, True], ids=["down", "mute"])
def test_call_without_a_broker_is_refused_soon_and_nothing_is_run(
    site: Site, port: int, is_mute: bool
) -> None:
    tag = f"refused-{is_mute}"
    mute = socket.create_server(("127.0.0.1", port)) if is_mute else None
    try:
        answer, seconds = call(site, "work", tag)
    finally:
        if mute is not None:
            mute.close()

    task = task_of(tag)
    assert seconds < QUICKLY
    assert answer["result"]["_meta"]["django-mcp/error"] == {  # type: ignore[index]
        "kind": "failed",
        "error": "No worker could take this call, so it was not run.",
        "retryable": True,
        "hint": "",
        "retry_after": None,
    }
    assert (task.status, task.attempts, task.is_recorded) == ("failed", 0, True)
    assert record_of(task).error_class == "TaskNotStartedError"
    assert f"start {tag}" not in traces(site)


@is_redis
def test_broker_that_comes_back_serves_the_next_call_and_none_that_was_refused(
    site: Site, port: int, tmp_path: Path
) -> None:
    refused, _ = call(site, "work", "before")
    with redis_server(port, tmp_path), working(site, tmp_path / "worker.log", slots=1):
        served, _ = call(site, "work", "after")
        until(lambda: have_ended(["before", "after"]))

    assert "not run" in text_of(refused)
    assert text_of(served) == "after"
    assert "start before" not in traces(site)


@is_redis
def test_call_that_a_restarted_broker_has_forgotten_is_run_nevertheless(
    site: Site, port: int, tmp_path: Path
) -> None:
    async def scenario() -> dict[str, object]:
        async with calling(site) as caller:
            with redis_server(port, tmp_path):
                (call,) = caller.calls(("work", "forgotten", 0))
                await asyncio.to_thread(until, has_been_handed_over)
            with (
                redis_server(port, tmp_path),
                working(site, tmp_path / "worker.log", slots=1),
            ):
                return await call

    def has_been_handed_over() -> bool:
        with Redis(port=port) as broker:
            return bool(broker.llen(site.environment["QUEUE"]))

    answer = asyncio.run(scenario())

    assert text_of(answer) == "forgotten"
    assert traces(site).count("start forgotten") == 1
