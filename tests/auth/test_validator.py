"""What an application that registered itself can get, and that the host's own lose nothing."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from oauth2_provider.models import (
    get_access_token_model,
    get_application_model,
    get_grant_model,
    get_refresh_token_model,
)
from pytest_django import Settings

from django_mcp.auth.clients.decisions import approve, block, unblock
from django_mcp.models import ClientRegistration, ToolGroup
from django_mcp.policy.snapshot import forget_snapshot
from tests.auth.oauth_client import CALLBACK, ENDPOINT, OAuthClient, error_of, onward, registered
from tests.wire import Client

AccessToken = get_access_token_model()
Grant = get_grant_model()
RefreshToken = get_refresh_token_model()
Applications = get_application_model()

pytestmark = pytest.mark.usefixtures("application")


@pytest.fixture
def program() -> Any:
    return registered()


@pytest.fixture
def oauth_client(program: Any, alice: User) -> OAuthClient:
    return OAuthClient(client_id=program.client_id, user=alice)


@pytest.fixture
def own(alice: User) -> OAuthClient:
    """An application of the host's own, with a secret, which has scopes of the host."""
    application = registered(
        registration_source=Applications.RegistrationSource.MANUAL,
        client_type=Applications.CLIENT_CONFIDENTIAL,
        client_secret="hush",
    )
    return OAuthClient(
        client_id=application.client_id, secret="hush", user=alice, scope="expense:read"
    )


# Tokens for this endpoint alone


@pytest.mark.parametrize(
    "resource", [None, ENDPOINT, f"{ENDPOINT}/", "HTTP://TestServer/mcp", [ENDPOINT, ENDPOINT]]
)
def test_token_is_bound_to_the_endpoint_whether_or_not_the_client_asks(
    oauth_client: OAuthClient, client: Client, resource: Any
) -> None:
    tokens = oauth_client.log_in(resource=resource)
    refreshed = oauth_client.refresh(tokens["refresh_token"]).json()

    assert AccessToken.objects.get().resource == [ENDPOINT]
    assert [token.resource for token in RefreshToken.objects.all()] == [[ENDPOINT], [ENDPOINT]]
    assert client.with_token(refreshed["access_token"]).call("read_notes").status == 200


@pytest.mark.parametrize(
    "resource",
    [
        "http://testserver",
        "http://testserver/mcp/other",
        "http://testserver/mcp?a=1",
        "https://testserver/mcp",
        "https://other.example/mcp",
        "http://[",
        "nonsense",
        [ENDPOINT, "https://other.example/mcp"],
        ["https://other.example/mcp", ENDPOINT],
    ],
    ids=str,
)
def test_any_other_resource_is_refused_before_the_user_is_asked(
    oauth_client: OAuthClient, resource: Any
) -> None:
    response = oauth_client.open(resource=resource)

    assert onward(response).startswith(f"{CALLBACK}?error=invalid_target")
    assert "state=s1" in onward(response)
    assert not Grant.objects.exists()


def test_resource_that_is_slipped_into_the_form_changes_nothing(oauth_client: OAuthClient) -> None:
    code = oauth_client.ask(form={"resource": "https://other.example/mcp"}, resource=None)["code"]

    assert Grant.objects.get().resource == [ENDPOINT]
    assert oauth_client.redeem(code).status_code == 200


def test_other_resource_at_the_token_endpoint_is_refused_and_the_code_still_good(
    oauth_client: OAuthClient,
) -> None:
    code = oauth_client.ask()["code"]

    refused = oauth_client.redeem(code, resource="https://other.example/mcp")

    assert error_of(refused) == "invalid_target"
    assert not AccessToken.objects.exists()
    tokens = oauth_client.redeem(code, resource=ENDPOINT).json()
    refused = oauth_client.refresh(tokens["refresh_token"], resource="http://testserver/api")
    assert error_of(refused) == "invalid_target"
    assert oauth_client.refresh(tokens["refresh_token"]).status_code == 200


def test_token_without_an_audience_from_before_is_bound_when_it_is_refreshed(
    oauth_client: OAuthClient,
) -> None:
    tokens = oauth_client.log_in()
    AccessToken.objects.update(resource=[])
    RefreshToken.objects.update(resource=[])

    oauth_client.refresh(tokens["refresh_token"])

    assert AccessToken.objects.get().resource == [ENDPOINT]


# Scopes of the tools alone


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("notes:read notes:write", "notes:read notes:write"),
        ("notes:read host", "notes:read"),
        ("offline_access notes:read openid", "notes:read"),
        ("notes:read notes:read", "notes:read"),
        (None, "notes:read"),
    ],
)
def test_scopes_are_cut_to_those_of_the_tools(
    oauth_client: OAuthClient, settings: Settings, asked: str | None, granted: str
) -> None:
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "SCOPES": {"host": "Use the host"}}

    tokens = oauth_client.log_in(scope=asked)

    assert tokens["scope"] == granted
    assert AccessToken.objects.get().scope == granted


