"""A host that registers twice for one connection, a second or two apart, as Claude does."""

import datetime
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, connections
from django.db.models import F
from django.test import Client as Browser
from oauth2_provider.models import get_application_model
from pytest_django import Settings

from django_mcp.asgi import Application
from django_mcp.auth.clients.decisions import approve
from django_mcp.models import ClientRegistration
from tests.auth.oauth_client import CALLBACK, OAuthClient, error_of
from tests.auth.test_registration import register
from tests.databases import somebody_waits_for_a_lock
from tests.polls import until
from tests.spec import ERAS
from tests.wire import PATIENCE, Client

Applications = get_application_model()

LOOPBACK = "http://127.0.0.1:33418/callback"
HOST: dict[str, Any] = {
    "client_name": "Claude",
    "redirect_uris": [CALLBACK],
    "address": "160.79.106.1",
}

pytestmark = pytest.mark.usefixtures("application")


def register_twice(
    *, apart: float = 1.5, first: dict[str, Any] | None = None, **second: Any
) -> list[dict[str, Any]]:
    """Register so many seconds apart; `second` is what the second registration says otherwise."""
    answers = []
    for members in ({**HOST, **(first or {})}, {**HOST, **(first or {}), **second}):
        answer = register(**members)
        assert answer.status_code == 201, answer.content
        answers.append(answer.json())
    # On another day, and each so much earlier than it was.
    for number, answer in enumerate(answers):
        ago = datetime.timedelta(days=1, seconds=apart * (1 - number))
        key = answer["client_id"]
        ClientRegistration.objects.filter(client_id=key).update(created=F("created") - ago)
        Applications.objects.filter(client_id=key).update(updated=F("updated") - ago)
    return answers


def change(registration: dict[str, Any], **members: Any) -> None:
    """Change a registration (RFC 7592)."""
    names = ("client_name", "redirect_uris", "token_endpoint_auth_method")
    document = {name: registration[name] for name in names if name in registration}
    answer = Browser().put(
        urlsplit(registration["registration_client_uri"]).path,
        {**document, **members},
        content_type="application/json",
        headers={"Authorization": f"Bearer {registration['registration_access_token']}"},
    )
    assert answer.status_code == 200, answer.content
    registration.update(answer.json())


def program(registration: dict[str, Any], user: User) -> OAuthClient:
    return OAuthClient(
        client_id=registration["client_id"],
        secret=registration.get("client_secret", ""),
        user=user,
        redirect_uri=registration["redirect_uris"][0],
    )


@pytest.mark.parametrize("method", ["none", "client_secret_post"])
@pytest.mark.parametrize("approved", [0, 1])
def test_host_gets_in_with_either_once_one_is_approved(
    alice: User,
    application: Application,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
    method: str,
    approved: int,
) -> None:
    settings.DJANGO_MCP_REQUIRE_APPROVED_CLIENTS = True
    settings.DJANGO_MCP_REGISTRATION_RATE = "2/h"
    both = register_twice(first={"token_endpoint_auth_method": method})
    judged, other = both[approved], both[1 - approved]

    before = program(judged, alice).open()
    call_command("mcp_clients", "approve", judged["client_id"])
    tokens = [program(each, alice).log_in() for each in both]

    assert before.status_code == 400
    assert capsys.readouterr().out.splitlines() == [
        f"{judged['client_id']} is approved",
        f"{other['client_id']} is approved: it repeats the registration",
    ]
    client = Client(application=application, era=ERAS[0])
    for each in tokens:
        assert client.with_token(each["access_token"]).call("read_notes").status == 200
    # Both have counted.
    assert register(**HOST).status_code == 429


@pytest.mark.parametrize("method", ["none", "client_secret_post"])
@pytest.mark.parametrize("asked", [0, 1])
def test_code_that_one_asked_for_is_redeemed_by_the_other(
    alice: User, method: str, asked: int
) -> None:
    both = register_twice(first={"token_endpoint_auth_method": method})
    code = program(both[asked], alice).ask()["code"]
    other = program(both[1 - asked], alice)

    without_verifier = other.redeem(code, code_verifier="guessed" * 8)
    redeemed = other.redeem(code)
    again = program(both[asked], alice).redeem(code)

    assert error_of(without_verifier) == "invalid_grant"
    assert redeemed.status_code == 200
    assert other.refresh(redeemed.json()["refresh_token"]).status_code == 200
    assert error_of(again) == "invalid_grant"


def test_verifier_that_was_guessed_spoils_no_code(alice: User) -> None:
    first, second = register_twice()
    code = program(first, alice).ask()["code"]

    error_of(program(second, alice).redeem(code, code_verifier="guessed" * 8))

    assert program(first, alice).redeem(code).status_code == 200


