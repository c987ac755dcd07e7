"""Counters in a cache, of which several are increased by one request where the cache can do it.

Django's caches increase one at a time, and that for Redis takes two commands. Each command takes
the server some 0.2 ms of processor time, and so does a pipeline of several: the four counters of
an export take one request, and not eight.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
    # A class of the project's own may do otherwise what is not asked of it here.
    if type(cache) is RedisCache:
        return _piped(cache, increases)
    return [_increased(cache, each) for each in increases]


def _piped(cache: RedisCache, increases: Sequence[Increase]) -> list[int]:
    pipeline = cache._cache.get_client(write=True).pipeline(transaction=False)
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
