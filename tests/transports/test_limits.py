"""Limits of requests: of a caller whatever it asks, and of bad credentials from one address."""

import logging
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from django_mcp import ToolContext, tool
from django_mcp.auth.failed_attempts import good
from django_mcp.models import CallRecord
from django_mcp.policy.request_limits import RequestLimit
from django_mcp.primitives.declaration import collecting
from django_mcp.transports.http import authentication
from tests.spec import ERAS, LEGACY, MODERN
from tests.wire import Answer, Client, serving

ELSEWHERE = {"client": ("203.0.113.77", 40000)}
ORIGIN = {"Origin": "http://testserver"}

pytestmark = pytest.mark.oauth  # with which django-ratelimit comes


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    cache.clear()
    good.clear()
    yield
    cache.clear()
    good.clear()


def assert_refused(answer: Answer, words: str) -> None:
    (seconds,) = answer.header("Retry-After")
    assert answer.status == 429
    assert 1 <= int(seconds) <= 86_400
    message = f"{words} Wait {seconds} seconds before you try again."
    error = {"code": 429, "message": message}
    assert answer.json == {"jsonrpc": "2.0", "id": None, "error": error}


TOO_MANY = "Too many requests."
BAD = "Too many requests with credentials that are not good came from this address."


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("tools/list", {}),
        ("tools/call", {"name": "echo", "arguments": {"text": "x"}}),
        ("tools/call", {"name": "no such tool"}),
        ("completion/complete", {}),
        ("no/such/method", {}),
    ],
)
def test_requests_of_a_caller_are_limited_whatever_they_are(
    client: Client, settings: Settings, method: str, params: dict[str, object]
) -> None:
    settings.DJANGO_MCP_REQUEST_RATE = "2/d"
    hers = client.with_key("alice")

    first, second, third = (hers.send(method, params) for _ in range(3))
    calls = CallRecord.objects.count()
    hers.send(method, params)

    assert first.status == second.status != 429
    assert_refused(third, TOO_MANY)
    assert CallRecord.objects.count() == calls


