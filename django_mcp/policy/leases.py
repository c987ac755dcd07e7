"""Leases of places in the cache: each of a limited number is held by one call, in all processes.

A place is a key that `cache.add` makes: of any number of processes that try, one succeeds. Its
value is a token of its holder. One that is not given back is free after `DJANGO_MCP_LEASE_TIME`.
"""

import logging
import os
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import NamedTuple
from uuid import uuid4

from django.core.cache import BaseCache

from django_mcp.conf import settings
from django_mcp.threads.cache_context import limits_cache
from django_mcp.threads.cache_counters import add_each, delete_each
from django_mcp.threads.renewal import RENEWALS_PER_LEASE, renewal

logger = logging.getLogger(__name__)

CAREFUL_SECONDS = 60.0
"""Time after a refusal in which places under its name are taken one after the other."""

MOST_REFUSED = 10_000
"""Number of names that a process keeps for that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A place that is held: its key in the cache, the token of its holder, and its beginning."""

    key: str
    token: int
    taken: float


class Wanted(NamedTuple):
    """One of so many places under a name, which a call needs."""

    name: str
    places: int


class Leases:
    """Leases that a process holds, which it renews until they are given back."""

    def __init__(self) -> None:
        self._held: dict[str, Lease] = {}
        self._lock = Lock()
        self._refused: dict[str, float] = {}

    def take(self, name: str, *, places: int) -> Lease | None:
        """Return a lease of a free place, of so many under this name; None when there is none.

        Raises what the cache raises.
        """
        found = self._free_place(limits_cache(), name, places)
        if found is not None:
            self._hold([found])
        return found

    def take_each(self, wanted: Sequence[Wanted], held: list[Lease]) -> Wanted | None:
        """Take a place of each, and append the leases to `held`; return the first that has none.

        By one request for all, where each has a place free. Whoever was refused lately asks for
        one after the other, so that it takes none of what it shares with others. Raises what the
        cache raises; what was taken by then is `held`.
        """
        taken: list[Lease | None] = [None] * len(wanted)
        if len(wanted) > 1 and not any(map(self._was_refused, wanted)):
            taken = self._take_at_once(wanted)
            held.extend(each for each in taken if each is not None)
        for each, lease in zip(wanted, taken, strict=True):
            if lease is not None:
                continue
            found = self.take(each.name, places=each.places)
            if found is None:
                if len(self._refused) >= MOST_REFUSED:
                    self._refused.clear()
                self._refused[each.name] = time.monotonic()
                return each
            held.append(found)
        return None

    def _was_refused(self, wanted: Wanted) -> bool:
        at = self._refused.get(wanted.name)
        return at is not None and time.monotonic() - at < CAREFUL_SECONDS

    def _take_at_once(self, wanted: Sequence[Wanted]) -> list[Lease | None]:
        tried = [_lease_of(each.name, random.randrange(each.places)) for each in wanted]
        values = {each.key: each.token for each in tried}
        are_free = add_each(limits_cache(), values, settings.LEASE_TIME)
        self._hold([each for each, is_free in zip(tried, are_free, strict=True) if is_free])
        return [each if is_free else None for each, is_free in zip(tried, are_free, strict=True)]

    def _hold(self, leases: Sequence[Lease]) -> None:
        with self._lock:
            if leases and not self._held:
                renewal.add(self, self.renew)
            self._held.update({each.key: each for each in leases})

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
        cache = limits_cache()
        if doubtful:
            found = cache.get_many(doubtful)
            own += [key for key, token in doubtful.items() if found.get(key) == token]
        delete_each(cache, own)

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
        cache = limits_cache()
        found = cache.get_many(due)
        for key, lease in due.items():
            if found.get(key) == lease.token:
                cache.touch(key, settings.LEASE_TIME)
            else:
                self._take_again(cache, lease)

    def _free_place(self, cache: BaseCache, name: str, places: int) -> Lease | None:
        def lease(place: int) -> Lease | None:
            found = _lease_of(name, place)
            return found if cache.add(found.key, found.token, settings.LEASE_TIME) else None

        first = random.randrange(places)
        if (found := lease(first)) is not None:  # as nearly always, where most are free
            return found
        keys = {_key(name, place): place for place in range(places)}
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


def _lease_of(name: str, place: int) -> Lease:
    return Lease(key=_key(name, place), token=uuid4().int, taken=time.monotonic())


def _key(name: str, place: int) -> str:
    return f"django-mcp:lease:{name}:{place}"


def leases() -> Leases:
    """Return the leases of this process."""
    return _leases_of(os.getpid())


@cache
def _leases_of(process: int) -> Leases:
    # By process: a fork holds nothing of its parent's, and uWSGI calls nothing of
    # os.register_at_fork().
    return Leases()