@pytest.mark.parametrize("asked", ["host", "unknown", "oauth2_provider:registration"])
def test_scopes_of_the_host_alone_are_refused(
    oauth_client: OAuthClient, settings: Settings, asked: str
) -> None:
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "SCOPES": {"host": "Use the host"}}

    assert "error=invalid_scope" in onward(oauth_client.open(scope=asked))


def test_scope_that_opens_no_tool_is_not_granted(oauth_client: OAuthClient) -> None:
    ToolGroup.objects.create(name="notes", enabled=True, read_only=True)

    refused = oauth_client.open(scope="notes:write")
    tokens = oauth_client.log_in(scope="notes:read notes:write")

    assert "error=invalid_scope" in onward(refused)
    assert tokens["scope"] == "notes:read"


def test_tokens_keep_the_scopes_of_a_group_that_is_closed_for_a_while(
    oauth_client: OAuthClient, client: Client
) -> None:
    tokens = oauth_client.log_in(scope="notes:read notes:write")
    group = ToolGroup.objects.create(name="notes", enabled=False)
    forget_snapshot()

    while_closed = client.with_token(tokens["access_token"]).call("read_notes")
    fresh = oauth_client.refresh(tokens["refresh_token"]).json()
    group.enabled = True
    group.save()
    forget_snapshot()
    again = client.with_token(fresh["access_token"]).call("write_note", text="Hello")

    assert while_closed.error["code"] == -32602
    assert fresh["scope"] == "notes:read notes:write"
    assert again.result["structuredContent"] == {"result": "alice wrote 5"}


def test_refresh_cannot_broaden_the_scopes(oauth_client: OAuthClient) -> None:
    tokens = oauth_client.log_in()

    refused = oauth_client.refresh(tokens["refresh_token"], scope="notes:read notes:write")

    assert error_of(refused) == "invalid_scope"
    assert oauth_client.refresh(tokens["refresh_token"]).status_code == 200


def test_baseline_of_the_challenge_is_what_a_client_gets_that_asks_for_nothing(
    oauth_client: OAuthClient, client: Client
) -> None:
    (challenge,) = client.call("add", a=1).header("WWW-Authenticate")

    tokens = oauth_client.log_in(scope=None)

    assert f'scope="{tokens["scope"]}"' in challenge


def test_clients_that_cannot_ask_for_more_later_may_be_told_to_ask_for_all_at_once(
    oauth_client: OAuthClient, client: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_LOGIN_SCOPES = "all"

    (challenge,) = client.call("add", a=1).header("WWW-Authenticate")
    tokens = oauth_client.log_in(scope=None)

    assert set(tokens["scope"].split()) == {"closed:use", "notes:read", "notes:write"}
    assert f'scope="{tokens["scope"]}"' in challenge


# Codes and refresh tokens alone


@pytest.mark.parametrize("grant", ["client-credentials", "password", "implicit", "openid-hybrid"])
@pytest.mark.parametrize("client_type", ["public", "confidential"])
def test_other_grants_are_refused_whatever_the_application_says_of_itself(
    alice: User, grant: str, client_type: str
) -> None:
    alice.set_password("secret")
    alice.save()
    application = registered(
        authorization_grant_type=grant, client_type=client_type, client_secret="hush"
    )
    oauth_client = OAuthClient(client_id=application.client_id, secret="hush", user=alice)
    as_alice = {"username": "alice", "password": "secret", "scope": "notes:read"}

    assert (
        error_of(oauth_client.post({"grant_type": "client_credentials"})) == "unauthorized_client"
    )
    assert (
        error_of(oauth_client.post({"grant_type": "password", **as_alice})) == "unauthorized_client"
    )
    for response_type in ("token", "code token", "code id_token", "id_token"):
        location = onward(oauth_client.open(response_type=response_type, nonce="n"))
        assert location.startswith(f"{CALLBACK}?error=un"), location
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "x" * 200}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"nonce": "n" * 300}, "invalid_request"),
    ],
    ids=str,
)
def test_what_would_fail_after_the_consent_is_refused_before(
    oauth_client: OAuthClient, settings: Settings, parameters: dict[str, Any], error: str
) -> None:
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "PKCE_REQUIRED": False}

    assert f"?error={error}" in onward(oauth_client.open(**parameters))


