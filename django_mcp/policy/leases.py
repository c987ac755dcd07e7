"""Leases of places in the cache: each of a limited number is held by one call, in all processes.

A place is a key that `cache.add` makes: of any number of processes that try, one succeeds. Its
value is a token of its holder. One that is not given back is free after `DJANGO_MCP_LEASE_TIME`.
"""

import logging
import os
import random
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from threading import Lock
from uuid import uuid4

from django.core.cache import BaseCache

from django_mcp.conf import settings
from django_mcp.threads.cache_context import limits_cache
from django_mcp.threads.renewal import RENEWALS_PER_LEASE, renewal

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A place that is held: its key in the cache, the token of its holder, and its beginning."""

    key: str
    token: str
    taken: float


class Leases:
    """Leases that a process holds, which it renews until they are given back."""

    def __init__(self) -> None:
        self._held: dict[str, Lease] = {}
        self._lock = Lock()

    def take(self, name: str, *, places: int) -> Lease | None:
        """Return a lease of a free place, of so many under this name; None when there is none.

        Raises what the cache raises.
        """
        found = self._free_place(_cache(), name, places)
        if found is not None:
            with self._lock:
                if not self._held:
                    renewal.add(self, self.renew)
                self._held[found.key] = found
        return found

    def give_back(self, leases: Iterable[Lease]) -> None:
        """Free the places of these leases that still are theirs. Raises what the cache raises."""
        own, doubtful = [], {}
        with self._lock:
            begun = time.monotonic() - settings.LEASE_TIME
            for each in leases:
                is_held = self._held.pop(each.key, None) == each
                if is_held and each.taken > begun:  # it cannot have expired yet
                    own.append(each.key)
                else:
                    doubtful[each.key] = each.token
            if not self._held:
                renewal.remove(self)
        cache = _cache()
        if doubtful:
            found = cache.get_many(doubtful)
            own += [key for key, token in doubtful.items() if found.get(key) == token]
        cache.delete_many(own)

    def renew(self) -> None:
        """Renew what has been held for long enough that it could expire before the next renewal.

        One `get_many` for all, and a `touch` for each of them, which does no harm to a place that
        was given back meanwhile, or belongs to another by now.
        """
        begun = time.monotonic() - settings.LEASE_TIME / RENEWALS_PER_LEASE
        with self._lock:
            due = {key: lease for key, lease in self._held.items() if lease.taken <= begun}
        if not due:
            return
        cache = _cache()
        found = cache.get_many(due)
        for key, lease in due.items():
            if found.get(key) == lease.token:
                cache.touch(key, settings.LEASE_TIME)
            else:
                self._take_again(cache, lease)

    def _free_place(self, cache: BaseCache, name: str, places: int) -> Lease | None:
        token, taken = uuid4().hex, time.monotonic()

        def lease(place: int) -> Lease | None:
            key = f"django-mcp:lease:{name}:{place}"
            is_taken = cache.add(key, token, settings.LEASE_TIME)
            return Lease(key=key, token=token, taken=taken) if is_taken else None

        first = random.randrange(places)
        if (found := lease(first)) is not None:  # as nearly always, where most are free
            return found
        keys = {f"django-mcp:lease:{name}:{place}": place for place in range(places)}
        occupied = cache.get_many(keys)
        free = [place for key, place in keys.items() if key not in occupied]
        random.shuffle(free)
        return next((found for place in free if (found := lease(place)) is not None), None)

    def _take_again(self, cache: BaseCache, lost: Lease) -> None:
        """Take the place of a lease that has expired; without success, hold it no longer."""
        # Under the lock, or it would be taken for a call that has just given it back.
        with self._lock:
            if self._held.get(lost.key) != lost:
                return
            if cache.add(lost.key, lost.token, settings.LEASE_TIME):
                return
            del self._held[lost.key]
        logger.warning("The lease %s has expired, and its call goes on without it", lost.key)


def leases() -> Leases:
    """Return the leases of this process."""
    return _leases_of(os.getpid())


@cache
def _leases_of(process: int) -> Leases:
    # By process: a fork holds nothing of its parent's, and uWSGI calls nothing of
    # os.register_at_fork().
    return Leases()


def _cache() -> BaseCache:
    return limits_cache()
