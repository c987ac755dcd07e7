"""Windows of export budgets, and the counts in them."""

import datetime
from collections.abc import Iterator

import pytest
from django.core.cache import caches

from django_mcp.policy.exports import Budget, count, take_back, usages_of

UTC = datetime.UTC
LATE = datetime.datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC)
ELEVEN = datetime.datetime(2026, 11, 30, 23, tzinfo=UTC)
MIDNIGHT = datetime.datetime(2026, 12, 1, tzinfo=UTC)
HOUR = Budget(unit="rows", period="hour", limit=10)
DAY = Budget(unit="rows", period="day", limit=10)
OF_GROUP = Budget(unit="rows", period="day", limit=10, group="stock")
AMOUNTS = {"rows": 3, "bytes": 100}


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    yield
    caches["default"].clear()


def used(*budgets: Budget, at: datetime.datetime) -> list[int]:
    return [usage.used for usage in usages_of(["ann"], budgets, at)["ann"]]


def test_windows_begin_with_the_hours_and_days_of_utc() -> None:
    usages = count("ann", [HOUR, DAY], AMOUNTS, LATE)

    assert [(each.used, each.renews) for each in usages] == [(3, ELEVEN), (3, MIDNIGHT)]
    assert used(HOUR, DAY, at=ELEVEN) == [0, 3]
    assert used(HOUR, DAY, at=MIDNIGHT) == [0, 0]


def test_group_is_counted_apart_from_everything() -> None:
    count("ann", [OF_GROUP], AMOUNTS, LATE)

    assert used(DAY, OF_GROUP, at=LATE) == [0, 3]


def test_what_is_taken_back_is_as_if_it_had_not_been_counted() -> None:
    count("ann", [HOUR, DAY], AMOUNTS, LATE)
    count("ann", [HOUR, DAY], AMOUNTS, LATE)

    take_back("ann", [HOUR, DAY], AMOUNTS, LATE)

    assert used(HOUR, DAY, at=LATE) == [3, 3]


@pytest.mark.implementation
def test_count_expires_soon_after_its_window() -> None:
    moment = datetime.datetime.now(UTC)
    long_ago = moment - datetime.timedelta(days=2)

    count("ann", [HOUR], AMOUNTS, long_ago.replace(minute=0))

    (key,) = (each.split(":", 2)[2] for each in caches["default"]._cache)  # type: ignore[attr-defined]
    assert key.startswith("django-mcp:export:")
    assert len(key) < 200
    seconds = caches["default"]._expire_info[f":1:{key}"] - moment.timestamp()  # type: ignore[attr-defined]
    assert 3_600 <= seconds <= 3_700
