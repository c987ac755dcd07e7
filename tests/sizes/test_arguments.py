"""Arguments with too many bytes or levels, and messages that are nested deep elsewhere."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from django_mcp.models import CallRecord
from tests.sizes.tools import taken
from tests.wire import Answer, Client

TOOLS = pytest.mark.parametrize("tool", ["take", "atake", "take_slowly"])

ERROR = "django-mcp/error"


@pytest.fixture(autouse=True)
def _limits(settings: Settings) -> Iterator[None]:
    settings.DJANGO_MCP_MAX_ARGUMENT_DEPTH = 3
    settings.DJANGO_MCP_MAX_ARGUMENT_BYTES = 100
    yield
    taken.clear()


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth - 1):
        value = {"in": [value]} if depth % 2 else [value]
    return value


def refusal(answer: Answer) -> str:
    """The words by which arguments are refused, before the tool is called."""
    assert answer.result["isError"]
    error = answer.result["_meta"][ERROR]
    assert error["kind"] == "invalid_arguments"
    assert answer.result["content"][0]["text"] == f"{error['error']}\n{error['hint']}"
    assert CallRecord.objects.latest().outcome == "invalid_arguments"
    assert not taken
    return str(error["hint"])


@TOOLS
def test_argument_that_is_nested_too_deep_is_refused_with_its_path(
    client: Client, tool: str
) -> None:
    answer = client.call(tool, value={"rows": [{"cells": [1]}]})

    assert refusal(answer) == "- value.rows[0].cells: is nested deeper than 3 levels"


@TOOLS
def test_argument_of_as_many_levels_as_are_allowed_is_taken(client: Client, tool: str) -> None:
    answer = client.call(tool, value={"rows": [{"cells": 1}]})

    assert not answer.result["isError"]
    assert taken == [{"rows": [{"cells": 1}]}]


@TOOLS
def test_arguments_of_too_many_bytes_are_refused_with_the_name_of_the_largest(
    client: Client, tool: str
) -> None:
    arguments = {"value": "x", "more": "é" * 39}  # 79 bytes, and 22 around

    answer = client.call(tool, **arguments)

    assert refusal(answer) == (
        "- the arguments: must have at most 100 bytes of JSON in all; the largest is more"
    )
    assert not client.call(tool, **arguments | {"value": ""}).result["isError"]


def test_arguments_of_a_prompt_are_bounded_as_well(client: Client) -> None:
    answer = client.send("prompts/get", {"name": "explain", "arguments": {"text": "x" * 100}})

    assert answer.error["data"][ERROR]["kind"] == "invalid_arguments"
    assert "must have at most 100 bytes" in answer.error["message"]
    assert not taken


@pytest.mark.parametrize("depth", [4, 30, 150])
def test_depth_is_told_up_to_the_levels_of_any_message(client: Client, depth: int) -> None:
    value: Any = 1
    for _ in range(depth):
        value = [value]

    assert refusal(client.call("take", value=value)) == (
        "- value[0][0][0]: is nested deeper than 3 levels"
    )


METHODS: list[tuple[str, dict[str, Any]]] = [
    ("tools/call", {"name": "take", "arguments": {"value": "DEEP"}}),
    ("tools/call", {"name": "take", "arguments": {"value": 1}, "inputResponses": {"a": "DEEP"}}),
    ("tools/call", {"name": "DEEP"}),
    ("prompts/get", {"name": "explain", "arguments": {"text": "DEEP"}}),
    ("resources/read", {"uri": "DEEP"}),
    ("tools/list", {"cursor": "DEEP"}),
    ("completion/complete", {"ref": {"type": "ref/prompt", "name": "explain"}, "argument": "DEEP"}),
    ("logging/setLevel", {"level": "DEEP"}),
    ("unheard/of", {"any": "DEEP"}),
]


@pytest.mark.parametrize("depth", [161, 300, 500, 800, 950, 1500, 20_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")], ids=["[", "{"])
@pytest.mark.parametrize(("method", "params"), METHODS)
def test_message_that_is_nested_deeper_than_any_needs_is_refused_at_once(
    client: Client, method: str, params: dict[str, Any], opening: str, closing: str, depth: int
) -> None:
    headers, body = client.request(method, params)
    deep = f"{opening * depth}1{closing * depth}".encode()

    answer = client.post(body.replace(b'"DEEP"', deep), headers=headers)

    # Python gives up at a depth of its own, and reads no more.
    assert answer.error["code"] in (-32600, -32700)
    assert "nested deeper than 160 levels" in answer.text or "Parse error" in answer.text
    assert answer.status == 400
    assert not CallRecord.objects.exists()


def test_meta_that_is_nested_deep_is_refused_as_well(client: Client) -> None:
    headers, body = client.request(
        "tools/call", {"name": "take", "arguments": {"value": 1}}, meta={"example.com/a": "DEEP"}
    )

    answer = client.post(body.replace(b'"DEEP"', b"[" * 200 + b"]" * 200), headers=headers)

    assert answer.error["message"] == "The message is nested deeper than 160 levels"
    assert not taken


def test_brackets_in_text_are_no_levels(client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_MAX_ARGUMENT_BYTES = 1000

    assert not client.call("take", value="[" * 300).result["isError"]
