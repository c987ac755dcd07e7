"""Check of what shared caches may keep."""

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from django_mcp import prompt, resource, tool
from django_mcp.primitives.declaration import collecting
from tests.calls import serving_declared
from tests.checks.messages import found

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db

with collecting() as OPEN:

    @tool(read_only=True, scopes=["shop:read"])
    def look() -> str:
        """Look around."""
        return ""


with collecting() as LIMITED:

    @resource("shop://own")
    def own(user: User) -> str:
        """Read what is the user's own."""
        return ""

    @prompt(permissions=["auth.view_user"])
    def review() -> str:
        """Review users."""
        return ""

    @prompt(permissions=["auth.view_user"])
    def second() -> str:
        """Review users."""
        return ""

    @prompt(permissions=["auth.view_user"])
    def third() -> str:
        """Review users."""
        return ""

    @prompt(permissions=["auth.view_user"])
    def fourth() -> str:
        """Review users."""
        return ""


def test_w042_tells_that_lists_differ_between_callers(settings: Settings) -> None:
    settings.DJANGO_MCP_CACHE_SCOPE = "public"

    with serving_declared([*OPEN, *LIMITED]):
        assert found()["W042"] == [
            f"DJANGO_MCP_CACHE_SCOPE is 'public', but the list of {kind} differs between callers "
            f"and stays private: it depends on the caller who sees {names}."
            for kind, names in [
                ("resources", "own"),
                ("prompts", "fourth, review, second and 1 more"),
            ]
        ]
        settings.DJANGO_MCP_CACHE_SCOPE = "private"
        assert "W042" not in found()


def test_w042_is_silent_where_every_caller_sees_the_same(settings: Settings) -> None:
    settings.DJANGO_MCP_CACHE_SCOPE = "public"

    with serving_declared(OPEN):
        assert "W042" not in found()
