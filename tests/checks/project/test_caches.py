"""Caches for limits: the cache exists, all processes share it, and it counts exactly."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache.backends.locmem import LocMemCache
from pytest_django import Settings

from django_mcp import Breaker, resource, tool
from django_mcp.primitives.declaration import collecting
from tests.calls import serving_declared
from tests.checks.messages import deploy, found, hints

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db

BACKENDS = "django.core.cache.backends"

UNSHARED = "is one for each process, and these need one that all processes share"
EMPTY = "keeps nothing, and these need one that keeps what it is given"
INEXACT = "may count calls at the same time as one, and these need exact counts"


class CacheOfTheHouse(LocMemCache):
    """Cache of which nothing is known."""


with collecting() as PLAIN:

    @tool(read_only=True)
    def look() -> str:
        """Look around."""
        return ""


with collecting() as EVERY_KIND:

    @tool(read_only=True, cache=60, rate="30/m", max_concurrent=3)
    def count() -> int:
        """Count."""
        return 1

    @resource("shop://hours", cache=60)
    def hours() -> str:
        """Read the hours."""
        return ""

    @tool(breaker=Breaker())
    def ask() -> str:
        """Ask the upstream."""
        return ""


@pytest.fixture
def plain(settings: Settings) -> Iterator[None]:
    deploy(settings)
    with serving_declared(PLAIN):
        yield


@pytest.fixture
def every_kind(settings: Settings) -> Iterator[None]:
    deploy(settings)
    with serving_declared(EVERY_KIND):
        yield


def use(settings: Settings, backend: str) -> None:
    settings.CACHES = {"default": {"BACKEND": f"{BACKENDS}.{backend}", "LOCATION": "x"}}


def test_e027_names_a_cache_that_is_not_there(settings: Settings, plain: None) -> None:
    settings.DJANGO_MCP_CACHE = "limits"

    assert found() == {"E027": ["DJANGO_MCP_CACHE names 'limits', which is not in CACHES."]}
    assert hints() == {"E027": ["Name one of 'default', or add it to CACHES."]}


def test_e027_names_the_default_cache_where_something_needs_it(
    settings: Settings, every_kind: None
) -> None:
    settings.CACHES = {"limits": settings.CACHES["default"]}

    told = found()
    with serving_declared(PLAIN):
        without_limits = found()

    assert told["E027"] == ["DJANGO_MCP_CACHE names 'default', which is not in CACHES."]
    assert "E027" not in without_limits


@pytest.mark.parametrize("value", [[], {}, None, 5])
def test_what_is_no_alias_is_told_once(settings: Settings, every_kind: None, value: Any) -> None:
    settings.DJANGO_MCP_CACHE = value
    settings.RATELIMIT_USE_CACHE = value

    told = found(deploy=True)

    assert [each.partition(" ")[0] for each in told["E003"]] == ["DJANGO_MCP_CACHE"]
    assert {"E027", "W045"}.isdisjoint(told)


@pytest.mark.parametrize(
    ("backend", "fault"), [("locmem.LocMemCache", UNSHARED), ("dummy.DummyCache", EMPTY)]
)
def test_w045_names_all_that_needs_a_shared_cache(
    settings: Settings, every_kind: None, backend: str, fault: str
) -> None:
    use(settings, backend)
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 100
    settings.DJANGO_MCP_REQUEST_RATE = "100/m"

    others = "circuit breakers of ask; kept results of count, hours"
    assert found(deploy=True)["W045"] == [
        f"The cache 'default' {fault}: rates of calls; the rate of requests.",
        f"The cache 'default' {fault}: limits of concurrent calls; export budgets; {others}.",
    ]
    of_rates, of_others = hints(deploy=True)["W045"]
    assert of_rates.startswith('Use Redis or memcached: CACHES["default"] = {"BACKEND": ')
    assert of_rates.endswith("or name another cache by RATELIMIT_USE_CACHE.")
    assert of_others.endswith("or name another cache by DJANGO_MCP_CACHE.")
    assert "W045" not in found()
    settings.DEBUG = True
    assert "W045" not in found(deploy=True)


@pytest.mark.parametrize("backend", ["db.DatabaseCache", "filebased.FileBasedCache"])
def test_w045_names_all_that_needs_exact_counts(
    settings: Settings, every_kind: None, backend: str
) -> None:
    use(settings, backend)
    settings.DJANGO_MCP_EXPORT_BYTES_PER_HOUR = 100

    assert found(deploy=True)["W045"] == [
        f"The cache 'default' {INEXACT}: rates of calls.",
        f"The cache 'default' {INEXACT}: limits of concurrent calls; export budgets.",
    ]


@pytest.mark.parametrize(
    ("name", "value", "use_named"),
    [
        ("DJANGO_MCP_RATES", {"user": "1/s"}, "rates of calls"),
        ("DJANGO_MCP_REQUEST_RATE", "1/s", "the rate of requests"),
        ("DJANGO_MCP_MAX_CALLS_PER_USER", 4, "limits of concurrent calls"),
        ("DJANGO_MCP_MAX_CALLS_PER_CLIENT", 4, "limits of concurrent calls"),
        ("DJANGO_MCP_MAX_CALLS_PER_TOOL", 4, "limits of concurrent calls"),
        ("DJANGO_MCP_EXPORT_ROWS_PER_HOUR", 4, "export budgets"),
    ],
)
def test_w045_names_what_settings_limit(
    settings: Settings, plain: None, name: str, value: object, use_named: str
) -> None:
    use(settings, "locmem.LocMemCache")
    setattr(settings, name, value)

    (message,) = found(deploy=True)["W045"]

    assert message == f"The cache 'default' {UNSHARED}: {use_named}."


def test_w045_looks_at_the_caches_that_the_settings_name(
    settings: Settings, every_kind: None
) -> None:
    settings.CACHES = {
        "default": {"BACKEND": f"{BACKENDS}.redis.RedisCache"},
        "local": {"BACKEND": f"{BACKENDS}.locmem.LocMemCache"},
    }
    without_names = found(deploy=True)
    settings.DJANGO_MCP_CACHE = "local"
    (of_others,) = found(deploy=True)["W045"]
    settings.DJANGO_MCP_CACHE = "default"
    settings.RATELIMIT_USE_CACHE = "local"
    (of_rates,) = found(deploy=True)["W045"]

    assert "W045" not in without_names
    assert of_rates == f"The cache 'local' {UNSHARED}: rates of calls."
    assert of_others.startswith(f"The cache 'local' {UNSHARED}: limits of concurrent calls; ")


@pytest.mark.parametrize("backend", [f"{BACKENDS}.redis.RedisCache", f"{__name__}.CacheOfTheHouse"])
def test_w045_is_silent_of_caches_that_count_exactly_or_are_not_known(
    settings: Settings, every_kind: None, backend: str
) -> None:
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "x"}}

    assert "W045" not in found(deploy=True)


def test_w045_is_silent_where_nothing_needs_a_cache(settings: Settings, plain: None) -> None:
    use(settings, "locmem.LocMemCache")

    assert "W045" not in found(deploy=True)
