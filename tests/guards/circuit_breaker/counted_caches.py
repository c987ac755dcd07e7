"""Caches of the tests: one that counts, and one that is away."""

from collections import Counter
from typing import Any

from django.core.cache.backends.locmem import LocMemCache

HERE = "tests.guards.circuit_breaker.counted_caches"

requests: Counter[str] = Counter()
"""Requests to the cache, by method."""


class CountedCache(LocMemCache):
    """Counts the requests that a cache of another process would get."""

    def get(self, *args: Any, **options: Any) -> Any:
        requests["get"] += 1
        return super().get(*args, **options)

    def get_many(self, keys: Any, version: Any = None) -> Any:
        requests["get_many"] += 1
        found = ((key, super(CountedCache, self).get(key)) for key in keys)
        return {key: value for key, value in found if value is not None}

    def set(self, *args: Any, **options: Any) -> None:
        requests["set"] += 1
        super().set(*args, **options)

    def add(self, *args: Any, **options: Any) -> Any:
        requests["add"] += 1
        return super().add(*args, **options)

    def incr(self, *args: Any, **options: Any) -> Any:
        requests["incr"] += 1
        return super().incr(*args, **options)

    def delete(self, *args: Any, **options: Any) -> Any:
        requests["delete"] += 1
        return super().delete(*args, **options)


class BrokenCache(LocMemCache):
    """Cannot be reached."""

    def get_many(self, keys: Any, version: Any = None) -> Any:
        raise ConnectionError("no cache")

    def get(self, *args: Any, **options: Any) -> Any:
        raise ConnectionError("no cache")
