"""What clients list and receive of adopted tools, beside what the server itself sends."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from django_mcp import adopt
from django_mcp.asgi import Application
from django_mcp.primitives.declaration import collecting
from tests.calls import serving_declared
from tests.clients import client as client
from tests.clients import era as era
from tests.keys import PATH
from tests.tools.adopted.servers import KINDS, SECRET, make_server, own_result, own_tools
from tests.wire import Client, serving

SHOWN = ("name", "title", "description", "inputSchema", "outputSchema", "annotations", "icons")


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest) -> Any:
    return make_server(request.param)


@pytest.fixture
def application(transactional_db: None, settings: Settings, server: Any) -> Iterator[Application]:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    with collecting() as declared:
        adopt(server, group="demo")
    with serving(declared) as application:
        yield application


def test_definitions_are_those_of_the_server(client: Client, server: Any) -> None:
    listed = client.send("tools/list").result["tools"]

    own = asyncio.run(own_tools(server))
    assert [each["name"] for each in listed] == sorted(own)
    assert [{key: each[key] for key in SHOWN if key in each} for each in listed] == [
        {key: own[name][key] for key in SHOWN if key in own[name]} for name in sorted(own)
    ]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("add", {"a": 2}),
        ("add", {"a": 2, "b": 3}),
        ("move", {"addresses": [{"street": "A"}]}),
        ("move", {"addresses": [], "to": {"street": "B", "zip": "1"}}),
        ("words", {"count": 2}),
        ("words", {"count": 0}),
        ("media", {}),
        ("documents", {}),
        ("nothing", {}),
        ("halve", {"number": 4}),
    ],
)
def test_result_is_that_of_the_server(
    client: Client, server: Any, name: str, arguments: dict[str, Any]
) -> None:
    result = client.call(name, **arguments).result

    own = asyncio.run(own_result(server, name, arguments))
    compared = ("content", "structuredContent", "isError")
    assert {key: result.get(key) for key in compared} == {key: own.get(key) for key in compared}
    assert result["_meta"].get("fastmcp") == own.get("_meta", {}).get("fastmcp")


@pytest.mark.parametrize(
    ("name", "arguments"), [("refuse", {"words": "Not today."}), ("answer_with_error", {})]
)
def test_error_is_that_of_the_server(
    client: Client, server: Any, name: str, arguments: dict[str, Any]
) -> None:
    result = client.call(name, **arguments).result

    own = asyncio.run(own_result(server, name, arguments))
    assert (result["isError"], result["content"]) == (True, own["content"])
    assert result["_meta"]["django-mcp/error"]["kind"] == "tool_error"


def test_crash_tells_clients_nothing(client: Client) -> None:
    answer = client.call("crash")

    assert answer.result["_meta"]["django-mcp/error"]["kind"] == "failed"
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("add", {"a": "x"}, "- a: "),
        ("add", {}, "- a: "),
        ("halve", {"number": 3}, "- number: Value error, must be even"),
    ],
)
def test_arguments_that_the_server_does_not_take_are_refused_by_name(
    client: Client, name: str, arguments: dict[str, Any], words: str
) -> None:
    answer = client.call(name, **arguments)

    assert answer.result["_meta"]["django-mcp/error"]["kind"] == "invalid_arguments"
    assert words in answer.result["content"][0]["text"]


def test_unknown_arguments_are_what_the_schema_says(client: Client, server: Any) -> None:
    result = client.call("add", a=1, more=2).result

    own = asyncio.run(own_result(server, "add", {"a": 1, "more": 2}))
    assert result["isError"] is own["isError"]


@pytest.mark.parametrize(
    ("place", "data", "kind"),
    [
        ("meta", '{"a": NaN}', "failed"),  # FastMCP shows null in place of one in the content
        ("meta", '{"a": ["\\ud800"]}', "failed"),
        ("structured_content", '{"a": ["\\ud800"]}', "failed"),
        ("meta", '{"a": "%s"}' % ("x" * 200), "too_large"),
        ("structured_content", '{"a": "%s"}' % ("x" * 200), "too_large"),
        ("structured_content", '{"a": "x"}', None),
    ],
)
def test_what_no_client_could_read_is_not_sent(
    client: Client, settings: Settings, data: str, kind: str | None, place: str
) -> None:
    settings.DJANGO_MCP_MAX_RESULT_BYTES = 100

    result = client.call("pass_on", data=data, place=place).result

    assert result["_meta"].get("django-mcp/error", {}).get("kind") == kind


@pytest.mark.parametrize("error", [SystemExit, asyncio.CancelledError])
@pytest.mark.parametrize("name", ["leave", "aleave"])
def test_function_that_would_end_the_process_has_failed(
    client: Client, server: Any, name: str, error: type[BaseException]
) -> None:
    @server.tool(description="Leave.")  # type: ignore[untyped-decorator]
    def leave() -> str:
        raise error(SECRET)

    @server.tool(description="Leave.")  # type: ignore[untyped-decorator]
    async def aleave() -> str:
        raise error(SECRET)

    with collecting() as declared:
        adopt(server, group="demo")
    with serving_declared(declared):
        left, added = client.call(name), client.call("add", a=1)

    assert left.result["_meta"]["django-mcp/error"]["kind"] == "failed"
    assert SECRET not in left.text
    assert added.result["content"][0]["text"] == "2"


def test_text_longer_than_the_limit_is_not_sent(client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_MAX_RESULT_BYTES = 100

    result = client.call("words", count=200).result

    assert result["_meta"]["django-mcp/error"]["kind"] == "too_large"
