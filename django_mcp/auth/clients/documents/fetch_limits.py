"""Limits of fetches from other hosts: in time, in number, and per party."""

from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Any, TypeVar

from django.db import connections

T = TypeVar("T")


class FetchRefusedError(Exception):
    """Error of a fetch beyond the limit, in total or for one of the parties."""


class BoundedFetches:
    """Bounded pool of fetches in this process, each on a thread of its own.

    A fetch that is given up counts until its thread ends: name servers can be slow as well, and no
    resolver can be stopped.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._in_flight = 0
        self._taken: Counter[str] = Counter()

    def run(
        self, fetch: Callable[[], T], *, seconds: float, limit: int | None, parties: Collection[str]
    ) -> T:
        """Return the result of `fetch`; raises its exception, or `TimeoutError` after `seconds`.

        Raises `FetchRefusedError` when `limit` fetches are in flight, or a third of that for one of
        the `parties` of this one. Without a `limit`, any number runs.
        """
        self._take(limit, parties)
        outcome: Future[T] = Future()
        thread = Thread(
            target=self._work, args=(fetch, outcome, parties), name="django_mcp_fetch", daemon=True
        )
        try:
            thread.start()
        except BaseException:
            self._give_back(parties)
            raise
        return outcome.result(timeout=seconds)

    def _work(
        self, fetch: Callable[[], Any], outcome: "Future[Any]", parties: Collection[str]
    ) -> None:
        try:
            result = fetch()
        except BaseException as error:  # noqa: BLE001  (it belongs to the thread that waits)
            self._end(parties)
            outcome.set_exception(error)
        else:
            self._end(parties)
            outcome.set_result(result)

    def _end(self, parties: Collection[str]) -> None:
        self._give_back(parties)
        connections.close_all()  # a project's own fetcher may have queried the database

    def _take(self, limit: int | None, parties: Collection[str]) -> None:
        with self._lock:
            if limit:
                share = max(1, limit // 3)
                if self._in_flight >= limit or any(self._taken[each] >= share for each in parties):
                    raise FetchRefusedError
            self._in_flight += 1
            self._taken.update(parties)

    def _give_back(self, parties: Collection[str]) -> None:
        with self._lock:
            self._in_flight -= 1
            self._taken.subtract(parties)
            self._taken += Counter()  # forgets those that have none
