"""Checks of the time that calls may take."""

import pytest
from django.db import connection
from pytest_django import Settings

from django_mcp import Retry, tool
from django_mcp.primitives.declaration import collecting
from tests.calls import serving_declared
from tests.checks.messages import found, hints

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db

with collecting() as TOOLS:

    @tool(read_only=True, timeout=5, retry=Retry(backoff=10))
    def hasty() -> str:
        """Have less time than the retry waits."""
        return ""

    @tool(read_only=True, retry=Retry(backoff=10))
    def patient() -> str:
        """Have time."""
        return ""

    @tool(read_only=True, background=True, timeout=5, retry=Retry(backoff=10))
    def later() -> str:
        """Run in a worker, each time anew."""
        return ""


def test_w050_tells_that_no_database_has_statement_timeouts(settings: Settings) -> None:
    assert "W050" not in found()

    settings.DJANGO_MCP_STATEMENT_TIMEOUT = True

    has_none = connection.vendor != "postgresql"
    assert (
        found().get("W050", [])
        == ["DJANGO_MCP_STATEMENT_TIMEOUT has no effect: no database is PostgreSQL."] * has_none
    )
    assert (
        hints().get("W050", [])
        == ["Take DJANGO_MCP_STATEMENT_TIMEOUT out of the settings."] * has_none
    )


def test_w051_tells_of_retries_that_can_never_begin(settings: Settings) -> None:
    with serving_declared(TOOLS):
        (message,) = found()["W051"]
        settings.DJANGO_MCP_TIMEOUT = 5.0
        both = found()["W051"]

    assert "hasty" in message
    assert message.endswith(
        "is never run again: its retry waits at least 5 seconds, and a call may take 5."
    )
    assert len(both) == 2
