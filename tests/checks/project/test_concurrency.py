"""Limits of concurrent calls: the cache counts for all processes together."""

from pathlib import Path

import pytest
from pytest_django import Settings

from django_mcp import tool
from django_mcp.primitives.declaration import collecting
from tests.calls import serving_declared
from tests.checks.messages import found, hints

pytestmark = pytest.mark.django_db

BACKENDS = "django.core.cache.backends"


@pytest.mark.parametrize(
    ("backend", "fault"),
    [
        ("dummy.DummyCache", "keeps nothing, so that they limit nothing"),
        ("locmem.LocMemCache", "is one for each process, so that each counts for itself"),
        ("filebased.FileBasedCache", "may give one place to two calls"),
        ("db.DatabaseCache", "may give a place that has expired to two calls"),
    ],
)
@pytest.mark.parametrize("limit", ["USER", "CLIENT", "TOOL"])
def test_cache_that_counts_wrong_is_named(
    settings: Settings, backend: str, fault: str, limit: str, tmp_path: Path
) -> None:
    setattr(settings, f"DJANGO_MCP_MAX_CALLS_PER_{limit}", 4)
    limits = {"BACKEND": f"{BACKENDS}.{backend}", "LOCATION": str(tmp_path)}
    settings.CACHES = {**settings.CACHES, "limits": limits}
    settings.DJANGO_MCP_CACHE = "limits"

    assert found()["W048"] == [
        f"Calls that run at once are limited, and the cache 'limits' {fault}."
    ]
    assert hints()["W048"] == ["Let DJANGO_MCP_CACHE name a cache on Redis or memcached."]


def test_limit_of_one_tool_counts_as_well(settings: Settings) -> None:
    with collecting() as declared:

        @tool(max_concurrent=3)
        def convert() -> None:
            """Convert something."""

    with serving_declared(declared):
        messages = found()

    assert len(messages["W048"]) == 1


def test_nothing_is_said_where_it_does_not_matter(settings: Settings) -> None:
    without_limits = found()
    settings.DJANGO_MCP_MAX_CALLS_PER_USER = 4
    settings.DEBUG = True
    in_development = found()
    settings.DEBUG = False
    settings.CACHES = {"default": {"BACKEND": f"{BACKENDS}.redis.RedisCache"}}
    on_redis = found()

    assert not any("W048" in each for each in (without_limits, in_development, on_redis))


@pytest.mark.parametrize("value", [0, -1, 1.5, "4", True])
def test_wrong_limit_is_named(settings: Settings, value: object) -> None:
    settings.DJANGO_MCP_MAX_CALLS_PER_TOOL = value

    (message,) = found()["E003"]

    assert message.startswith("DJANGO_MCP_MAX_CALLS_PER_TOOL")
