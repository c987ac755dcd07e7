"""Upkeep of idempotency keys: leases of those that calls run under, deletion of expired ones."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from uuid import UUID

from django_mcp.models import IdempotencyKey
from django_mcp.threads.renewal import renewal

PRUNE_INTERVAL_SECONDS = 60.0


class Leases:
    """Leases of the keys whose calls this process runs, renewed by one statement for all."""

    def __init__(self) -> None:
        self._held: set[UUID] = set()
        self._lock = Lock()

    @contextmanager
    def during(self, call_id: UUID) -> Iterator[None]:
        """Renew the lease of a call's key inside the block."""
        with self._lock:
            self._held.add(call_id)
            renewal.add(self, self._renew)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(call_id)
                if not self._held:
                    renewal.remove(self)

    def holds(self, call_id: UUID) -> bool:
        """Return whether the call runs in this process."""
        return call_id in self._held

    def _renew(self) -> None:
        with self._lock:
            held = tuple(self._held)
        IdempotencyKey.objects.renew(held)


leases = Leases()

_next_prune_at = 0.0


def prune_when_due() -> None:
    """Delete a batch of expired keys, if this process has not within the last minute.

    Where keys are used they must not pile up, though no task is ever looked after.
    """
    global _next_prune_at
    if time.monotonic() >= _next_prune_at:
        _next_prune_at = time.monotonic() + PRUNE_INTERVAL_SECONDS
        IdempotencyKey.objects.prune(batches=1)
