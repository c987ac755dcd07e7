"""Who is let in, who is sent to the login, who is told to step up, and who learns nothing."""

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group, User
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from django_mcp.audit.redaction import UNKNOWN
from django_mcp.auth.authenticators import Challenge
from django_mcp.endpoints import Endpoint
from django_mcp.models import CallRecord, ToolGroup
from django_mcp.peers import Peer
from django_mcp.policy import snapshot
from django_mcp.policy.snapshot import current_snapshot, forget_snapshot
from django_mcp.principals import Principal
from django_mcp.testing.inline import inline
from tests.refusals import unknown_tool
from tests.spec import LEGACY, MODERN
from tests.transports.tools import SECRET
from tests.wire import Answer, Client

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = "00-ffffffffffffffffffffffffffffffff-b7ad6b7169203331-00"
LATER = "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-of=a-later,version"

HIDDEN = [
    ("hidden", {"text": "x"}),
    ("hidden", {"wrong": 1}),
    ("hidden_async", {"text": "x"}),
    ("hidden_scoped", {"text": "x"}),
    ("hidden_regional", {"region": "eu"}),
    ("hidden_context", {"text": "x"}),
    ("hidden_background", {"text": "x"}),
    ("hidden_permitted", {"text": "x"}),
    ("hidden_required", {"text": "x"}),
    ("hidden_required_async", {"wrong": 1}),
    ("hidden_required_background", {"text": "x"}),
    ("hidden_required_client", {"text": "x"}),
]


def outcomes() -> list[tuple[str, str]]:
    return list(CallRecord.objects.order_by("id").values_list("name", "outcome"))


def counted(call: Callable[[], Answer]) -> tuple[Answer, int]:
    """The answer to the first call of a second, and how many statements it took."""
    forget_snapshot()
    current_snapshot()
    with CaptureQueriesContext(connection) as captured:
        return call(), len(captured)


def seen_of(answer: Answer, name: str) -> tuple[Any, ...]:
    """All that the caller can see of an answer, the name that it sent aside."""
    lengths = {"content-length"}
    headers = sorted((k, v) for k, v in answer.headers if k not in lengths)
    return answer.status, headers, answer.text.replace(name, "NAME")


