"""Threads that serve calls keep their connections to the cache, whatever calls they serve."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache.backends.locmem import LocMemCache
from pytest_django import Settings

from django_mcp import Breaker, tool
from django_mcp.asgi import Application
from django_mcp.conf import settings as mcp_settings
from django_mcp.primitives.declaration import collecting
from tests.clients import modern as modern
from tests.wire import PATIENCE, Client, serving

HERE = "tests.guards.test_cache_connections"

CALLS = 40

made: list[LocMemCache] = []


class CountedCache(LocMemCache):
    """Every one that is made would connect to the server of the cache."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        made.append(self)


with collecting() as DECLARED:

    @tool(read_only=True, cache=60, breaker=Breaker())
    def kept(number: int) -> int:
        """Return the number."""
        return number

    @tool(read_only=True, cache=60, breaker=Breaker())
    async def akept(number: int) -> int:
        """Return the number, on the loop."""
        return number


@pytest.fixture
def application(transactional_db: None, settings: Settings) -> Iterator[Application]:
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    settings.DJANGO_MCP_ENABLE_NEW_GROUPS = True
    settings.DJANGO_MCP_RATES = {"all": "1000/d"}
    settings.DJANGO_MCP_MAX_CALLS_PER_TOOL = 1000
    settings.CACHES = {"default": {"BACKEND": f"{HERE}.CountedCache"}}
    with serving(DECLARED) as application:
        yield application


@pytest.mark.parametrize("name", ["kept", "akept"])
def test_each_thread_connects_to_the_cache_once(modern: Client, name: str) -> None:
    async def scenario() -> None:
        async with asyncio.timeout(PATIENCE):
            for number in range(CALLS):
                answer = await modern.acall(name, number=number)
                assert answer.result["structuredContent"] == {"result": number}

    made.clear()
    asyncio.run(scenario())

    assert 1 <= len(made) <= mcp_settings.THREADS + mcp_settings.CONTROL_THREADS


def test_other_caches_of_the_settings_count_from_then_on(
    modern: Client, settings: Settings
) -> None:
    asyncio.run(modern.acall("kept", number=1))
    made.clear()

    settings.CACHES = {"default": {"BACKEND": f"{HERE}.CountedCache", "LOCATION": "other"}}
    asyncio.run(modern.acall("kept", number=1))

    assert made