@pytest.mark.parametrize(
    "parameters",
    [
        {"client_id": "a\x00b"},
        {"client_id": "x" * 400},
        {"client_id": "https://a\x00b/c"},
        {"client_id": None},
        {"redirect_uri": "https://desk.example/\x00"},
        {"redirect_uri": "nonsense"},
        {"nonce": "a\x00b"},
    ],
    ids=str,
)
def test_nonsense_leads_to_a_page_and_nowhere_else(
    oauth_client: OAuthClient, parameters: dict[str, Any]
) -> None:
    assert oauth_client.open(**parameters).status_code == 400


@pytest.mark.parametrize(
    "parameters",
    [
        {"client_id": "a\x00b"},
        {"client_id": None},
        {"code": "a\x00b"},
        {"code": "x" * 9999},
        {"code": ""},
        {"code": None},
        {"code_verifier": "\x00"},
        {"code_verifier": None},
        {"redirect_uri": "\x00"},
        {"grant_type": None},
        {"grant_type": "nonsense"},
        {"grant_type": "urn:ietf:params:oauth:grant-type:device_code"},
        {"grant_type": "refresh_token"},
        {"grant_type": "refresh_token", "refresh_token": "a\x00b"},
        {"grant_type": "refresh_token", "refresh_token": ""},
    ],
    ids=str,
)
def test_nonsense_at_the_token_endpoint_is_a_plain_refusal(
    oauth_client: OAuthClient, parameters: dict[str, Any]
) -> None:
    code = oauth_client.ask()["code"]

    assert error_of(oauth_client.redeem(**{"code": code, **parameters}))


# Redirects


@pytest.mark.parametrize(
    ("registered_uri", "asked"),
    [
        ("https://desk.example/callback", "https://desk.example/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:49152/callback"),
        ("http://127.0.0.1:33418/", "http://127.0.0.1:5000/"),
        ("http://[::1]/callback", "http://[::1]:49152/callback"),
        ("http://localhost/callback", "http://localhost:49152/callback"),
        ("http://localhost:1/callback?a=1", "http://localhost/callback?a=1"),
        ("cursor://anysphere.cursor-mcp/cb", "cursor://anysphere.cursor-mcp/cb"),
    ],
)
def test_answer_goes_where_the_application_said(
    alice: User, settings: Settings, registered_uri: str, asked: str
) -> None:
    schemes = ["http", "https", "cursor"]
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "ALLOWED_REDIRECT_URI_SCHEMES": schemes}
    application = registered(redirect_uris=f"https://desk.example/other {registered_uri}")
    oauth_client = OAuthClient(client_id=application.client_id, user=alice, redirect_uri=asked)

    assert oauth_client.log_in()["access_token"]


@pytest.mark.parametrize(
    ("registered_uri", "asked"),
    [
        ("https://desk.example/callback", "https://desk.example/callback/"),
        ("https://desk.example/callback", "https://desk.example/callback?a=1"),
        ("https://desk.example/callback", "https://desk.example:444/callback"),
        ("https://desk.example/callback", "https://desk.example.evil.example/callback"),
        ("https://desk.example/callback", "https://desk.example@evil.example/callback"),
        ("https://desk.example/callback", "HTTPS://desk.example/callback"),
        ("https://*.desk.example/callback", "https://evil.desk.example/callback"),
        ("https://*.desk.example/callback", "https://*.desk.example/callback"),
        ("http://127.0.0.1/callback", "http://localhost/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:5000/other"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:5000@evil.example/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.1.evil.example/callback"),
        ("http://desk.example/callback", "http://desk.example/callback"),
        ("http://192.168.0.1/callback", "http://192.168.0.1/callback"),
        ("cursor://desk/callback", "cursor://desk/callback"),
        ("cursor://desk/callback", "cursor://desk/callback2"),
        ("https://desk.example/a#b", "https://desk.example/a#b"),
        ("https:///callback", "https:///callback"),
        ("https://desk.example%2eevil.example/", "https://desk.example%2eevil.example/"),
    ],
)
def test_answer_goes_nowhere_else(
    alice: User, settings: Settings, registered_uri: str, asked: str
) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "ALLOWED_REDIRECT_URI_SCHEMES": ["http", "https"],
        "ALLOW_URI_WILDCARDS": True,
    }
    application = registered(redirect_uris=registered_uri)
    oauth_client = OAuthClient(client_id=application.client_id, user=alice, redirect_uri=asked)

    assert oauth_client.open().status_code == 400


def test_address_that_goes_without_saying_must_be_a_good_one_too(alice: User) -> None:
    good, bad = registered(), registered(redirect_uris="http://desk.example/callback")

    def opened(client_id: str) -> int:
        status: int = (
            OAuthClient(client_id=client_id, user=alice).open(redirect_uri=None).status_code
        )
        return status

    assert opened(good.client_id) == 200
    assert opened(bad.client_id) == 400


# What operators think of it


