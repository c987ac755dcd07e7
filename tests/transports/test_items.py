"""The bound on what is parsed: arrays, objects and members, before any of them is made."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from django_mcp.calls.elicitation import MAX_REQUESTS
from django_mcp.models import CallRecord
from django_mcp.transports.http.body import TooManyItemsError, parse_body
from django_mcp.transports.http.message import MAX_META_BYTES
from tests.wire import Answer, Client

MEBIBYTES = 4

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.fixture(autouse=True)
def _nothing_reaches_the_record(db: None) -> Iterator[None]:
    yield
    assert CallRecord.objects.count() == 0


def posting(client: Client, body: bytes) -> Answer:
    headers, _ = client.request("tools/list")
    return client.post(body, headers=headers)


@pytest.mark.parametrize(
    "item",
    [b"[],", b"{},", b"[", b'{"a":', b"1,", b'"",', b'"a\\"[",', b'"\\\\",', b" , "],
    ids=repr,
)
def test_body_of_too_many_items_is_too_large(client: Client, item: bytes) -> None:
    answer = posting(client, b"[" + item * 60_000)

    assert (answer.status, answer.messages[-1]["id"]) == (413, None)
    assert "50000" in answer.json["error"]["message"]


def test_bound_is_a_setting(client: Client, settings: Settings) -> None:
    _, body = client.request("tools/list")
    assert posting(client, body).status == 200

    settings.DJANGO_MCP_MAX_REQUEST_ITEMS = 2

    assert posting(client, body).status == 413


def test_text_in_a_string_is_no_item(client: Client) -> None:
    table = 'a,b,c,[d],{e}\\"\n' * (200_000)
    call = client.request("tools/call", {"name": "missing", "arguments": {"csv": table}})[1]

    assert parse_body(call, max_items=100)["params"]["arguments"]["csv"] == table


@given(JSON)
def test_items_are_counted_as_the_parser_finds_them(value: Any) -> None:
    body = json.dumps(value, ensure_ascii=False).encode()
    count = items_of(value)

    assert parse_body(body, max_items=count) == value
    if count:
        with pytest.raises(TooManyItemsError):
            # Shorter bodies than the bound are not counted, for they cannot pass it.
            parse_body(body + b" " * count, max_items=count - 1)


def items_of(value: Any) -> int:
    """The `[`, `{` and `,` in the JSON of a value, outside of strings."""
    if not isinstance(value, list | dict):
        return 0
    members = list(value.values()) if isinstance(value, dict) else value
    return 1 + max(0, len(members) - 1) + sum(map(items_of, members))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "utf-8-sig"])
def test_other_encodings_are_no_json(client: Client, encoding: str) -> None:
    _, body = client.request("tools/list")

    answer = posting(client, body.decode().encode(encoding))

    assert (answer.status, answer.error["code"]) == (400, -32700)


@pytest.mark.parametrize(
    "meta",
    [
        {"x": "y" * MAX_META_BYTES},
        {"x": ["y"] * 20_000},
        {"progressToken": "y" * MAX_META_BYTES},
    ],
    ids=["text", "list", "token"],
)
@pytest.mark.parametrize("method", ["tools/call", "tools/list", "ping", "nothing/like/it"])
def test_meta_beyond_any_use_is_refused(client: Client, meta: dict[str, Any], method: str) -> None:
    answer = client.send(method, {"name": "echo", "arguments": {"text": "x"}}, meta=meta)

    assert (answer.status, answer.error["code"]) == (400, -32602)
    assert "_meta" in answer.error["message"]
    assert answer.messages[-1]["id"] == 1


def test_meta_of_a_large_request_may_be_small(client: Client) -> None:
    answer = client.send("tools/list", {"x": "y" * 2 * MAX_META_BYTES}, meta={"x": "y" * 60_000})

    assert "tools" in answer.result


@pytest.mark.parametrize("method", ["tools/call", "tasks/update"])
def test_more_input_responses_than_a_call_may_ask_for_are_refused(
    client: Client, method: str
) -> None:
    responses = {str(n): {"action": "decline"} for n in range(MAX_REQUESTS + 1)}

    answer = client.send(method, {"name": "echo", "arguments": {}, "inputResponses": responses})

    assert (answer.status, answer.error["code"]) == (400, -32602)
    assert "inputResponses" in answer.error["message"]


@pytest.mark.parametrize(
    "response",
    [
        {"role": "assistant", "model": "x", "content": {"type": "text", "text": "x"}},
        {"role": "assistant", "model": "x", "content": [{}] * 24_000},
        {"action": "accept", "content": [{}] * 24_000},
        {"action": "accept", "content": {"x": [{}] * 24_000}},
        {"action": "accept", "content": {"type": "tool_result", "content": {}}},
        {"roots": [{}] * 24_000},
        [{}] * 24_000,
        5,
    ],
    ids=range(8),
)
@pytest.mark.parametrize("method", ["tools/call", "tasks/update"])
def test_input_responses_to_what_nothing_asks_are_refused(
    client: Client, method: str, response: Any
) -> None:
    """The SDK would look for a kind that fits, at the cost of many calls."""
    params = {"name": "echo", "arguments": {}, "inputResponses": {"x": response}}

    answer = client.send(method, params)

    assert (answer.status, answer.error["code"]) == (400, -32602)
    assert "inputResponses" in answer.error["message"]
