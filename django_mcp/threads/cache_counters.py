"""Counters and places in a cache: several by one request, where the cache can do it.

Django's caches add and increase one at a time, and increasing takes Redis two commands. Each
command takes the server some 0.2 ms of processor time, and so does a pipeline of several: the four
counters of an export take one request, and not eight. Half of that time goes into the client that
Django makes for each command, with all answers that Redis has; here a thread keeps its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard
from weakref import WeakKeyDictionary

from django.core.cache import BaseCache
from django.core.cache.backends.redis import RedisCache


@dataclass(frozen=True, slots=True, kw_only=True)
class Increase:
    """Amount by which the counter of a key is increased, and its life in seconds if it is new."""

    key: str
    amount: int
    seconds: int


class UncountableError(ValueError):
    """The cache has neither counted nor said why; most raise exceptions of their own instead."""


def increase(cache: BaseCache, increases: Sequence[Increase]) -> list[int]:
    """Increase counters, each by itself; return what they then are, in the same order.

    Raises whatever the cache raises, and `UncountableError`.
    """
    if _is_djangos_redis(cache):
        return _piped(cache, increases)
    return [_increased(cache, each) for each in increases]


def add_each(cache: BaseCache, values: Mapping[str, int], seconds: float) -> list[bool]:
    """Add each number under its key, unless there is one; return whether, in the same order.

    Raises whatever the cache raises.
    """
    if _is_djangos_redis(cache):
        return _piped_adds(cache, values, seconds)
    return [bool(cache.add(key, value, seconds)) for key, value in values.items()]


def counts_in(cache: BaseCache, keys: Sequence[str]) -> list[int]:
    """Return what counters are, in the same order; 0 for one that is not there.

    Raises whatever the cache raises.
    """
    if not keys:
        return []
    if _is_djangos_redis(cache):
        names = [cache.make_and_validate_key(key) for key in keys]
        return [int(each or 0) for each in _client_of(cache, write=False).mget(names)]
    found = cache.get_many(keys)
    return [found.get(key) or 0 for key in keys]


def delete_each(cache: BaseCache, keys: Sequence[str]) -> None:
    """Delete keys. Raises whatever the cache raises."""
    if _is_djangos_redis(cache) and keys:
        _client_of(cache).delete(*[cache.make_and_validate_key(key) for key in keys])
    else:
        cache.delete_many(keys)


def _client_of(cache: RedisCache, *, write: bool = True) -> Any:
    """Return the client of a cache, of one thread; to read, of any of its servers."""
    if not write and len(cache._servers) > 1:  # type: ignore[attr-defined]
        return cache._cache.get_client()
    client = _clients.get(cache)
    if client is None:
        client = _clients[cache] = cache._cache.get_client(write=True)
    return client


_clients: WeakKeyDictionary[RedisCache, Any] = WeakKeyDictionary()


def _is_djangos_redis(cache: BaseCache) -> TypeGuard[RedisCache]:
    # A class or a serializer of the project's own may keep numbers in another way than Django,
    # which keeps them as Redis counts them.
    if type(cache) is not RedisCache:
        return False
    options = cache._options  # type: ignore[attr-defined]  # of all but its stubs
    return "serializer" not in options


def _piped_adds(cache: RedisCache, values: Mapping[str, int], seconds: float) -> list[bool]:
    pipeline = _client_of(cache).pipeline(transaction=False)
    for key, value in values.items():
        name = cache.make_and_validate_key(key)
        pipeline.set(name, value, ex=max(1, int(seconds)), nx=True)
    return [bool(each) for each in pipeline.execute()]


def _piped(cache: RedisCache, increases: Sequence[Increase]) -> list[int]:
    pipeline = _client_of(cache).pipeline(transaction=False)
    for each in increases:
        key = cache.make_and_validate_key(each.key)
        pipeline.set(key, 0, ex=each.seconds, nx=True)
        pipeline.incrby(key, each.amount)
    found: list[Any] = pipeline.execute()
    return found[1::2]


def _increased(cache: BaseCache, increase: Increase) -> int:
    try:
        count = cache.incr(increase.key, increase.amount)
    except ValueError:  # there is none yet
        cache.add(increase.key, 0, increase.seconds)
        try:
            count = cache.incr(increase.key, increase.amount)
        except ValueError as error:
            raise UncountableError("the cache does not count") from error
    if count is None:  # some clients of memcached ignore that it is away
        raise UncountableError("the cache does not count")
    return count
