"""Counters in a Redis of the tests' own, several of them increased by one request."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import BaseCache, caches
from django.core.cache.backends.redis import RedisCache
from pytest_django import Settings
from redis import Redis

from django_mcp.threads.cache_context import in_cache_context
from django_mcp.threads.cache_counters import Increase, add_each, counts_in, delete_each, increase
from tests.ports import held_port
from tests.workers.processes import redis_server

HERE = "tests.workers.test_counters"
DJANGO = "django.core.cache.backends.redis.RedisCache"


class ProjectsCache(RedisCache):
    """A class of a project's own, which increases one at a time."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with held_port() as port, redis_server(port, tmp_path_factory.mktemp("redis")):
        yield f"redis://127.0.0.1:{port}"


@pytest.fixture
def redis(url: str) -> Iterator[Redis]:
    with Redis.from_url(url, decode_responses=True) as client:
        client.flushall()
        yield client


@pytest.fixture(params=[DJANGO, f"{HERE}.ProjectsCache"])
def cache(redis: Redis, url: str, settings: Settings, request: pytest.FixtureRequest) -> BaseCache:
    settings.CACHES = {"default": {"BACKEND": request.param, "LOCATION": url, "KEY_PREFIX": "x"}}
    return caches["default"]


def increases(**amounts: int) -> list[Increase]:
    return [Increase(key=key, amount=amount, seconds=60) for key, amount in amounts.items()]


def test_each_counter_has_what_was_added_to_it(cache: BaseCache) -> None:
    assert increase(cache, increases(rows=3, bytes=0)) == [3, 0]
    assert increase(cache, increases(rows=4, bytes=100, others=1)) == [7, 100, 1]
    assert increase(cache, increases(bytes=-30, rows=-7)) == [70, 0]
    assert cache.get_many(["rows", "bytes", "others"]) == {"rows": 0, "bytes": 70, "others": 1}


def test_counter_expires_as_long_after_its_beginning_as_was_said(
    cache: BaseCache, redis: Redis
) -> None:
    increase(cache, increases(rows=1))
    redis.expire("x:1:rows", 20)

    increase(cache, increases(rows=1, bytes=1))

    assert 0 < redis.ttl("x:1:rows") <= 20
    assert 20 < redis.ttl("x:1:bytes") <= 60


def test_of_many_at_once_each_is_told_another_count(cache: BaseCache) -> None:
    increase(cache, increases(rows=0))

    def work(_: int) -> Any:
        return in_cache_context(lambda: increase(caches["default"], increases(rows=1))[0])

    with ThreadPoolExecutor(8) as executor:
        found = list(executor.map(work, range(200)))

    assert sorted(found) == list(range(1, 201))


def test_all_are_increased_by_one_request(url: str, redis: Redis, settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": DJANGO, "LOCATION": url}}
    with redis.monitor() as monitor:  # type: ignore[no-untyped-call]
        increase(caches["default"], increases(rows=1, bytes=1))
        redis.ping()
        seen = []
        for command in monitor.listen():
            if command["command"] == "PING":
                break
            seen.append(command["command"].partition(" ")[0])

    assert [each for each in seen if each in ("SET", "INCRBY", "EXISTS")] == [
        *("SET", "INCRBY"),
        *("SET", "INCRBY"),
    ]


def test_value_is_added_where_there_is_none(cache: BaseCache, redis: Redis) -> None:
    cache.set("first", "of another")

    added = add_each(cache, {"first": 1, "second": 2**100}, 30.5)

    assert added == [False, True]
    assert cache.get_many(["first", "second"]) == {"first": "of another", "second": 2**100}
    assert 0 < redis.ttl("x:1:second") <= 30


def test_counters_are_read_in_their_order_and_deleted(cache: BaseCache) -> None:
    increase(cache, increases(rows=3, bytes=100, others=1))
    delete_each(cache, [])

    assert counts_in(cache, ["bytes", "none", "rows"]) == [100, 0, 3]
    delete_each(cache, ["rows", "bytes"])

    assert counts_in(cache, ["bytes", "rows", "others"]) == [0, 0, 1]
