"""Generations of cached results: tokens in the cache, which a result keeps those it was made in.

A result of another generation than the current one is not served. So one removal makes any number
of results invalid, and a result that was computed from older data is known by its generation.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import uuid4

from django_mcp.threads.cache_context import limits_cache

LIFETIME_SECONDS = 7 * 24 * 60 * 60
"""Longest life of a generation; a new one costs one computation."""


def current(keys: Sequence[str], found: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the tokens of generations, of which the cache has just returned those it has.

    What is missing begins anew, so that a cache that forgets serves nothing old. Raises what the
    cache raises.
    """
    return tuple(str(found.get(key) or _begun(key)) for key in keys)


def end(keys: Collection[str]) -> None:
    """End generations, and with them the validity of their results. Raises what the cache does."""
    limits_cache().delete_many(list(keys))


def _begun(key: str) -> str:
    cache, token = limits_cache(), uuid4().hex
    if cache.add(key, token, LIFETIME_SECONDS):
        return token
    return str(cache.get(key) or token)  # another process was first
