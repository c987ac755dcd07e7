"""Renewal of leases: by one thread, several times within their life, in each process for itself."""

import multiprocessing
import os
import threading
from collections.abc import Iterator
from queue import SimpleQueue

import pytest
from pytest_django import Settings

from django_mcp.threads.renewal import renewal
from tests.polls import PATIENCE, until

LEASE_TIME = 0.3


@pytest.fixture(autouse=True)
def _short(settings: Settings) -> Iterator[None]:
    settings.DJANGO_MCP_LEASE_TIME = LEASE_TIME
    yield
    until(lambda: not threads())


def threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "django_mcp_renewal"]


def test_one_thread_renews_all_that_is_held_until_it_is_given_back() -> None:
    first: SimpleQueue[int] = SimpleQueue()
    second: SimpleQueue[int] = SimpleQueue()

    with renewal.during(lambda: first.put(threading.get_ident())):
        with renewal.during(lambda: second.put(threading.get_ident())):
            seen = {first.get(timeout=PATIENCE), first.get(timeout=PATIENCE)}
            seen |= {second.get(timeout=PATIENCE), second.get(timeout=PATIENCE)}
            (thread,) = threads()
        while not second.empty():
            second.get()
        first.get(timeout=PATIENCE)
        first.get(timeout=PATIENCE)

    assert seen == {thread.ident}
    assert second.qsize() <= 1  # one may have been running
    until(lambda: not threads())


def test_lease_that_cannot_be_renewed_is_tried_again_and_keeps_no_other_from_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tries: SimpleQueue[None] = SimpleQueue()
    renewed: SimpleQueue[None] = SimpleQueue()

    def fail() -> None:
        tries.put(None)
        raise ConnectionError("the cache is away")

    with renewal.during(fail), renewal.during(lambda: renewed.put(None)):
        for _ in range(2):
            tries.get(timeout=PATIENCE)
            renewed.get(timeout=PATIENCE)

    assert "A lease could not be renewed" in caplog.messages


def test_short_calls_share_a_thread() -> None:
    with renewal.during(lambda: None):
        (thread,) = threads()
    with renewal.during(lambda: None):
        assert threads() == [thread]


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forked_process_renews_its_own_leases_and_none_of_its_parent() -> None:
    context = multiprocessing.get_context("fork")
    seen = context.SimpleQueue()

    def renew(name: str) -> None:
        seen.put((name, os.getpid()))

    def child() -> None:
        with renewal.during(lambda: renew("child's")):
            assert seen_by_child.wait(PATIENCE)
        until(lambda: not threads())  # one that was killed would keep the queue locked

    seen_by_child = context.Event()
    with renewal.during(lambda: renew("parent's")):
        process = context.Process(target=child)
        process.start()
        found = {seen.get() for _ in range(8)}
        seen_by_child.set()
        process.join(PATIENCE)

    assert process.exitcode == 0
    assert found == {("parent's", os.getpid()), ("child's", process.pid)}