def test_handshakes_and_notifications_count_as_well(legacy: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_REQUEST_RATE = "2/d"

    legacy.initialize()
    legacy.post(b'{"jsonrpc": "2.0", "method": "notifications/initialized"}')

    assert_refused(legacy.send("tools/list"), TOO_MANY)


def test_each_caller_has_a_limit_of_its_own(client: Client, settings: Settings, bob: User) -> None:
    settings.DJANGO_MCP_REQUEST_RATE = "1/d"
    callers = [
        client,
        client.having(scope=ELSEWHERE),
        client.with_key("alice"),
        client.with_key("bob"),
    ]

    first = [each.send("tools/list").status for each in callers]
    second = [each.send("tools/list").status for each in callers]

    assert first == [200] * 4
    assert second == [429] * 4


def test_scripts_may_read_how_long_to_wait(client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_REQUEST_RATE = "0/d"

    answer = client.send("tools/list", headers=ORIGIN)

    assert_refused(answer, TOO_MANY)
    assert answer.header("Access-Control-Allow-Origin") == [ORIGIN["Origin"]]
    assert "Retry-After" in answer.header("Access-Control-Expose-Headers")[0]


def test_nothing_is_counted_for_a_known_caller_without_a_limit(
    client: Client, settings: Settings
) -> None:
    """As it is by default: not even the failures of others are asked for."""
    hers = client.with_key("alice")
    hers.send("tools/list")
    settings.CACHES = {**settings.CACHES, "away": {"BACKEND": "tests.guards.caches.BrokenCache"}}
    settings.RATELIMIT_USE_CACHE = "away"
    cache.clear()

    assert hers.send("tools/list").status == 200
    assert not getattr(cache, "_cache", None)


def test_refused_requests_have_one_log_line_a_minute(
    client: Client,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(authentication, "requests", RequestLimit("Requests of one caller"))
    settings.DJANGO_MCP_REQUEST_RATE = "0/d"

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            client.send("tools/list")

    assert caplog.messages == ["Requests of one caller are more than 0/d: 1 refused"]


def test_bad_credentials_of_an_address_are_limited(
    client: Client, settings: Settings, bob: User
) -> None:
    settings.DJANGO_MCP_FAILED_AUTHENTICATION_RATE = "2/d"
    stranger = client.with_key("mallory")

    first, second, third = (stranger.send("tools/list") for _ in range(3))
    with CaptureQueriesContext(connection) as bad:
        fourth = client.with_key("eve").send("tools/list")
    with CaptureQueriesContext(connection) as right:
        unknown_here = client.with_key("bob").send("tools/list")
    elsewhere = client.with_key("bob").having(scope=ELSEWHERE).send("tools/list")

    assert (first.status, second.status) == (401, 401)
    for answer in (third, fourth, unknown_here):
        assert_refused(answer, BAD)
        assert not answer.header("WWW-Authenticate")
    assert (fourth.text, fourth.headers) == (unknown_here.text, unknown_here.headers)
    assert len(bad) == len(right) == 0
    assert elsewhere.status == 200


def test_credentials_that_were_good_before_are_still_taken(
    client: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_FAILED_AUTHENTICATION_RATE = "1/d"
    hers = client.with_key("alice")
    hers.send("tools/list")

    bad = [client.with_key("mallory").send("tools/list").status for _ in range(3)]
    still = hers.send("tools/list")
    User.objects.filter(username="alice").delete()
    gone = [hers.send("tools/list").status for _ in range(2)]

    assert bad == [401, 429, 429]
    assert still.status == 200
    assert gone == [429, 429]


def test_requests_without_credentials_count_for_nothing(client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_FAILED_AUTHENTICATION_RATE = "1/d"
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = False

    answers = [client.send("tools/list").status for _ in range(3)]

    assert answers == [401, 401, 401]
    assert client.with_key("alice").send("tools/list").status == 200


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [("2001:db8::1", "2001:db8::2", 429), ("2001:db8::1", "2001:db8:0:1::1", 401)],
)
def test_addresses_of_one_ipv6_network_count_together(
    client: Client, settings: Settings, first: str, second: str, status: int
) -> None:
    settings.DJANGO_MCP_FAILED_AUTHENTICATION_RATE = "1/d"
    stranger = client.with_key("mallory")

    stranger.having(scope={"client": (first, 1)}).send("tools/list")
    answer = stranger.having(scope={"client": (second, 1)}).send("tools/list")

    assert answer.status == status


def test_address_behind_a_proxy_is_that_of_its_header(client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_FAILED_AUTHENTICATION_RATE = "1/d"
    settings.RATELIMIT_IP_META_KEY = "HTTP_X_REAL_IP"
    stranger = client.with_key("mallory")

    answers = [
        stranger.send("tools/list", headers={"X-Real-IP": address}).status
        for address in ("203.0.113.1", "203.0.113.1", "203.0.113.2")
    ]

    assert answers == [401, 429, 401]


def test_without_a_rate_nothing_limits_bad_credentials(client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_FAILED_AUTHENTICATION_RATE = None

    assert [client.with_key("mallory").send("tools/list").status for _ in range(3)] == [401] * 3


def test_without_the_cache_nobody_is_locked_out(
    client: Client,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.CACHES = {**settings.CACHES, "away": {"BACKEND": "tests.guards.caches.BrokenCache"}}
    settings.RATELIMIT_USE_CACHE = "away"
    settings.DJANGO_MCP_REQUEST_RATE = "1/d"
    settings.DJANGO_MCP_FAILED_AUTHENTICATION_RATE = "1/d"
    monkeypatch.setattr(authentication, "requests", RequestLimit("Requests of one caller"))

    answers = [client.with_key(name).send("tools/list").status for name in ("alice", "mallory") * 2]

    assert answers == [200, 401, 200, 401]
    assert "Requests of one caller cannot be counted, and nothing limits them" in caplog.messages


@pytest.mark.parametrize("name", ["add", "echo", "no such tool"])
@pytest.mark.parametrize("subject", ["endpoint", "all"])
def test_call_that_the_limit_of_the_endpoint_refuses_is_answered_429(
    client: Client, settings: Settings, subject: str, name: str
) -> None:
    settings.DJANGO_MCP_RATES = {subject: "1/d"}
    client.call("echo", text="x")

    answer = client.having(scope=ELSEWHERE).call(name, text="x")

    (seconds,) = answer.header("Retry-After")
    facts = answer.error["data"]["django-mcp/error"]
    assert (answer.status, answer.error["code"], answer.json["id"]) == (429, 429, 1)
    assert facts["kind"] == "rate_limited"
    assert facts["retry_after"] == int(seconds) > 0
    assert CallRecord.objects.filter(outcome="rate_limited").count() == 1


def test_completion_that_the_limit_of_the_endpoint_refuses_is_answered_429(
    client: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_RATES = {"endpoint": "0/d"}
    reference = {"type": "ref/prompt", "name": "some"}
    argument = {"name": "word", "value": ""}

    answer = client.send("completion/complete", {"ref": reference, "argument": argument})

    assert (answer.status, answer.error["code"]) == (429, 429)


@pytest.mark.parametrize("subject", ["user", "endpoint:read"])
def test_limit_that_leaves_others_something_to_call_is_told_in_the_result(
    client: Client, settings: Settings, subject: str
) -> None:
    settings.DJANGO_MCP_RATES = {subject: "0/d"}

    answer = client.call("add", a=1)

    assert answer.status == 200
    assert answer.result["_meta"]["django-mcp/error"]["kind"] == "rate_limited"


def test_stream_that_has_begun_tells_of_the_refusal_in_its_event(
    db: None, settings: Settings
) -> None:
    """One of the 2025 revisions has; one of 2026-07-28 begins with its first message."""
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    settings.DJANGO_MCP_RATES = {"endpoint": "0/d"}
    with collecting() as declared:

        @tool(read_only=True)
        def report(context: ToolContext) -> None:
            """Report progress."""

    with serving(declared) as application:
        answers = {
            era: Client(application=application, era=era).send(
                "tools/call", {"name": "report", "arguments": {}}, meta={"progressToken": "p"}
            )
            for era in ERAS
        }

    statuses = {era: answer.status for era, answer in answers.items()}
    assert statuses == {LEGACY: 200, MODERN: 429}
    assert {answer.error["code"] for answer in answers.values()} == {429}
    assert answers[LEGACY].header("Content-Type")[0].startswith("text/event-stream")
    assert not answers[LEGACY].header("Retry-After")
