"""The cache that keeps results exists, and all processes share it."""

from typing import Any

import pytest
from pytest_django import Settings

from django_mcp import resource, tool
from django_mcp.primitives.declaration import collecting
from tests.calls import serving_declared
from tests.checks.messages import deploy, found, hints

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db

LOCAL = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
DUMMY = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

with collecting() as PLAIN:

    @tool(read_only=True)
    def look() -> str:
        """Look around."""
        return ""


with collecting() as CACHED:

    @tool(read_only=True, cache=60)
    def count() -> int:
        """Count."""
        return 1

    @resource("shop://hours", cache=60)
    def hours() -> str:
        """Read the hours."""
        return ""


def test_e032_names_a_cache_that_there_is_not(settings: Settings) -> None:
    settings.DJANGO_MCP_CACHE = "gone"

    with serving_declared(CACHED):
        (message,) = found()["E032"]

        assert message == (
            "DJANGO_MCP_CACHE names 'gone', which is not in CACHES: nothing can be kept of count, "
            "hours."
        )
        assert hints()["E032"] == ["Name one of default, or add it to CACHES."]
    with serving_declared(PLAIN):
        assert "E032" not in found()


@pytest.mark.parametrize("caches", [LOCAL, DUMMY])
def test_w057_tells_of_a_cache_that_each_process_has_for_itself(
    settings: Settings, caches: Any
) -> None:
    deploy(settings)
    with serving_declared(CACHED):
        assert "W057" not in found(deploy=True)

        settings.CACHES = caches
        (message,) = found(deploy=True)["W057"]

        assert message.startswith("Each process keeps results of count, hours for itself: ")
        assert 'CACHES["default"]' in hints(deploy=True)["W057"][0]
        assert "W057" not in found()
    with serving_declared(PLAIN):
        assert "W057" not in found(deploy=True)
