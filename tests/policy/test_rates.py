"""Counters of rates: those of django-ratelimit, several by one request."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from django_mcp.policy.rates import Counter, count, usage_of, usages_in
from django_mcp.rate import Rate

RATES = [Rate(limit=3, seconds=86_400), Rate(limit=5, seconds=86_400 * 7)]


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def test_counters_are_those_that_django_ratelimit_increases() -> None:
    counters = [Counter("calls", "ann", rate) for rate in RATES]
    for rate in RATES:
        usage_of("calls", "ann", rate, increment=True)

    counted = count(counters)
    found = [usage_of("calls", "ann", rate, increment=False) for rate in RATES]

    assert [usage.count for usage in counted] == [2, 2]
    assert usages_in(counters) == counted
    for usage, known in zip(counted, found, strict=True):
        assert known is not None
        assert known.count == 2
        assert 0 <= usage.seconds_left - known.seconds_left <= 60


def test_counters_of_other_keys_are_others() -> None:
    ann, bob = (Counter("calls", name, RATES[0]) for name in ("ann", "bob"))

    count([ann])

    assert [usage.count for usage in usages_in([ann, bob])] == [1, 0]
