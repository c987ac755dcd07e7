"""Export budgets: those that limit nothing, and where they are counted."""

import pytest
from pytest_django import Settings

from tests.checks.messages import found, hints

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db

REDIS = "django.core.cache.backends.redis.RedisCache"
LOCAL = "django.core.cache.backends.locmem.LocMemCache"


@pytest.fixture(autouse=True)
def _exact(settings: Settings) -> None:
    settings.CACHES = {
        "default": {"BACKEND": REDIS, "LOCATION": "redis://127.0.0.1:1"},
        "local": {"BACKEND": LOCAL},
    }


def test_e027_names_a_cache_that_is_not_there(settings: Settings) -> None:
    settings.DJANGO_MCP_CACHE = "limits"
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 100

    assert found() == {
        "E027": [
            "Export budgets are set, and DJANGO_MCP_CACHE names 'limits', which is not in CACHES."
        ]
    }
    assert hints() == {"E027": ["Name one of 'default', 'local'."]}


@pytest.mark.parametrize(
    ("debug", "rows", "told"), [(False, 100, ["W050"]), (False, None, []), (True, 100, [])]
)
def test_w050_names_a_cache_that_does_not_count_exactly(
    settings: Settings, debug: bool, rows: int | None, told: list[str]
) -> None:
    settings.DEBUG = debug
    settings.DJANGO_MCP_CACHE = "local"
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = rows

    messages = found()

    assert [each for each in messages if each == "W050"] == told
    if told:
        (message,) = messages["W050"]
        assert message == (
            "Export budgets are set, and the cache 'local' does not count exactly: each process "
            "counts for itself."
        )
        assert 'CACHES = {"local": {"BACKEND": ' in hints()["W050"][0]


@pytest.mark.parametrize("unit", ["ROWS", "BYTES"])
@pytest.mark.parametrize(
    ("hour", "day", "is_told"), [(11, 10, True), (10, 10, False), (11, None, False)]
)
def test_w051_names_a_budget_of_an_hour_that_limits_nothing(
    settings: Settings, unit: str, hour: int, day: int | None, is_told: bool
) -> None:
    setattr(settings, f"DJANGO_MCP_EXPORT_{unit}_PER_HOUR", hour)
    setattr(settings, f"DJANGO_MCP_EXPORT_{unit}_PER_DAY", day)

    message = (
        f"DJANGO_MCP_EXPORT_{unit}_PER_HOUR (11) is more than DJANGO_MCP_EXPORT_{unit}_PER_DAY "
        "(10), so that it limits nothing."
    )
    assert found() == ({"W051": [message]} if is_told else {})


@pytest.mark.parametrize("value", ["many", -1, True])
def test_wrong_budget_is_told_once(settings: Settings, value: object) -> None:
    settings.DJANGO_MCP_EXPORT_ROWS_PER_HOUR = value
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 10

    assert list(found()) == ["E003"]
