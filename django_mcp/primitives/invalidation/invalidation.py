"""Invalidation of cached results, by the code of a project."""

import logging
from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING

from django.db import connections, transaction

from django_mcp.cache_outages import CacheOutage
from django_mcp.kinds import Kind
from django_mcp.primitives.declaration import declarations
from django_mcp.primitives.invalidation import generations
from django_mcp.primitives.result_cache.keys import generation_of, identity_of

if TYPE_CHECKING:  # models cannot be imported where the facade is
    from django.contrib.auth.base_user import AbstractBaseUser

logger = logging.getLogger(__name__)

outage = CacheOutage(
    logger, "The cache of results is away: invalid ones are served until they expire"
)


def invalidate(name: str, *, user: "AbstractBaseUser | None" = None, kind: str = Kind.TOOL) -> None:
    """Serve nothing any more of what the cache keeps of a tool, or of a resource by its `kind`.

    With a `user`, only of what is kept for that user, where results vary on it. In a transaction it
    counts after the commit, of every database that has one open, and not at all when that is
    rolled back. A run that has begun before keeps its result to itself. When the cache is away, a
    line in the log says so, and what it keeps lives to its end.

    Raises `LookupError` for a name that nothing is declared by.
    """
    found = next((each for each in declarations() if each.key == (kind, name)), None)
    if found is None:
        raise LookupError(f"There is no {kind} named {name!r}.")
    is_by_user = user is not None and "user" in getattr(found, "vary_on", ())
    subject = identity_of(user) if is_by_user else None
    end = partial(end_now, (generation_of((kind, name), subject),))
    every = connections.all(initialized_only=True)
    open_databases = [each.alias for each in every if each.in_atomic_block]
    for database in open_databases:
        end_after_commit(end, database)
    if not open_databases:
        end()


def end_now(keys: Collection[str]) -> None:
    """End generations; log it when the cache fails."""
    try:
        generations.end(keys)
    except Exception as error:  # noqa: BLE001  (of whatever cache)
        outage.log(error)


def end_after_commit(end: Callable[[], None], database: str) -> None:
    """Call `end` after the commit of a database's transaction; at once if there is none."""
    if connections[database].in_atomic_block:
        transaction.on_commit(end, using=database, robust=True)
    else:  # where Django's hooks would not be called, if the project commits by hand
        end()
