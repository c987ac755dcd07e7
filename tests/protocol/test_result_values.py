"""Results of every kind, as the official client receives them over HTTP."""

import asyncio
from typing import Any

import httpx2
import pytest
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult
from pydantic import BaseModel
from pytest_django import Settings

from django_mcp import Image, Text, tool
from django_mcp.asgi import Application
from django_mcp.models import CallRecord
from django_mcp.primitives.declaration import Declaration, collecting
from tests.e2e.sdk import MODES
from tests.keys import PATH
from tests.wire import PATIENCE, serving

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("mode", MODES),
    pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"]),
]


class Named(BaseModel):
    name: str


def names() -> Any:
    return Group.objects.order_by("name").values_list("name", flat=True)


def declared(function: Any, *, is_async: bool, **options: Any) -> list[Declaration]:
    async def give() -> Any:
        """Give it."""
        return function()

    given = give if is_async else function
    given.__name__, given.__doc__ = "give", "Give it."
    given.__annotations__ = function.__annotations__
    with collecting() as tools:
        tool(read_only=True, **options)(given)
    return tools


async def call(application: Application, mode: str, **arguments: Any) -> CallToolResult:
    transport = httpx2.ASGITransport(application)
    http = httpx2.AsyncClient(transport=transport, timeout=PATIENCE)
    url = "http://testserver/mcp"
    async with http, Client(streamable_http_client(url, http_client=http), mode=mode) as client:
        await client.list_tools()  # it validates results against the schemas that it has seen
        return await client.call_tool("give", arguments)


def received(function: Any, mode: str, *, is_async: bool, **options: Any) -> CallToolResult:
    with serving(declared(function, is_async=is_async, **options)) as application:
        return asyncio.run(call(application, mode))


@pytest.fixture(autouse=True)
def _site(settings: Settings) -> None:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    for name in "abc":
        Group.objects.create(name=name)


def test_rows_of_a_queryset(mode: str, is_async: bool) -> None:
    def strings() -> list[str]:
        return names()  # type: ignore[no-any-return]

    def models() -> list[Named]:
        return Group.objects.order_by("name")  # type: ignore[return-value]

    def nested() -> dict[str, Any]:
        return {"names": names(), "yes": gettext_lazy("Yes")}

    assert received(strings, mode, is_async=is_async).structured_content == {
        "result": ["a", "b", "c"]
    }
    assert received(models, mode, is_async=is_async).structured_content == {
        "result": [{"name": "a"}, {"name": "b"}, {"name": "c"}]
    }
    assert received(nested, mode, is_async=is_async).structured_content == {
        "names": ["a", "b", "c"],
        "yes": "Yes",
    }


def test_content_and_text(mode: str, is_async: bool) -> None:
    def content() -> list[Text | Image]:
        return [Text(text=gettext_lazy("Yes")), Image(data=b"x", mime_type="a/b")]  # type: ignore[arg-type]

    result = received(content, mode, is_async=is_async)

    assert [block.type for block in result.content] == ["text", "image"]
    assert result.structured_content is None


def test_result_that_is_too_large(mode: str, is_async: bool, settings: Settings) -> None:
    settings.DJANGO_MCP_MAX_ROWS = 2

    def strings() -> list[str]:
        return names()  # type: ignore[no-any-return]

    result = received(strings, mode, is_async=is_async)

    assert result.is_error is True
    assert result.structured_content is None
    assert result.meta is not None
    assert result.meta["django-mcp/error"]["error"] == "The result has more than 2 rows."
    assert "narrow the search" in str(result.content)
    assert CallRecord.objects.get().outcome == "too_large"


def test_pages(mode: str, is_async: bool) -> None:
    def groups() -> list[Named]:
        return Group.objects.order_by("name")  # type: ignore[return-value]

    async def scenario(application: Application) -> tuple[CallToolResult, ...]:
        first = await call(application, mode, limit=2)
        assert first.structured_content is not None
        cursor = first.structured_content["next"]
        second = await call(application, mode, cursor=cursor)
        return first, second, await call(application, mode, cursor=f"{cursor}x")

    with serving(declared(groups, is_async=is_async, page_size=2)) as application:
        first, second, foreign = asyncio.run(scenario(application))

    assert first.structured_content is not None
    assert second.structured_content == {"result": [{"name": "c"}], "next": None}
    assert first.structured_content["result"] == [{"name": "a"}, {"name": "b"}]
    assert foreign.is_error is True
    assert "cursor: is no `next` of this list" in str(foreign.content)
