"""Celery tasks as tools on threads of the web process, where no Celery runs anything."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from django_mcp import tool
from django_mcp.asgi import Application
from django_mcp.primitives.declaration import collecting
from tests.background.rows import settled
from tests.keys import PATH
from tests.wire import Client, serving

celery: Any = pytest.importorskip("celery")

app = celery.Celery("project", broker="memory://", set_as_current=False)
runs: list[int] = []


def double(number: int) -> int:
    """Double a number, and fail the first time."""
    runs.append(number)
    if len(runs) == 1:
        raise ConnectionError
    return 2 * number


with collecting() as TOOLS:
    tool(background=True, idempotent=True)(
        app.task(shared=False, autoretry_for=(ConnectionError,), default_retry_delay=0)(double)
    )


@pytest.fixture
def application(transactional_db: None, settings: Settings) -> Iterator[Application]:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    runs.clear()
    with serving(TOOLS) as application:
        yield application


def test_client_receives_the_result_of_the_run_after_a_failure(client: Client) -> None:
    answer = asyncio.run(client.acall("double", number=4))

    task = settled()
    assert answer.result["structuredContent"] == {"result": 8}
    assert (runs, task.tries, task.status) == ([4, 4], 2, "completed")
