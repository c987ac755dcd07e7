"""What authenticators are told of the program that sent a request."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.http import parse_cookie
from django.http.request import HttpRequest
from pytest_django import Settings

from django_mcp.auth.authenticators import Challenge
from django_mcp.endpoints import Endpoint
from django_mcp.exceptions import InvalidCredentialsError
from django_mcp.kinds import Kind
from django_mcp.models import CallRecord
from django_mcp.peers import Peer
from django_mcp.principals import Principal
from django_mcp.protocol.exchange import Exchange
from django_mcp.protocol.targets import Target
from django_mcp.transports.http.peer import peer_of
from tests.spec import MODERN
from tests.wire import Client

COOKIE = "sessionid"


class OfficeSessions:
    """Lets in whoever has signed in on the site, from one network."""

    credential_headers = ("cookie",)

    def authenticate(self, peer: Peer, endpoint: Endpoint) -> Principal | None:
        session = SessionStore(parse_cookie(peer.headers.get("Cookie", "")).get(COOKIE))
        user = User.objects.filter(username=session.get("user", "")).first()
        if user is None or not peer.address.startswith("203.0.113."):
            raise InvalidCredentialsError
        return Principal(
            endpoint=endpoint, user=user, client_id=f"{peer.transport} {peer.user_agent}"
        )

    def challenge(self, challenge: Challenge, endpoint: Endpoint) -> str:
        return ""


@pytest.fixture
def signed_in(client: Client, settings: Settings) -> Client:
    """A client with the session of a user."""
    settings.DJANGO_MCP_AUTHENTICATORS = [f"{__name__}.OfficeSessions"]
    session = SessionStore()
    session["user"] = "alice"
    session.save()
    return client.having(headers={"Cookie": f"theme=dark; {COOKIE}={session.session_key}"})


def test_authenticator_reads_cookies_address_and_program(signed_in: Client) -> None:
    assert signed_in.call("add", a=1).result["structuredContent"] == {"result": 1}

    record = CallRecord.objects.get()
    assert record.username == "alice"
    assert record.client == "http wire/1"
    assert record.address == "203.0.113.9"


def last_hop(request: HttpRequest) -> str:
    return str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()


@pytest.mark.parametrize(
    ("forwarded", "status"), [("192.0.2.1, 203.0.113.7", 200), ("203.0.113.7, 192.0.2.1", 401)]
)
def test_authenticator_is_told_the_address_that_the_project_finds(
    signed_in: Client, settings: Settings, forwarded: str, status: int
) -> None:
    settings.RATELIMIT_IP_META_KEY = last_hop

    answer = signed_in.having(headers={"X-Forwarded-For": forwarded}).call("add", a=1)

    assert answer.status == status


def test_peer_is_made_without_a_request() -> None:
    peer = Peer(headers={"X-API-Key": "secret"})

    assert peer.headers["x-api-key"] == peer.headers["X-Api-Key"] == "secret"
    assert "Cookie" not in peer.headers
    assert (peer.address, peer.user_agent, peer.transport) == ("", "", "http")


def test_headers_of_a_peer_cannot_be_changed_and_are_not_shown() -> None:
    sent = {"Authorization": "Bearer secret"}
    headers: Any = (peer := Peer(headers=sent)).headers
    sent.clear()

    with pytest.raises(TypeError):
        headers["Authorization"] = "Bearer other"
    assert headers["authorization"] == "Bearer secret"
    assert "secret" not in repr(peer)


def test_headers_of_a_request_are_those_that_django_has() -> None:
    meta = {
        "HTTP_X_API_KEY": "secret",
        "CONTENT_TYPE": "application/json",
        "REMOTE_ADDR": "192.0.2.1",
        "HTTP_USER_AGENT": "probe/1",
    }
    request = HttpRequest()
    request.META = meta
    peer = peer_of(request)

    assert dict(peer.headers) == dict(request.headers)
    assert len(peer.headers) == len(request.headers)
    assert peer.headers["x-api-key"] == peer.headers["X-API-Key"] == "secret"
    assert peer.headers["Content-Type"] == "application/json"
    assert "Remote-Addr" not in peer.headers
    assert peer == Peer(address="192.0.2.1", user_agent="probe/1", headers=request.headers)


def test_call_is_read_without_a_request() -> None:
    principal = Principal(endpoint=Endpoint(url="http://testserver/mcp"))
    headers = {"Traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
    peer = Peer(address="192.0.2.1", user_agent="probe/1", headers=headers)
    exchange = Exchange(principal=principal, peer=peer, may_stream=False)

    params = {"name": "add", "arguments": {"a": 1}}
    target = Target.of(Kind.TOOL, params)
    assert target is not None

    call = exchange.invocation(target, params, MODERN)

    assert (call.name, call.arguments, call.principal) == ("add", {"a": 1}, principal)
    assert (call.address, call.client_info) == ("192.0.2.1", "probe/1")
    assert call.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
