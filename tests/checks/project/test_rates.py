"""Rates: what is one, and what counts them."""

import sys
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from django_mcp import tool
from django_mcp.primitives.declaration import collecting
from tests.checks.messages import found, hints

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db

REDIS = "django.core.cache.backends.redis.RedisCache"


@pytest.fixture(autouse=True)
def _exact(settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": REDIS, "LOCATION": "redis://127.0.0.1:1"}}


@pytest.fixture
def rated() -> Iterator[None]:
    with collecting():

        @tool(rate="30/m")
        def limited() -> None:
            """Have a rate."""

        yield


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("user", "100/m", None),
        ("user_client:read", "5/30s", None),
        ("all:write", None, None),
        ("users", "100/m", "'users' is none of user, client, user_client, tool, group, endpoint, "),
        ("user:reads", "100/m", "'user:reads' is none of "),
        ("user:", "100/m", "'user:' is none of "),
        ("user", "100", "'100' is no rate: write a number of calls and a time, such as 100/m"),
        ("user", "", "'' is no rate: "),
        ("user", "100/0m", "'100/0m' is no rate: "),
    ],
)
def test_e024_names_what_is_no_rate(
    settings: Settings, name: str, text: str | None, problem: str | None
) -> None:
    settings.DJANGO_MCP_RATES = {name: text, "tool": "1/s"}

    told = found()

    assert list(told) == ([] if problem is None else ["E024"])
    if problem is not None:
        assert told["E024"][0].startswith(f"DJANGO_MCP_RATES is wrong: {problem}")


def test_e003_tells_of_rates_that_are_no_texts(settings: Settings) -> None:
    settings.DJANGO_MCP_RATES = {"user": 100}

    assert list(found()) == ["E003"]


def test_e025_tells_of_a_package_that_is_not_installed(
    settings: Settings, rated: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "django_ratelimit", None)

    assert found()["E025"] == [
        "Rates are set, and django-ratelimit, which counts calls for them, is not installed."
    ]
    assert 'pip install "django-mcp-toolkit[ratelimit]"' in hints()["E025"][0]


def test_e025_tells_of_a_cache_that_does_not_exist(settings: Settings, rated: None) -> None:
    settings.RATELIMIT_USE_CACHE = "counts"

    assert found()["E025"] == [
        "Rates are set, and RATELIMIT_USE_CACHE names 'counts', which is not in CACHES."
    ]
    assert hints()["E025"] == ["Name one of 'default', or add it to CACHES."]


def test_w046_tells_of_rates_that_are_switched_off(settings: Settings, rated: None) -> None:
    settings.RATELIMIT_ENABLE = False

    assert list(found()) == ["W046"]


def test_nothing_is_told_where_there_are_no_rates(settings: Settings) -> None:
    settings.RATELIMIT_USE_CACHE = "counts"
    settings.RATELIMIT_ENABLE = False

    with collecting():
        assert not {"E025", "W046"} & found().keys()
