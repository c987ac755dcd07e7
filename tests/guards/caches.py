"""Caches that do not answer."""

from typing import Any

from django.core.cache.backends.dummy import DummyCache


class SilentCache(DummyCache):
    """Fails as clients of memcached do when their server is away: without an exception."""

    def add(self, *arguments: Any, **options: Any) -> bool:
        return False

    def incr(self, *arguments: Any, **options: Any) -> Any:
        return None

    def get(self, *arguments: Any, **options: Any) -> Any:
        return None
