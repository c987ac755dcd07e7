"""Renewal of leases: one thread of the process renews what its calls hold, while they hold it.

A lease expires `DJANGO_MCP_LEASE_TIME` seconds after its last renewal, so that nothing stays taken
by a process that was killed.
"""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from threading import Condition, Thread

from django.db import connections

from django_mcp.conf import settings
from django_mcp.db.connections import with_fresh_connections

logger = logging.getLogger(__name__)

RENEWALS_PER_LEASE = 3


class RenewalThread:
    """Thread that calls every function that was added, several times within the time of a lease.

    It ends when nothing is left at the time of the next renewal, and not before: most calls end
    long before that, and starting a thread for each would cost more than they hold.
    """

    def __init__(self) -> None:
        self._renew: dict[object, Callable[[], object]] = {}
        self._changed = Condition()
        self._thread: Thread | None = None
        self._interval = 0.0
        self._due = 0.0

    def add(self, key: object, renew: Callable[[], object]) -> None:
        """See `Renewal.add`."""
        interval = settings.LEASE_TIME / RENEWALS_PER_LEASE
        due = time.monotonic() + interval
        with self._changed:
            self._renew[key], self._interval = renew, interval
            if self._thread is None or not self._thread.is_alive():
                self._due = due
                self._thread = Thread(target=self._run, name="django_mcp_renewal", daemon=True)
                self._thread.start()
            elif due < self._due:  # leases last less long than they did
                self._due = due
                self._changed.notify()

    def remove(self, key: object) -> None:
        """See `Renewal.remove`."""
        with self._changed:
            self._renew.pop(key, None)

    def _run(self) -> None:
        while self._wait():
            with_fresh_connections(self._renew_all)
        connections.close_all()

    def _wait(self) -> bool:
        """Wait until the next renewal is due; return False, and end, when nothing is left."""
        with self._changed:
            while (left := self._due - time.monotonic()) > 0:
                self._changed.wait(left)
            self._due = time.monotonic() + self._interval
            if not self._renew:
                self._thread = None
            return bool(self._renew)

    def _renew_all(self) -> None:
        with self._changed:
            functions = list(self._renew.values())
        for renew in functions:
            try:
                renew()
            except Exception:
                logger.warning("A lease could not be renewed", exc_info=True)


class Renewal:
    """Renewal of what this process holds; a process that was forked holds nothing of its parent's.

    What `renew` raises is logged, and it is called again.
    """

    def add(self, key: object, renew: Callable[[], object]) -> None:
        """Call `renew` again and again, on a thread of its own, until the key is removed."""
        _thread_of(os.getpid()).add(key, renew)

    def remove(self, key: object) -> None:
        """Call the function of this key no more; one call may still be running."""
        _thread_of(os.getpid()).remove(key)

    @contextmanager
    def during(self, renew: Callable[[], object]) -> Iterator[None]:
        """Call `renew` again and again inside the block."""
        key = object()
        self.add(key, renew)
        try:
            yield
        finally:
            self.remove(key)


@cache
def _thread_of(process: int) -> RenewalThread:
    # By process: no thread outlives a fork, and uWSGI calls nothing of os.register_at_fork().
    return RenewalThread()


renewal = Renewal()
