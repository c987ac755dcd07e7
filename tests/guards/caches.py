"""Caches that do not answer."""

from typing import Any

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache


class SilentCache(DummyCache):
    """Fails as clients of memcached do when their server is away: without an exception."""

    def add(self, *arguments: Any, **options: Any) -> bool:
        return False

    def incr(self, *arguments: Any, **options: Any) -> Any:
        return None

    def get(self, *arguments: Any, **options: Any) -> Any:
        return None


class BrokenCache(BaseCache):
    """A cache whose server is away."""

    def __init__(self, *args: Any) -> None:
        super().__init__({})

    def _fail(self, *args: Any, **kwargs: Any) -> Any:
        raise ConnectionError("no cache")

    get = get_many = add = incr = decr = _fail


class LosingCache(BrokenCache):
    """A cache that goes away once it has said that nothing was counted."""

    def get_many(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return {}

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        return self._fail() if delta else 0


class ForgetfulCache(LocMemCache):
    """Has nothing for who looks, as before the counts of others that come at the same time."""

    def get_many(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return {}