def test_blocked_application_is_refused_on_the_page_and_at_the_token_endpoint(
    oauth_client: OAuthClient,
) -> None:
    tokens = oauth_client.log_in()
    code = oauth_client.ask()["code"]

    block(oauth_client.client_id)

    page = oauth_client.open()
    assert page.status_code == 400
    assert "have blocked this application" in page.content.decode()
    assert error_of(oauth_client.redeem(code)) == "invalid_grant"
    assert error_of(oauth_client.refresh(tokens["refresh_token"])) == "invalid_grant"
    unblock(oauth_client.client_id)
    assert oauth_client.log_in()


def test_application_waits_for_its_approval_where_that_is_asked_for(
    oauth_client: OAuthClient, settings: Settings
) -> None:
    tokens = oauth_client.log_in()
    code = oauth_client.ask()["code"]
    settings.DJANGO_MCP_REQUIRE_APPROVED_CLIENTS = True

    page = oauth_client.open()
    assert page.status_code == 400
    assert oauth_client.client_id in page.content.decode()
    assert error_of(oauth_client.redeem(code)) == "invalid_grant"
    assert error_of(oauth_client.refresh(tokens["refresh_token"])) == "invalid_grant"

    approve(oauth_client.client_id)
    assert oauth_client.redeem(code).status_code == 200
    assert oauth_client.refresh(tokens["refresh_token"]).status_code == 200


def test_use_is_on_record(oauth_client: OAuthClient) -> None:
    oauth_client.open()
    assert ClientRegistration.objects.get().last_used is None

    tokens = oauth_client.log_in()
    first = ClientRegistration.objects.get()
    oauth_client.refresh(tokens["refresh_token"])
    second = ClientRegistration.objects.get()

    assert (first.client_id, first.source) == (oauth_client.client_id, "dcr")
    assert first.last_used is not None
    assert second.last_used is not None
    assert first.last_used < second.last_used


def test_user_who_is_not_active_gets_no_token(oauth_client: OAuthClient, alice: User) -> None:
    tokens = oauth_client.log_in()
    code = oauth_client.ask()["code"]
    alice.is_active = False
    alice.save()

    assert error_of(oauth_client.redeem(code)) == "invalid_grant"
    assert error_of(oauth_client.refresh(tokens["refresh_token"])) == "invalid_grant"


# What proves nothing


def test_token_that_manages_a_registration_opens_nothing(client: Client, program: Any) -> None:
    from datetime import timedelta

    from django.utils import timezone

    AccessToken.objects.create(
        token="managing",
        application=program,
        scope="oauth2_provider:registration",
        expires=timezone.now() + timedelta(days=1),
    )

    assert client.with_token("managing").call("add", a=1).status == 401


# The host's own


def test_hosts_own_application_is_served_as_before(own: OAuthClient, settings: Settings) -> None:
    settings.DJANGO_MCP_REQUIRE_APPROVED_CLIENTS = True

    tokens = own.log_in(resource="https://api.example/v1", scope="expense:read expense:write")
    refreshed = own.refresh(tokens["refresh_token"])

    assert refreshed.json()["scope"] == "expense:read expense:write"
    assert AccessToken.objects.get().resource == ["https://api.example/v1"]
    assert not ClientRegistration.objects.exists()


def test_hosts_own_application_may_have_tokens_for_anything(own: OAuthClient) -> None:
    own.log_in(resource=None)

    assert AccessToken.objects.get().resource == []


def test_hosts_own_application_keeps_its_other_grants(alice: User) -> None:
    application = registered(
        registration_source=Applications.RegistrationSource.MANUAL,
        authorization_grant_type=Applications.GRANT_CLIENT_CREDENTIALS,
        client_type=Applications.CLIENT_CONFIDENTIAL,
        client_secret="hush",
    )
    own = OAuthClient(client_id=application.client_id, secret="hush")

    assert own.post({"grant_type": "client_credentials"}).status_code == 200
    malformed = own.post({"grant_type": "client_credentials", "resource": "http://["})
    assert error_of(malformed) == "invalid_target"


@pytest.mark.parametrize("parameters", [{"nonce": "n" * 256}, {"code_challenge": "x" * 129}])
def test_hosts_own_application_is_told_what_the_database_would_refuse(
    own: OAuthClient, parameters: dict[str, Any]
) -> None:
    asked = own.ask(**parameters)

    assert asked["error"] == "invalid_request"
    assert "too long" in asked["error_description"]


def test_hosts_own_application_is_blocked_like_any_other(own: OAuthClient) -> None:
    tokens = own.log_in()

    block(own.client_id)

    assert own.open().status_code == 400
    assert error_of(own.refresh(tokens["refresh_token"])) == "invalid_grant"