@pytest.mark.implementation
@pytest.mark.parametrize(
    "key",
    [None, "alice", "alice notes:read notes:write closed:use", "-"],
    ids=["anonymous", "no scopes", "every scope", "a client without a user"],
)
@pytest.mark.parametrize(
    ("name", "arguments", "headers"),
    [
        *((*each, {}) for each in HIDDEN),
        ("hidden_regional", {"region": "eu"}, {"Mcp-Param-Region": "us"}),
        ("hidden_regional", {"region": "eu"}, {"Mcp-Param-Region": "=?base64?####?="}),
    ],
)
@pytest.mark.parametrize("meta", [{}, {"progressToken": "p"}], ids=["", "progress"])
def test_hidden_tool_is_not_told_from_a_missing_one(
    client: Client,
    key: str | None,
    name: str,
    arguments: dict[str, Any],
    headers: dict[str, str],
    meta: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(snapshot, "MAX_AGE_SECONDS", 3600.0)  # however slow the machine is
    client = client.with_key(key) if key else client
    client = client.having(headers=headers).with_tasks()
    missing = "m" * len(name)

    def call(name: str) -> Answer:
        return client.send("tools/call", {"name": name, "arguments": arguments}, meta=meta)

    of_hidden, hidden_queries = counted(lambda: call(name))
    of_missing, missing_queries = counted(lambda: call(missing))

    assert seen_of(of_hidden, name) == seen_of(of_missing, missing)
    assert hidden_queries == missing_queries
    assert of_hidden.error == unknown_tool(name)
    assert outcomes() == [(name, "unknown_tool"), (missing, "unknown_tool")]


@pytest.mark.parametrize("name", ["missing", *sorted({name for name, _ in HIDDEN})])
def test_of_the_arguments_of_an_unknown_tool_the_names_alone_are_on_record(
    client: Client, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level("DEBUG")
    value = "correct horse battery staple"

    client.with_key("alice").call(name, text=value, options={value: [{"pin": value}]})

    record = CallRecord.objects.get()
    assert record.arguments == dict.fromkeys(("text", "options"), UNKNOWN)
    assert all(value not in str(vars(line)) for line in caplog.records)


@pytest.mark.parametrize("name", sorted({name for name, _ in HIDDEN}))
def test_hidden_tool_is_not_listed(client: Client, name: str) -> None:
    tools = client.with_key("alice closed:use").send("tools/list").result["tools"]

    assert name not in {tool["name"] for tool in tools}
    assert SECRET not in json.dumps(tools)


def test_list_shows_each_caller_what_it_may_use(client: Client) -> None:
    def names(client: Client) -> list[str]:
        return [tool["name"] for tool in client.send("tools/list").result["tools"]]

    anybody = ["add", "boom", "boom_async", "echo", "public_notes", "regional"]

    assert names(client) == anybody
    assert names(client.with_key("-")) == anybody
    assert names(client.with_key("alice")) == sorted(
        [*anybody, "awrite_note", "read_notes", "write_note"]
    )


@pytest.mark.parametrize("name", ["write_note", "awrite_note"])
@pytest.mark.parametrize("held", ["", "notes:read", "other"])
def test_missing_scope_is_403_that_names_every_scope(client: Client, name: str, held: str) -> None:
    answer = client.with_key(f"alice {held}").call(name, text="secret diary")

    assert answer.status == 403
    assert answer.json == {
        "jsonrpc": "2.0",
        "id": 1,
        "error": {
            "code": 403,
            "message": "The token lacks scopes; needed are: notes:read notes:write",
            "data": {"error": "insufficient_scope", "scopes": ["notes:read", "notes:write"]},
        },
    }
    assert answer.header("WWW-Authenticate") == [
        'Key realm="default", scope="notes:read notes:write"'
    ]
    assert outcomes() == [(name, "missing_scope")]


@pytest.mark.parametrize("id", [0, "", "a", 10**40])
def test_missing_scope_is_told_under_any_true_id(client: Client, id: Any) -> None:
    headers, body = client.request("tools/call", {"name": "write_note"}, id=id)

    answer = client.with_key("alice").post(body, headers=headers)

    assert (answer.status, answer.messages[-1]["id"]) == (403, id)


def test_record_of_a_missing_scope_tells_the_whole_story(client: Client) -> None:
    meta = {
        "io.modelcontextprotocol/clientInfo": {"name": "desk", "version": "2"},
        "traceparent": TRACEPARENT,
    }
    params = {"name": "write_note", "arguments": {"text": "x"}}

    client.with_key("alice notes:read").send("tools/call", params, meta=meta)

    record = CallRecord.objects.values().get()
    assert record["username"] == "alice"
    assert record["client"] == "key-client"
    assert record["client_info"] == "desk/2"
    assert record["scopes"] == "notes:read"
    assert record["address"] == "203.0.113.9"
    assert record["protocol_version"] == client.era
    assert record["traceparent"] == TRACEPARENT
    assert record["arguments"] == {"text": "x"}
    assert record["error_class"] == "MissingScopeError"


@pytest.mark.parametrize(
    ("sent", "header", "kept"),
    [
        (TRACEPARENT, OTHER, TRACEPARENT),
        (None, TRACEPARENT, TRACEPARENT),
        ("garbage", TRACEPARENT, TRACEPARENT),
        (LATER, None, LATER),
        (None, None, ""),
        (5, None, ""),
        (TRACEPARENT.upper(), None, ""),
        (f"{TRACEPARENT}\n", None, ""),
        (f"{TRACEPARENT}-more", None, ""),
        (f"ff{TRACEPARENT[2:]}", None, ""),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", None, ""),
        (f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01", None, ""),
        (f"00-{'z' * 32}-b7ad6b7169203331-01", None, ""),
        (f"{LATER}{'x' * 128}", None, ""),
        (f"{LATER}\x00", None, ""),
    ],
)
def test_whole_traceparent_is_on_record_if_it_is_well_formed(
    client: Client, sent: Any, header: str | None, kept: str
) -> None:
    if header is not None:
        client = client.having(headers={"traceparent": header})
    meta = {} if sent is None else {"traceparent": sent}

    client.with_key("alice").send(
        "tools/call", {"name": "echo", "arguments": {"text": "x"}}, meta=meta
    )

    assert CallRecord.objects.get().traceparent == kept


def test_scopes_beyond_those_needed_do_no_harm(client: Client) -> None:
    answer = client.with_key("alice notes:write x notes:read").call("write_note", text="abc")

    assert answer.result["structuredContent"] == {"result": "alice wrote 3"}


def test_invalid_arguments_do_not_hide_a_missing_scope(client: Client) -> None:
    assert client.with_key("alice").call("write_note", wrong=1).status == 403


@pytest.mark.parametrize("name", ["read_notes", "public_notes", "write_note"])
def test_anonymous_call_of_a_scoped_tool_is_sent_to_the_login(client: Client, name: str) -> None:
    answer = client.call(name)

    assert (answer.status, answer.messages[-1]["id"]) == (401, None)
    assert "notes:read" in answer.header("WWW-Authenticate")[0]
    assert outcomes() == []


def test_client_without_a_user_is_not_shown_tools_that_need_one(client: Client) -> None:
    answer = client.with_key("- notes:read").call("read_notes")

    assert answer.error["message"] == "Unknown tool: read_notes"


@pytest.mark.parametrize("method", ["tools/list", "ping", "server/discover", "x"])
def test_nobody_anonymous_gets_past_the_login_unless_allowed(
    client: Client, settings: Settings, method: str
) -> None:
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = False

    answer = client.send(method)

    assert (answer.status, answer.messages[-1]["id"]) == (401, None)
    assert answer.header("WWW-Authenticate") == ['Key realm="default", scope="notes:read"']


def test_caller_without_credentials_finds_the_challenge_whatever_it_sends(
    client: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = False

    answer = client.post(b"hello", headers={"Content-Type": "text/plain"})

    assert (answer.status, answer.header("WWW-Authenticate")) == (
        401,
        ['Key realm="default", scope="notes:read"'],
    )


@pytest.mark.parametrize("header", [None, "Key nobody", "Bearer x"])
def test_caller_without_good_credentials_is_refused_before_its_body_comes(
    client: Client, settings: Settings, header: str | None
) -> None:
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = False

    async def scenario() -> dict[str, Any]:
        async with client.opening(headers={"Authorization": header}, more_comes=True) as opened:
            while not opened.body:
                await opened.news()
            answer: dict[str, Any] = json.loads(opened.body)
            return answer

    with inline():
        answer = async_to_sync(scenario)()

    assert answer["error"]["code"] == 401


def test_what_is_left_of_a_body_is_passed_over_for_a_while(
    client: Client, settings: Settings
) -> None:
    """Servers close connections on which something is left."""
    settings.DJANGO_MCP_MAX_REQUEST_BYTES = 100
    settings.DJANGO_MCP_BODY_TIMEOUT = 0.01
    bad = client.with_key("nobody")

    async def unread(*body: bytes, more_comes: bool) -> int:
        async with bad.opening(*body, more_comes=more_comes) as opened:
            assert (await opened.answer()).status == 401
            return opened.unread

    with inline():
        assert async_to_sync(unread)(*[b"x" * 30] * 3, more_comes=False) == 0
        assert async_to_sync(unread)(*[b"x" * 30] * 3, more_comes=True) == 0
        assert async_to_sync(unread)(*[b"x" * 30] * 9, more_comes=True) == 5


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_broken_body_does_not_get_past_the_login(
    client: Client, settings: Settings, body: bytes
) -> None:
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = False

    assert client.post(body).status == 401


@pytest.mark.parametrize(
    "value", ["Key nobody", "Basic YTpi", "Bearer x", "Key", "", "x", ["Key alice", "Key alice"]]
)
def test_bad_credentials_are_401_although_anybody_may_come(
    client: Client, value: str | list[str]
) -> None:
    answer = client.having(headers={"Authorization": value}).call("add", a=1)

    assert answer.status == 401
    assert answer.json["error"]["data"]["error"] == "invalid_token"
    assert outcomes() == []


def test_encoded_name_does_not_get_around_the_scopes(modern: Client) -> None:
    encoded = f"=?base64?{b64encode(b'write_note').decode()}?="
    headers, body = modern.request("tools/call", {"name": "write_note", "arguments": {}})

    answer = modern.with_key("alice").post(body, headers={**headers, "Mcp-Name": encoded})

    assert answer.status == 403
    assert outcomes() == [("write_note", "missing_scope")]


@pytest.mark.parametrize(
    "headers",
    [{"Mcp-Name": "add"}, {"Mcp-Method": "tools/list"}, {"Mcp-Name": None}, {"Mcp-Method": None}],
    ids=str,
)
def test_headers_that_lie_do_not_get_around_the_scopes(
    modern: Client, headers: dict[str, str | None]
) -> None:
    sent, body = modern.request("tools/call", {"name": "write_note", "arguments": {"text": "x"}})

    answer = modern.with_key("alice").post(body, headers={**sent, **headers})

    assert (answer.status, answer.error["code"]) == (400, -32020)
    assert answer.messages[-1]["id"] == json.loads(body)["id"]
    assert outcomes() == []


def test_headers_that_name_a_scoped_tool_do_not_make_another_call_fail(modern: Client) -> None:
    sent, body = modern.request("tools/call", {"name": "add", "arguments": {"a": 1}})

    answer = modern.with_key("alice").post(body, headers={**sent, "Mcp-Name": "write_note"})

    assert answer.status == 400
    assert outcomes() == []


@pytest.mark.parametrize("versions", [[LEGACY, MODERN], [LEGACY, "x"], [LEGACY, LEGACY]])
@pytest.mark.parametrize("name", ["echo", "write_note", "hidden"])
def test_two_version_headers_are_refused(legacy: Client, versions: list[str], name: str) -> None:
    """A gateway may go by the other one."""
    headers, body = legacy.request("tools/call", {"name": name, "arguments": {"text": "x"}})

    answer = legacy.with_key("alice").post(
        body, headers={**headers, "MCP-Protocol-Version": versions}
    )

    assert (answer.status, answer.error["code"]) == (400, -32020)
    assert answer.messages[-1]["id"] == json.loads(body)["id"]
    assert outcomes() == []


def test_parameter_header_must_match_the_argument(modern: Client) -> None:
    routed = modern.having(headers={"Mcp-Param-Region": "eu"})

    assert routed.call("regional", region="eu").result["isError"] is False
    assert routed.call("regional", region="us").error["code"] == -32020
    assert modern.call("regional", region="eu").error["code"] == -32020
    assert modern.with_key("alice").call("regional", region="eu").status == 400


def test_operator_decides_anew_between_two_calls(client: Client) -> None:
    assert client.call("regional", region="eu").status in (200, 400)
    ToolGroup.objects.update_or_create(name="routed", defaults={"enabled": False})
    forget_snapshot()

    assert client.call("regional", region="eu").error["message"] == "Unknown tool: regional"


def test_allowed_application_sees_the_tool_and_others_do_not(client: Client) -> None:
    group, _ = ToolGroup.objects.get_or_create(name="notes")
    group.enabled, group.allowed_clients = True, ["another-client"]
    group.save()
    forget_snapshot()
    alice = client.with_key("alice notes:read")

    assert alice.call("read_notes").error["message"] == "Unknown tool: read_notes"

    group.allowed_clients = ["key-client"]
    group.save()
    forget_snapshot()

    assert alice.call("read_notes").result["structuredContent"] == {"result": ["alice"]}


def test_caller_with_the_permission_sees_the_tool(client: Client) -> None:
    User.objects.create_superuser("root")

    answer = client.with_key("root closed:use").call("hidden_permitted")

    assert answer.result["isError"] is False


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("hidden_required", "alice"),
        ("hidden_required_async", "alice closed:use"),
        ("hidden_required_client", "- closed:use"),
    ],
)
def test_caller_who_meets_the_requirement_lists_and_calls_the_tool(
    client: Client, name: str, key: str
) -> None:
    User.objects.get(username="alice").groups.add(Group.objects.create(name="trusted"))
    Group.objects.create(name="trusts key-client")
    client = client.with_key(key)

    listed = {tool["name"] for tool in client.send("tools/list").result["tools"]}
    answer = client.call(name, text="x")

    assert name in listed
    assert answer.result["structuredContent"] == {"result": SECRET}


def test_caller_who_meets_the_requirement_is_told_of_a_missing_scope(client: Client) -> None:
    User.objects.get(username="alice").groups.add(Group.objects.create(name="trusted"))

    assert client.with_key("alice").call("hidden_required_async").status == 403


class SilentAuthenticator:
    """Knows nobody and challenges nobody."""

    def authenticate(self, peer: Peer, endpoint: Endpoint) -> Principal | None:
        return None

    def challenge(self, challenge: Challenge, endpoint: Endpoint) -> str:
        return ""


class UnreachableAuthenticator(SilentAuthenticator):
    """Its database is down."""

    def authenticate(self, peer: Peer, endpoint: Endpoint) -> Principal | None:
        raise DatabaseError(SECRET)


class UnreachableKeys(UnreachableAuthenticator):
    """Says where its keys stand."""

    credential_headers = ("x-key",)


class FaultyAuthenticator(SilentAuthenticator):
    """Has a bug."""

    def authenticate(self, peer: Peer, endpoint: Endpoint) -> Principal | None:
        raise RuntimeError(SECRET)


class BrokenUser:
    """A user whose permissions cannot be read."""

    pk = 1

    def get_username(self) -> str:
        return "broken"

    def has_perms(self, permissions: object) -> bool:
        raise RuntimeError(SECRET)


class UnreachableUser(BrokenUser):
    """A user whose permissions are in a database that is down."""

    def has_perms(self, permissions: object) -> bool:
        raise DatabaseError(SECRET)


class UnreachableUserAuthenticator(SilentAuthenticator):
    """Lets in somebody, after which its database goes down."""

    def authenticate(self, peer: Peer, endpoint: Endpoint) -> Principal | None:
        user: Any = UnreachableUser()
        return Principal(endpoint=endpoint, user=user, scopes=frozenset())


class BrokenUserAuthenticator(SilentAuthenticator):
    """Lets in somebody about whom nothing can be found out."""

    def authenticate(self, peer: Peer, endpoint: Endpoint) -> Principal | None:
        user: Any = BrokenUser()
        return Principal(endpoint=endpoint, user=user, scopes=frozenset({"closed:use"}))


def test_failure_of_ours_around_the_tools_tells_nothing_but_a_reference(
    client: Client, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DJANGO_MCP_AUTHENTICATORS = [f"{__name__}.BrokenUserAuthenticator"]

    for answer in (client.send("tools/list"), client.call("hidden_permitted")):
        assert answer.error["code"] == -32603
        assert SECRET not in answer.text
        assert "Traceback" not in answer.text
        reference = answer.error["message"].split()[-1]
        assert reference in caplog.text
    assert SECRET in caplog.text
    assert outcomes() == [("hidden_permitted", "failed")]


def test_authenticators_are_asked_in_order_and_all_challenge(
    client: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_AUTHENTICATORS = [
        f"{__name__}.SilentAuthenticator",
        "tests.keys.KeyAuthenticator",
        f"{__name__}.FaultyAuthenticator",
    ]

    assert client.with_key("alice").call("add", a=1).result["isError"] is False
    assert client.with_key("nobody").call("add", a=1).header("WWW-Authenticate") == [
        'Key realm="default", scope="notes:read"'
    ]


def test_unreachable_database_is_a_503_that_asks_to_come_again(
    client: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_AUTHENTICATORS = [f"{__name__}.UnreachableAuthenticator"]

    answer = client.call("add", a=1)

    assert (answer.status, answer.header("Retry-After")) == (503, ["5"])
    assert answer.messages[-1]["id"] is None
    assert SECRET not in answer.text


def test_database_that_goes_away_after_the_body_was_read_is_a_503_under_its_id(
    client: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_AUTHENTICATORS = [f"{__name__}.UnreachableUserAuthenticator"]

    answer = client.call("hidden_permitted")

    assert (answer.status, answer.header("Retry-After")) == (503, ["5"])
    assert answer.messages[-1]["id"] == 1
    assert SECRET not in answer.text


def test_authenticator_is_asked_about_requests_with_its_headers_alone(
    client: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_AUTHENTICATORS = [f"{__name__}.UnreachableKeys"]

    assert client.call("add", a=1).result["isError"] is False
    assert client.having(headers={"X-Key": "x"}).call("add", a=1).status == 503
    assert client.with_token("x").call("add", a=1).status == 401
