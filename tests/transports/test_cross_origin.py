"""Clients that run in a browser on a page of an allowed origin, and those of no such origin."""

from typing import Any

import pytest
from pytest_django import Settings

from tests.wire import Answer, Client

APP = "https://app.example"
EVIL = "https://evil.example"


@pytest.fixture(autouse=True)
def _app_is_allowed(settings: Settings) -> None:
    settings.DJANGO_MCP_ALLOWED_ORIGINS = [APP]


def preflight(client: Client, *, origin: str = APP, headers: str = "content-type") -> Answer:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": headers,
    }
    return client.post(headers=asked, http_method="OPTIONS")


def listed(answer: Answer, name: str) -> set[str]:
    return {each.strip().lower() for value in answer.header(name) for each in value.split(",")}


@pytest.mark.parametrize("origin", [APP, "http://testserver"])
def test_browser_is_told_what_a_script_may_send(modern: Client, origin: str) -> None:
    answer = preflight(modern, origin=origin)

    assert (answer.status, answer.body) == (204, b"")
    assert answer.header("Access-Control-Allow-Origin") == [origin]
    assert answer.header("Access-Control-Allow-Credentials") == []
    assert listed(answer, "Access-Control-Allow-Methods") == {"post"}
    assert listed(answer, "Access-Control-Allow-Headers") == {
        "authorization",
        "content-type",
        "last-event-id",
        "mcp-method",
        "mcp-name",
        "mcp-protocol-version",
        "mcp-session-id",
    }
    assert "origin" in listed(answer, "Vary")


def test_headers_that_repeat_arguments_are_allowed(modern: Client) -> None:
    answer = preflight(modern, headers="Mcp-Param-Region, mcp-param-due.date,x-evil,mcp-param-")

    allowed = listed(answer, "Access-Control-Allow-Headers")
    assert {"mcp-param-region", "mcp-param-due.date"} <= allowed
    assert not {"x-evil", "mcp-param-"} & allowed


class KeepsKeysInAHeader:
    credential_headers = ("x-api-key",)

    def authenticate(self, peer: Any, endpoint: Any) -> None:
        return None

    def challenge(self, challenge: Any, endpoint: Any) -> str:
        return ""


def test_headers_of_credentials_are_allowed(modern: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_AUTHENTICATORS = [f"{__name__}.KeepsKeysInAHeader"]

    assert "x-api-key" in listed(preflight(modern), "Access-Control-Allow-Headers")


def assert_is_readable(answer: Answer) -> None:
    assert answer.header("Access-Control-Allow-Origin") == [APP]
    assert {"www-authenticate", "mcp-session-id", "mcp-protocol-version"} <= listed(
        answer, "Access-Control-Expose-Headers"
    )
    assert "origin" in listed(answer, "Vary")


def test_script_reads_the_answer_to_a_call(client: Client) -> None:
    answer = client.having(headers={"Origin": APP}).call("add", a=1, b=2)

    assert answer.result["structuredContent"] == {"result": 3}
    assert_is_readable(answer)


def test_script_reads_how_to_get_in(client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = False

    answer = client.having(headers={"Origin": APP}).call("add", a=1)

    assert answer.status == 401
    assert answer.header("WWW-Authenticate")
    assert_is_readable(answer)


@pytest.mark.parametrize("http_method", ["GET", "DELETE"])
def test_script_reads_that_there_is_no_stream(client: Client, http_method: str) -> None:
    answer = client.post(headers={"Origin": APP}, http_method=http_method)

    assert answer.status == 405
    assert_is_readable(answer)


@pytest.mark.parametrize("origin", [EVIL, "null", "https://app.example.evil.example"])
def test_foreign_pages_learn_nothing(client: Client, origin: str) -> None:
    call = client.having(headers={"Origin": origin}).call("add", a=1)
    answers = [call, preflight(client, origin=origin)]

    assert [answer.status for answer in answers] == [403, 403]
    assert not any(answer.header("Access-Control-Allow-Origin") for answer in answers)


def test_page_at_a_foreign_host_learns_nothing(client: Client) -> None:
    # What a name of the attacker's that resolves to this machine would bring along.
    rebound = {"Host": "evil.example", "Origin": "http://evil.example"}

    answer = client.having(headers=rebound).call("add", a=1)

    assert answer.status == 400
    assert answer.header("Access-Control-Allow-Origin") == []


def test_clients_that_are_no_browsers_are_answered_as_before(client: Client) -> None:
    answer = client.call("add", a=1, b=2)

    assert not [name for name, _ in answer.headers if name.startswith("access-control")]