@pytest.mark.parametrize(
    ("first", "second", "apart", "is_repeat"),
    [
        # Whoever asks for it, an answer on the web goes to that site.
        ({}, {"address": "160.79.107.9"}, 1.5, True),
        ({"redirect_uris": [LOOPBACK]}, {}, 1.5, True),
        ({"redirect_uris": [LOOPBACK]}, {"address": "203.0.113.9"}, 1.5, False),
        ({"redirect_uris": [CALLBACK, LOOPBACK]}, {"address": "203.0.113.9"}, 1.5, False),
        ({"redirect_uris": [LOOPBACK], "address": ""}, {}, 1.5, False),
        ({}, {"client_name": "Claude "}, 1.5, True),
        ({}, {"client_name": "Claude 2"}, 1.5, False),
        ({}, {"redirect_uris": [CALLBACK, f"{CALLBACK}/2"]}, 1.5, False),
        ({}, {"token_endpoint_auth_method": "none"}, 1.5, False),
        ({}, {}, 11, False),
    ],
    ids=str,
)
def test_only_what_looks_the_same_to_everybody_within_seconds_is_a_repeat(
    alice: User,
    settings: Settings,
    first: dict[str, Any],
    second: dict[str, Any],
    apart: float,
    is_repeat: bool,
) -> None:
    earlier, later = register_twice(apart=apart, first=first, **second)
    code = program(earlier, alice).ask()["code"]
    settings.DJANGO_MCP_REQUIRE_APPROVED_CLIENTS = True

    call_command("mcp_clients", "approve", earlier["client_id"])
    standing = ClientRegistration.objects.standing_of(later["client_id"])
    settings.DJANGO_MCP_REQUIRE_APPROVED_CLIENTS = False
    redeemed = program(later, alice).redeem(code)

    assert standing == ("approved" if is_repeat else "new")
    assert (redeemed.status_code == 200) is is_repeat


@pytest.mark.parametrize(
    ("addresses", "is_repeat"),
    [
        (("198.51.100.1", "198.51.100.1"), True),
        (("198.51.100.1", "203.0.113.9"), False),
        (("2001:db8::1", "2001:db8::2"), False),
        (("unknown", "unknown"), False),
    ],
    ids=["one", "two", "two_of_a_network", "none"],
)
def test_behind_a_proxy_the_address_of_the_client_is_stored_and_compared(
    settings: Settings, addresses: tuple[str, str], is_repeat: bool
) -> None:
    settings.RATELIMIT_IP_META_KEY = "HTTP_X_REAL_IP"
    document = {"client_name": "Code", "redirect_uris": [LOOPBACK]}
    first, second = (
        Browser(REMOTE_ADDR="127.0.0.1", headers={"X-Real-IP": address})
        .post("/o/register/", document, content_type="application/json")
        .json()["client_id"]
        for address in addresses
    )

    approved = approve(first)

    assert approved == ([second] if is_repeat else [])
    stored = dict(ClientRegistration.objects.values_list("client_id", "address"))
    assert stored == dict(zip((first, second), addresses, strict=True))


def test_approval_lets_no_blocked_client_in(alice: User) -> None:
    first, second = register_twice()
    call_command("mcp_clients", "block", second["client_id"])
    code = program(first, alice).ask()["code"]

    call_command("mcp_clients", "approve", first["client_id"])

    assert ClientRegistration.objects.standing_of(second["client_id"]) == "blocked"
    assert error_of(program(second, alice).redeem(code)) == "invalid_grant"
    assert program(first, alice).redeem(code).status_code == 200


def test_repeat_of_a_registration_that_has_changed_is_none(alice: User) -> None:
    first, second = register_twice()
    Applications.objects.filter(client_id=second["client_id"]).update(name="Another")

    call_command("mcp_clients", "approve", first["client_id"])

    assert ClientRegistration.objects.standing_of(second["client_id"]) == "new"


@pytest.mark.parametrize(
    "changes",
    [[{"client_name": "Claude"}], [{"client_name": "Another"}, {"client_name": "Claude"}]],
    ids=["made_alike", "turned_back"],
)
def test_registration_that_was_changed_repeats_none(
    alice: User, changes: list[dict[str, Any]]
) -> None:
    name = "Claude" if len(changes) > 1 else "Another"
    first, second = register_twice(client_name=name)
    for each in changes:
        change(second, **each)
    code = program(first, alice).ask()["code"]

    approved = approve(first["client_id"])

    assert approved == []
    assert error_of(program(second, alice).redeem(code)) == "invalid_grant"
    assert approve(second["client_id"]) == []


@pytest.mark.skipif(connection.vendor == "sqlite", reason="it has one writer at a time")
def test_repeat_that_changes_while_it_is_approved_does_not_stay_approved(
    transactional_db: None,
) -> None:
    """The change comes when the approval has compared the registrations, before it is stored."""
    first, second = register_twice()
    is_compared, goes_on = Event(), Event()

    def pause(execute: Callable[..., Any], sql: str, params: Any, *context: Any) -> Any:
        is_update = sql.startswith('UPDATE "django_mcp_clientregistration"')
        if is_update and "IN (" in sql:
            is_compared.set()
            assert goes_on.wait(PATIENCE)
        return execute(sql, params, *context)

    def approve_slowly() -> list[str]:
        with connection.execute_wrapper(pause):
            approved = approve(first["client_id"])
        connections.close_all()
        return approved

    def change_meanwhile() -> None:
        assert is_compared.wait(PATIENCE)
        change(second, redirect_uris=["https://elsewhere.example/callback"])
        connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        approval, changing = threads.submit(approve_slowly), threads.submit(change_meanwhile)
        assert is_compared.wait(PATIENCE)
        until(lambda: changing.done() or somebody_waits_for_a_lock())
        goes_on.set()
        assert approval.result(PATIENCE) == [second["client_id"]]
        changing.result(PATIENCE)

    assert ClientRegistration.objects.standing_of(second["client_id"]) == "new"
