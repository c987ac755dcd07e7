"""Whatever is sent, the answer is a refusal in MCP's own terms: never a 500, never our insides."""

import json
import re
from typing import Any

import pytest
from pytest_django import Settings

from django_mcp.models import CallRecord
from tests.spec import LEGACY, MODERN
from tests.wire import Answer, Client

INSIDES = re.compile(
    r"Traceback|File \"|site-packages|django_mcp[./]|\.py\b|Exception|psycopg|sqlite"
)

CLIENT_INFO = "io.modelcontextprotocol/clientInfo"
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
VERSION = "io.modelcontextprotocol/protocolVersion"


def calling(client: Client, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The headers and the message of a correct call of `echo`, with other top-level members."""
    headers, body = client.request("tools/call", {"name": "echo", "arguments": {"text": "x"}})
    return dict(headers), {**json.loads(body), **changes}


def posting(client: Client, message: Any) -> Answer:
    headers, _ = calling(client)
    return client.post(json.dumps(message).encode(), headers=headers)


def assert_refused(answer: Answer, *, codes: tuple[int, ...]) -> None:
    """A JSON-RPC error with a fitting status, and not a word about the server."""
    assert answer.error["code"] in codes
    assert answer.status in (200, 400, 404)
    assert not INSIDES.search(answer.text)
    assert CallRecord.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"not json",
        b"\x00",
        b"\xff\xfe",
        b'{"jsonrpc": "2.0", "id": ' + b"9" * 5_000 + b', "method": "tools/list"}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "\xff"}}',
    ],
    ids=range(7),
)
def test_body_that_cannot_be_parsed(client: Client, body: bytes) -> None:
    headers, _ = calling(client)

    assert_refused(client.post(body, headers=headers), codes=(-32700,))


@pytest.mark.parametrize("body", [b"[" * 40_000, b'{"a":' * 40_000 + b"1" + b"}" * 40_000])
def test_body_that_is_nested_deep(client: Client, body: bytes) -> None:
    headers, _ = calling(client)

    # Python 3.14 can parse the second one, which then is nested too deep.
    assert_refused(client.post(body, headers=headers), codes=(-32700, -32600))


@pytest.mark.parametrize("message", [None, 1, "x", [], [[]], {}, {"jsonrpc": "2.0"}])
def test_json_that_is_no_message(client: Client, message: Any) -> None:
    answer = posting(client, message)

    assert_refused(answer, codes=(-32600,))
    assert answer.messages[-1]["id"] is None


def test_message_without_a_method_is_refused_under_its_id(client: Client) -> None:
    answer = posting(client, {"jsonrpc": "2.0", "id": 1})

    assert_refused(answer, codes=(-32600,))
    assert answer.messages[-1]["id"] == 1


@pytest.mark.parametrize("count", [1, 2])
def test_batch(client: Client, count: int) -> None:
    _, message = calling(client)

    assert_refused(posting(client, [message] * count), codes=(-32600,))


@pytest.mark.parametrize(
    "change",
    [
        {"jsonrpc": "1.0"},
        {"jsonrpc": None},
        {"jsonrpc": 2.0},
        {"method": 5},
        {"method": None},
        {"method": ["tools/call"]},
        {"params": []},
        {"params": "x"},
        {"params": 5},
    ],
    ids=str,
)
@pytest.mark.parametrize("id", [7, "seven"])
def test_message_with_a_wrong_envelope_is_refused_under_its_id(
    client: Client, change: dict[str, Any], id: Any
) -> None:
    _, message = calling(client, **change, id=id)

    answer = posting(client, message)

    assert answer.status == 400
    assert answer.json == {
        "jsonrpc": "2.0",
        "id": id,
        "error": {"code": -32600, "message": "The message is no request of JSON-RPC 2.0"},
    }
    assert CallRecord.objects.count() == 0


def test_response_to_a_request_that_nobody_sent_is_dropped_or_refused_without_an_id(
    client: Client,
) -> None:
    answer = posting(client, {"jsonrpc": "2.0", "id": 7, "result": {}})

    if client.era == LEGACY:
        assert (answer.status, answer.text) == (202, "")
    else:
        assert (answer.status, answer.messages[-1]["id"]) == (400, None)


@pytest.mark.parametrize("kind", [None, "", "text/plain", "application/jsonp", "json"])
def test_body_of_another_type_than_json_is_refused_unread(client: Client, kind: str | None) -> None:
    headers, message = calling(client)

    answer = client.post(json.dumps(message).encode(), headers={**headers, "Content-Type": kind})

    assert answer.status == 415
    assert answer.json == {
        "jsonrpc": "2.0",
        "id": None,
        "error": {"code": 415, "message": "The Content-Type must be application/json."},
    }
    assert CallRecord.objects.count() == 0


def test_type_of_json_may_have_parameters(client: Client) -> None:
    headers, message = calling(client)
    kind = "application/json; charset=utf-8"

    answer = client.post(json.dumps(message).encode(), headers={**headers, "Content-Type": kind})

    assert answer.result["structuredContent"] == {"result": "x"}


@pytest.mark.parametrize("id", [None, True, 1.5, 1.0, {}, []], ids=str)
def test_message_with_an_id_that_is_none(client: Client, id: Any) -> None:
    _, message = calling(client, id=id)

    answer = posting(client, message)

    # The SDK takes it for a notification in the older era, and drops it.
    assert answer.status == (400 if client.era == MODERN else 202)
    assert CallRecord.objects.count() == 0


@pytest.mark.parametrize("change", [{}, {"method": 5}, {"params": []}], ids=str)
def test_message_whose_id_is_no_unicode_is_refused_without_one(
    client: Client, change: dict[str, Any]
) -> None:
    _, message = calling(client, **change, id="\ud800")

    answer = posting(client, message)

    assert_refused(answer, codes=(-32700, -32600))
    assert answer.messages[-1]["id"] is None


@pytest.mark.parametrize("id", ["", "a", 0, -1, 10**40])
def test_message_with_any_true_id_is_answered_under_it(client: Client, id: Any) -> None:
    _, message = calling(client, id=id)

    answer = posting(client, message)

    assert answer.messages[-1]["id"] == id


@pytest.mark.parametrize("params", [None, {}])
def test_call_without_params(client: Client, params: Any) -> None:
    _, message = calling(client, params=params)

    assert_refused(posting(client, message), codes=(-32602,))


@pytest.mark.parametrize("name", [None, 5, True, ["echo"], {"echo": 1}], ids=str)
def test_name_that_is_no_string(client: Client, name: Any) -> None:
    _, message = calling(client)
    message["params"]["name"] = name

    assert_refused(posting(client, message), codes=(-32602, -32020))


@pytest.mark.parametrize("arguments", [[], [1], "x", "", 0, 5, False, True], ids=repr)
@pytest.mark.parametrize("name", ["echo", "public_notes"])
def test_arguments_that_are_no_object(client: Client, name: str, arguments: Any) -> None:
    client = client.with_key("alice")

    answer = client.send("tools/call", {"name": name, "arguments": arguments})

    assert_refused(answer, codes=(-32602,))


@pytest.mark.parametrize("arguments", [None, {}])
def test_arguments_that_are_absent_are_none(client: Client, arguments: Any) -> None:
    result = client.send("tools/call", {"name": "echo", "arguments": arguments}).result

    assert result["isError"] is True
    assert "text: is required" in result["content"][0]["text"]


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "Infinity",
        "1e999",
        "9" * 4_000,
        "[" * 150 + "]" * 150,
        '{"a":' * 150 + "1" + "}" * 150,
        '"\\u0000"',
    ],
    ids=range(7),
)
def test_arguments_that_no_tool_takes(client: Client, text: str) -> None:
    headers, message = calling(client)
    body = json.dumps(message).replace('"x"', text)

    result = client.post(body.encode(), headers=headers).result

    assert result["isError"] is True
    assert CallRecord.objects.get().outcome == "invalid_arguments"


@pytest.mark.parametrize("depth", [*range(190, 205), *range(300, 1000, 50)])
def test_arguments_of_any_depth_are_answered(client: Client, depth: int) -> None:
    headers, message = calling(client)
    body = json.dumps(message).replace('"x"', "[" * depth + "]" * depth)

    answer = client.post(body.encode(), headers=headers)

    assert answer.status in (200, 400)
    assert not INSIDES.search(answer.text)


def test_lone_surrogates_are_no_text(client: Client) -> None:
    headers, message = calling(client)
    body = json.dumps(message).replace('"x"', '"\\ud800"')

    answer = client.post(body.encode(), headers=headers)

    assert answer.status == (200 if client.era == MODERN else 400)
    assert not INSIDES.search(answer.text)


def test_last_of_two_equal_keys_counts_for_every_reader(client: Client) -> None:
    headers, message = calling(client)
    body = json.dumps(message).replace('"name":', '"name": "write_note", "name":')

    result = client.post(body.encode(), headers=headers).result

    assert result["structuredContent"] == {"result": "x"}
    assert list(CallRecord.objects.values_list("name", "outcome")) == [("echo", "ok")]


@pytest.mark.parametrize("name", ["echo", "public_notes"], ids=["open", "scoped"])
@pytest.mark.parametrize(
    "meta",
    [
        {"progressToken": {}},
        {"progressToken": None},
        {"progressToken": True},
        {"progressToken": 1.5},
        {"progressToken": []},
        {CLIENT_INFO: None},
        {CLIENT_INFO: "x"},
        {CLIENT_INFO: {"name": {"a": [1]}, "version": []}},
        {CLIENT_INFO: {"name": "n" * 100_000, "version": "v"}},
        {CLIENT_INFO: {"name": "a\x00b", "version": "\ud800"}},
        {"traceparent": "garbage"},
        {"traceparent": 5},
        {"traceparent": "-" * 5_000},
        {"traceparent": "00-" + "\x00" * 32 + "-b-01"},
        {"traceparent": "00-" + "z" * 5_000 + "-b-01"},
        {CAPABILITIES: None},
        {CAPABILITIES: "x"},
        {CAPABILITIES: {"extensions": 5}},
        {VERSION: 5},
        {VERSION: LEGACY},
        {"io.modelcontextprotocol/logLevel": 5},
        {"": ""},
    ],
    ids=lambda meta: json.dumps(meta)[:60],
)
def test_meta_of_wrong_types_breaks_nothing(
    client: Client, meta: dict[str, Any], name: str
) -> None:
    params = {"name": name, "arguments": {"text": "x"} if name == "echo" else {}}

    answer = client.with_key("alice").send("tools/call", params, meta=meta)

    assert answer.status in (200, 400, 403)
    assert not INSIDES.search(answer.text)
    assert CallRecord.objects.count() <= 1


@pytest.mark.parametrize("depth", [150, *range(600, 1000, 50)])
def test_client_info_of_any_depth_is_answered(client: Client, depth: int) -> None:
    meta = {CLIENT_INFO: {"name": "x", "version": "1"}}
    params = {"name": "public_notes", "arguments": {}}
    headers, body = client.with_key("alice").request("tools/call", params, meta=meta)
    deep = body.replace(b'"x"', b"[" * depth + b"]" * depth)

    answer = client.with_key("alice").post(deep, headers=headers)

    assert answer.status in (400, 403)
    assert not INSIDES.search(answer.text)


def test_meta_that_can_be_read_but_not_written_is_answered(client: Client) -> None:
    headers, body = client.with_key("alice").request(
        "tools/call", {"name": "public_notes", "arguments": {}}, meta={"example.com/x": "deep"}
    )
    deep = body.replace(b'"deep"', b'{"a":' * 49_900 + b"1" + b"}" * 49_900)

    assert_refused(client.with_key("alice").post(deep, headers=headers), codes=(-32700, -32600))


@pytest.mark.parametrize("meta", [None, [], "x", 5], ids=str)
def test_meta_that_is_no_object_breaks_nothing(client: Client, meta: Any) -> None:
    answer = client.send("tools/call", {"name": "echo", "arguments": {"text": "x"}, "_meta": meta})

    assert answer.status in (200, 400)
    assert not INSIDES.search(answer.text)


@pytest.mark.parametrize(
    "method",
    ["", "x", "tools/x", "prompts/x", "resources/subscribe", "tasks/list", "subscriptions/listen"],
)
def test_unknown_method(client: Client, method: str) -> None:
    headers, message = calling(client, method=method)
    if client.era == MODERN:
        headers["Mcp-Method"] = method

    answer = client.post(json.dumps(message).encode(), headers=headers)

    assert_refused(answer, codes=(-32601, -32602))


@pytest.mark.parametrize("method", ["notifications/cancelled", "notifications/x"])
@pytest.mark.parametrize("params", [{}, {"requestId": 1}, {"requestId": {}}], ids=str)
def test_notifications_are_accepted(client: Client, method: str, params: dict[str, Any]) -> None:
    answer = posting(client, {"jsonrpc": "2.0", "method": method, "params": params})

    assert (answer.status, answer.body) == (202, b"")


@pytest.mark.parametrize("outcome", [{"result": {}}, {"error": {"code": 1, "message": "x"}}])
def test_posted_responses_run_nothing(client: Client, outcome: dict[str, Any]) -> None:
    answer = posting(client, {"jsonrpc": "2.0", "id": 1, **outcome})

    assert answer.status in (202, 400)


@pytest.mark.parametrize(
    "headers",
    [
        {"MCP-Protocol-Version": "2030-01-01"},
        {"MCP-Protocol-Version": ""},
        {"MCP-Protocol-Version": "\xff"},
        {"MCP-Protocol-Version": [MODERN, MODERN]},
        {"MCP-Protocol-Version": [MODERN, "2025-11-25"]},
        {"Mcp-Method": "tools/list"},
        {"Mcp-Method": None},
        {"Mcp-Method": ["tools/call", "tools/call"]},
        {"Mcp-Name": "add"},
        {"Mcp-Name": None},
        {"Mcp-Name": ["echo", "echo"]},
        {"Mcp-Name": "=?base64?####?="},
        {"Mcp-Name": "=?base64?ZWNobx==?="},
    ],
    ids=str,
)
def test_headers_that_differ_from_the_body(modern: Client, headers: dict[str, Any]) -> None:
    sent, message = calling(modern)

    answer = modern.post(json.dumps(message).encode(), headers={**sent, **headers})

    assert answer.status == 400
    assert_refused(answer, codes=(-32020, -32022))


def test_space_around_a_header_is_no_part_of_its_value(modern: Client) -> None:
    """Servers are to remove it (RFC 9110, section 5.5); uvicorn with httptools leaves it there."""
    padded = {"Mcp-Name": " echo \t", "Mcp-Method": "tools/call ", "Authorization": "Key alice "}

    answer = modern.send("tools/call", {"name": "echo", "arguments": {"text": "x"}}, headers=padded)

    assert answer.result["structuredContent"] == {"result": "x"}


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", None])
def test_older_revisions_and_silent_clients_are_served(legacy: Client, version: str | None) -> None:
    headers, message = calling(legacy)

    answer = legacy.post(
        json.dumps(message).encode(), headers={**headers, "MCP-Protocol-Version": version}
    )

    assert answer.result["content"] == [{"type": "text", "text": "x"}]
    assert CallRecord.objects.get().protocol_version == (version or "2025-03-26")


@pytest.mark.parametrize("header", [None, LEGACY, "2025-03-26"])
@pytest.mark.parametrize("version", [MODERN, "2030-01-01", 5, None])
@pytest.mark.parametrize("name", ["echo", "write_note", "hidden"])
def test_body_of_the_new_era_under_a_header_of_the_old_one_is_refused(
    modern: Client, header: str | None, version: Any, name: str
) -> None:
    """A gateway that goes by the header would be deceived."""
    params = {"name": name, "arguments": {"text": "x"}}
    headers, body = modern.request("tools/call", params, meta={VERSION: version})

    answer = modern.with_key("alice").post(
        body, headers={**headers, "MCP-Protocol-Version": header}
    )

    assert answer.status == 400
    assert_refused(answer, codes=(-32020,))
    assert answer.messages[-1]["id"] == json.loads(body)["id"]


def test_body_of_the_old_era_under_a_header_of_the_new_one_is_refused(modern: Client) -> None:
    params = {"name": "echo", "arguments": {"text": "x"}}

    for meta in ({VERSION: LEGACY}, {VERSION: "2025-03-26"}):
        answer = modern.with_key("alice").send("tools/call", params, meta=meta)

        assert answer.status == 400
        assert_refused(answer, codes=(-32020,))


def test_eras_that_differ_are_told_to_nobody_without_a_token(
    modern: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = False
    headers, body = modern.request("tools/list")

    assert modern.post(body, headers={**headers, "MCP-Protocol-Version": LEGACY}).status == 401
