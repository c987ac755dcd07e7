"""Renewal of leases: one thread of the process renews what its calls hold, while they hold it.

A lease expires `DJANGO_MCP_LEASE_TIME` seconds after its last renewal, so that nothing stays taken
by a process that was killed.
"""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Thread

from django.db import connections

from django_mcp.conf import settings
from django_mcp.db.connections import with_fresh_connections

logger = logging.getLogger(__name__)

RENEWALS_PER_LEASE = 3


class Renewal:
    """Thread that calls every function that was added, several times within the time of a lease.

    It lives while there are any.
    """

    def __init__(self) -> None:
        self._renew: dict[object, Callable[[], object]] = {}
        self._changed = Condition()
        self._process = 0

    def add(self, key: object, renew: Callable[[], object]) -> None:
        """Call `renew` again and again, on a thread of its own, until the key is removed.

        What it raises is logged, and it is called again.
        """
        with self._changed:
            self._renew[key] = renew
            if self._process != os.getpid():  # none yet, or that of the process before a fork
                self._process = os.getpid()
                Thread(target=self._run, name="django_mcp_renewal", daemon=True).start()

    def remove(self, key: object) -> None:
        """Call the function of this key no more; one call may still be running."""
        with self._changed:
            self._renew.pop(key, None)
            self._changed.notify_all()

    @contextmanager
    def during(self, renew: Callable[[], object]) -> Iterator[None]:
        """Call `renew` again and again inside the block."""
        key = object()
        self.add(key, renew)
        try:
            yield
        finally:
            self.remove(key)

    def _run(self) -> None:
        while self._wait():
            with_fresh_connections(self._renew_all)
        connections.close_all()

    def _wait(self) -> bool:
        """Wait until the next renewal is due; return False, and end, when nothing is left."""
        due = time.monotonic() + settings.LEASE_TIME / RENEWALS_PER_LEASE
        with self._changed:
            while self._renew and (left := due - time.monotonic()) > 0:
                self._changed.wait(left)
            if not self._renew:
                self._process = 0
            return bool(self._renew)

    def _renew_all(self) -> None:
        for renew in tuple(self._renew.values()):
            try:
                renew()
            except Exception:
                logger.warning("A lease could not be renewed", exc_info=True)


renewal = Renewal()
