"""Dynamic registration: what is taken, what it opens, and how it is managed."""

import datetime
import hashlib
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client as Browser
from django.test import RequestFactory
from django.urls import include, path
from oauth2_provider.models import get_access_token_model, get_application_model
from oauth2_provider.views import ProtectedResourceView
from pytest_django import Settings

from django_mcp.auth.clients.decisions import approve, block
from django_mcp.models import ClientRegistration
from tests.auth.oauth_client import CALLBACK, OAuthClient, error_of
from tests.ports import held_port
from tests.urlconfs import site
from tests.wire import Client

AccessToken = get_access_token_model()
Applications = get_application_model()

CURSOR = [
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "https://www.cursor.com/agents/mcp/oauth/callback",
    "http://localhost:8787/callback",
]

pytestmark = pytest.mark.usefixtures("application")


def register(body: Any = None, *, address: str = "203.0.113.9", **members: Any) -> Any:
    """Send a registration: a body of any kind, or the members of a document."""
    document = {"redirect_uris": [CALLBACK], **members} if body is None else body
    sent = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Browser(REMOTE_ADDR=address).post("/o/register/", sent, content_type="application/json")


def registered_with(**members: Any) -> dict[str, Any]:
    response = register(**members)
    assert response.status_code == 201, response.content
    told: dict[str, Any] = response.json()
    return told


def manage(method: str, told: dict[str, Any], body: Any = None, *, token: str = "") -> Any:
    path = told["registration_client_uri"].removeprefix("http://testserver")
    bearer = f"Bearer {token or told['registration_access_token']}"
    return Browser().generic(
        method, path, json.dumps(body or {}), "application/json", headers={"Authorization": bearer}
    )


def assert_refused(response: Any, error: str = "invalid_client_metadata") -> None:
    """As RFC 7591 has it, and nothing is left behind."""
    assert error_of(response) == error
    assert response.json()["error_description"]
    assert response["Content-Type"] == "application/json"
    assert not Applications.objects.exists()
    assert not AccessToken.objects.exists()
    assert not ClientRegistration.objects.exists()


# What is taken


def test_public_client_registers_and_gets_in(alice: User, client: Client) -> None:
    told = registered_with(client_name="Desk", token_endpoint_auth_method="none")

    assert told["client_name"] == "Desk"
    assert told["redirect_uris"] == [CALLBACK]
    assert told["grant_types"] == ["authorization_code", "refresh_token"]
    assert told["response_types"] == ["code"]
    assert told["token_endpoint_auth_method"] == "none"
    assert "client_secret" not in told
    tokens = OAuthClient(client_id=told["client_id"], user=alice).log_in()
    assert client.with_token(tokens["access_token"]).call("read_notes").status == 200


@pytest.mark.parametrize("method", [None, "client_secret_basic", "client_secret_post"])
def test_client_with_a_secret_registers_and_gets_in(alice: User, method: str | None) -> None:
    members = {} if method is None else {"token_endpoint_auth_method": method}
    told = registered_with(**members)

    assert told["token_endpoint_auth_method"] == (method or "client_secret_basic")
    assert told["client_secret_expires_at"] == 0
    good = OAuthClient(client_id=told["client_id"], secret=told["client_secret"], user=alice)
    code = good.ask()["code"]
    bad = OAuthClient(client_id=told["client_id"], secret="guessed")
    assert error_of(bad.redeem(code)) == "invalid_client"
    assert error_of(bad.redeem(code, client_secret=None)) == "invalid_client"
    assert good.redeem(code).status_code == 200


def test_all_redirects_of_cursor_are_taken(alice: User) -> None:
    told = registered_with(redirect_uris=CURSOR, token_endpoint_auth_method="none")

    assert told["redirect_uris"] == CURSOR
    for uri in CURSOR:
        oauth_client = OAuthClient(client_id=told["client_id"], user=alice, redirect_uri=uri)
        assert oauth_client.log_in()


def test_grants_that_are_not_offered_are_left_out() -> None:
    told = registered_with(
        grant_types=["client_credentials", "authorization_code", "password"],
        response_types=["code", "token"],
        scope="host everything",
        jwks_uri="https://desk.example/keys",
    )

    assert told["grant_types"] == ["authorization_code", "refresh_token"]
    assert Applications.objects.get().authorization_grant_type == "authorization-code"


def test_name_is_one_short_line() -> None:
    told = registered_with(client_name="De\u202esk\u0000\n" + "x" * 500)

    assert told["client_name"].startswith("De sk x")
    assert len(told["client_name"]) <= 100


@pytest.mark.parametrize(
    "members",
    [
        {"grant_types": ["client_credentials"]},
        {"grant_types": ["password"]},
        {"grant_types": ["implicit"]},
        {"grant_types": ["refresh_token"]},
        {"grant_types": "authorization_code"},
        {"grant_types": [["authorization_code"]]},
        {"response_types": ["token"]},
        {"response_types": 5},
        {"client_name": 5},
        {"client_name": {"a": 1}},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": ["none"]},
        {"token_endpoint_auth_method": {}},
        {"redirect_uris": "https://desk.example/"},
        {"redirect_uris": [5]},
        {"redirect_uris": {"a": 1}},
    ],
    ids=str,
)
def test_metadata_that_cannot_be_taken(members: dict[str, Any]) -> None:
    assert_refused(register(**members))


OPTIONAL = (
    "client_name",
    "client_uri",
    "contacts",
    "grant_types",
    "jwks",
    "logo_uri",
    "response_types",
    "scope",
    "software_id",
    "token_endpoint_auth_method",
    "token_endpoint_auth_methods_supported",
)


@pytest.mark.parametrize("nothing", [None, []])
def test_null_and_an_empty_array_count_as_absent(nothing: Any) -> None:
    told = registered_with(**dict.fromkeys(OPTIONAL, nothing))

    assert told["grant_types"] == ["authorization_code", "refresh_token"]
    assert told["token_endpoint_auth_method"] == "client_secret_basic"
    assert told.keys() == registered_with().keys()

    changed = manage("PUT", told, {"redirect_uris": [CALLBACK], **dict.fromkeys(OPTIONAL, nothing)})

    assert changed.status_code == 200
    assert manage("PUT", changed.json(), {"redirect_uris": nothing}).status_code == 400


@pytest.mark.parametrize(
    "uri",
    [
        "http://desk.example/callback",
        "http://192.168.0.1/callback",
        "http://127.0.0.1.evil.example/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "vscode://desk/callback",
        "https://",
        "https:///callback",
        "https://*.desk.example/callback",
        "https://user@desk.example/callback",
        "https://desk.example/callback#part",
        "https://desk.example/a https://evil.example/b",
        "https://desk.example\\@evil.example/",
        "https://desk.example%2eevil.example/",
        "http://[::1]evil.example/",
        "https://desk.example:port/",
        "https://[/",
        "https://d\u00e9sk.example/",
        "https://desk.example/\u017f",
        "https://desk.example/\u212a",
        "http://127.0.0.1:\u0661/",
        "https://desk.example/\u0000",
        "https://desk.example/\ud800",
        "https://0x7f000001/callback",
        "https://3627734734/callback",
        "https://127.1/callback",
        "https://desk.0x1/callback",
        "https://desk.example/" + "x" * 1000,
        "/callback",
        "",
    ],
    ids=lambda uri: ascii(uri)[:60],
)
def test_redirect_to_which_nothing_may_be_sent(uri: str) -> None:
    assert_refused(register(redirect_uris=[CALLBACK, uri]), "invalid_redirect_uri")


@pytest.mark.parametrize("count", [0, 11, 500])
def test_number_of_redirects_is_bounded(count: int) -> None:
    uris = [f"https://a.example/{n}" for n in range(count)]

    response = register(redirect_uris=uris)

    assert_refused(response, "invalid_client_metadata" if count == 500 else "invalid_redirect_uri")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 8000,
        b'{"redirect_uris": ["https://desk.example/"], "x": "' + b"x" * 8192 + b'"}',
        b"x" * 5_000_000,
    ],
    ids=lambda body: f"{body[:10]!r}{len(body)}",
)
def test_body_that_is_no_document_or_too_large(body: bytes) -> None:
    assert_refused(register(body))


# What is written down, and how often


def test_registration_is_on_record_with_the_address_that_it_came_from() -> None:
    told = registered_with()

    row = ClientRegistration.objects.get()
    assert (row.client_id, row.source, row.address) == (told["client_id"], "dcr", "203.0.113.9")
    assert (row.standing, row.last_used) == ("new", None)


@pytest.mark.parametrize(("zone", "use_tz"), [("Asia/Tokyo", True), ("America/Lima", False)])
def test_token_to_manage_a_registration_can_be_looked_at_anywhere(
    admin_client: Browser, settings: Settings, zone: str, use_tz: bool
) -> None:
    settings.TIME_ZONE, settings.USE_TZ = zone, use_tz

    register()

    page = admin_client.get("/admin/oauth2_provider/accesstoken/")
    assert page.status_code == 200
    assert AccessToken.objects.count() == 1


def test_page_of_another_site_registers_nothing_in_the_name_of_its_visitor(alice: User) -> None:
    visitor = Browser(headers={"Origin": "https://evil.example"}, enforce_csrf_checks=True)
    visitor.force_login(alice)

    # As a form or a script sends it without being asked for a preflight.
    body = json.dumps({"redirect_uris": [CALLBACK]})
    response = visitor.post("/o/register/", body, content_type="text/plain")

    assert response.status_code == 201
    assert Applications.objects.get().user is None
    assert AccessToken.objects.get().user is None


def test_application_belongs_to_who_is_logged_in_where_that_is_asked_for(
    alice: User, settings: Settings
) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "DCR_REGISTRATION_PERMISSION_CLASSES": ["oauth2_provider.dcr.IsAuthenticatedDCRPermission"],
    }
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(alice)
    browser.cookies["csrftoken"] = "a" * 32

    response = browser.post(
        "/o/register/",
        {"redirect_uris": [CALLBACK]},
        content_type="application/json",
        headers={"X-CSRFToken": "a" * 32},
    )

    assert response.status_code == 201
    assert Applications.objects.get().user == alice


def test_address_that_is_none_is_kept_as_far_as_it_can_be() -> None:
    # What middleware makes of X-Forwarded-For at some sites.
    response = register(address="203.0.113.9, \x00" + "x" * 100)

    assert response.status_code == 201
    assert ClientRegistration.objects.get().address.startswith("203.0.113.9, \ufffdxxx")


def test_registrations_of_one_address_are_limited(settings: Settings) -> None:
    settings.DJANGO_MCP_REGISTRATION_RATE = "2/h"
    registered_with()
    assert register(b"nonsense").status_code == 400

    response = register()

    assert response.status_code == 429
    assert response.json()["error"] == "temporarily_unavailable"
    assert 1 <= int(response["Retry-After"]) <= 3600
    assert Applications.objects.count() == 1
    assert register(address="198.51.100.1").status_code == 201


def test_registrations_are_limited_unless_a_project_says_otherwise(settings: Settings) -> None:
    statuses = [register().status_code for _ in range(21)]
    assert statuses == [201] * 20 + [429]

    settings.DJANGO_MCP_REGISTRATION_RATE = None
    assert register().status_code == 201


def test_addresses_behind_a_proxy_are_told_apart(settings: Settings) -> None:
    settings.DJANGO_MCP_REGISTRATION_RATE = "1/h"
    settings.RATELIMIT_IP_META_KEY = "HTTP_X_REAL_IP"

    def status(address: str) -> int:
        browser = Browser(headers={"X-Real-IP": address})
        document = {"redirect_uris": [CALLBACK]}
        answer = browser.post("/o/register/", document, content_type="application/json")
        return int(answer.status_code)

    assert [status("203.0.113.1"), status("203.0.113.1"), status("203.0.113.2")] == [201, 429, 201]


@pytest.mark.parametrize("address", ["", "unix:", "testclient"])
def test_addresses_that_are_none_count_together(settings: Settings, address: str) -> None:
    settings.DJANGO_MCP_REGISTRATION_RATE = "1/h"

    assert register(address=address).status_code == 201
    assert register(address=address).status_code == 429


@pytest.mark.parametrize(("is_open", "status"), [(False, 429), (True, 201)])
def test_registrations_that_cannot_be_counted_are_refused_unless_a_project_says_otherwise(
    settings: Settings, caplog: pytest.LogCaptureFixture, is_open: bool, status: int
) -> None:
    settings.RATELIMIT_FAIL_OPEN = is_open
    with held_port() as port:
        redis = {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"redis://127.0.0.1:{port}",
        }
        settings.CACHES = {"default": redis}

        response = register()

    assert response.status_code == status
    assert "could not be counted" in caplog.text
    if not is_open:
        assert response.json()["error"] == "temporarily_unavailable"
        assert response["Retry-After"] == "1"
        assert not Applications.objects.exists()


def test_registration_is_switched_off(settings: Settings) -> None:
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "DCR_ENABLED": False}

    assert register().status_code == 404
    assert not Applications.objects.exists()


def test_registrations_that_nobody_uses_are_pruned() -> None:
    for _ in range(3):
        registered_with()
    moment = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    ClientRegistration.objects.update(created=moment)
    Applications.objects.update(created=moment)

    call_command("mcp_clients", "prune")

    assert not Applications.objects.exists()
    assert not AccessToken.objects.exists()


def test_registration_that_operators_have_limited_is_not_pruned() -> None:
    for _ in range(2):
        registered_with()
    moment = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    ClientRegistration.objects.update(created=moment)
    Applications.objects.update(created=moment)
    limited = Applications.objects.earliest("pk").client_id
    ClientRegistration.objects.set_rates(limited, read_rate="", write_rate="10/m")

    call_command("mcp_clients", "prune")

    assert [each.client_id for each in Applications.objects.all()] == [limited]
    assert [each.client_id for each in ClientRegistration.objects.all()] == [limited]


# What the registration access token opens


@pytest.mark.parametrize("is_hashed", [True, False])
@pytest.mark.parametrize("is_updated", [True, False])
def test_registration_access_token_is_no_key_to_anything(
    client: Client, settings: Settings, is_hashed: bool, is_updated: bool
) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": is_hashed,
        # The audience is not looked at by everybody.
        "RESOURCE_SERVER_TOKEN_RESOURCE_VALIDATOR": None,
    }
    told = registered_with()
    if is_updated:
        told = manage("PUT", told, {"redirect_uris": [CALLBACK]}).json()
    token = told["registration_access_token"]

    assert client.with_token(token).call("add", a=1).status == 401
    assert host_api(token) == 403
    stored = AccessToken.objects.get(token_checksum=hashlib.sha256(token.encode()).hexdigest())
    assert stored.resource == [told["registration_client_uri"]]


def test_token_for_the_endpoint_does_not_open_the_hosts_api(alice: User) -> None:
    told = registered_with(token_endpoint_auth_method="none")

    tokens = OAuthClient(client_id=told["client_id"], user=alice).log_in()

    assert host_api(tokens["access_token"]) == 403


def test_tokens_of_the_host_open_its_api(alice: User) -> None:
    application = Applications.objects.create(
        client_type="public", authorization_grant_type="authorization-code", redirect_uris=CALLBACK
    )
    own = OAuthClient(client_id=application.client_id, user=alice, scope="expense:read")

    assert host_api(own.log_in(resource=None)["access_token"]) == 200


def host_api(token: str) -> int:
    """What a view of the host answers that django-oauth-toolkit protects."""

    class API(ProtectedResourceView):  # type: ignore[misc]  # the toolkit has no types
        def get(self, request: Any) -> Any:
            return HttpResponse("open")

    request = RequestFactory().get("/api/v1", headers={"Authorization": f"Bearer {token}"})
    return int(API.as_view()(request).status_code)


# Management


def test_client_reads_changes_and_deletes_its_own_registration() -> None:
    told = registered_with(client_name="Desk", token_endpoint_auth_method="none")

    read = manage("GET", told)
    changed = manage("PUT", told, {"client_name": "Desk 2", "redirect_uris": [CALLBACK + "/2"]})

    assert read.json()["client_name"] == "Desk"
    assert changed.json()["client_name"] == "Desk 2"
    assert changed.json()["redirect_uris"] == [CALLBACK + "/2"]
    assert changed.json()["token_endpoint_auth_method"] == "none"
    # The old token went with the old registration.
    assert manage("GET", told).status_code == 401
    assert manage("DELETE", changed.json()).status_code == 204
    assert not Applications.objects.exists()
    assert not ClientRegistration.objects.exists()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("token", ["other", "access", "nonsense"])
def test_client_manages_no_other_registration(alice: User, method: str, token: str) -> None:
    told = registered_with(token_endpoint_auth_method="none")
    other = registered_with()
    tokens = {
        "other": other["registration_access_token"],
        "access": OAuthClient(client_id=told["client_id"], user=alice).log_in()["access_token"],
        "nonsense": "nonsense",
    }

    answer = manage(method, told, {"redirect_uris": [CALLBACK]}, token=tokens[token])

    assert answer.status_code == 401
    assert Applications.objects.count() == 2


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"redirect_uris": ["http://evil.example/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": [f"{CALLBACK}/{n}" for n in range(11)]}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"grant_types": ["client_credentials"]}, "invalid_client_metadata"),
        ({"client_name": 5}, "invalid_client_metadata"),
        ({"client_id": "another"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "client_secret_basic"}, "invalid_client_metadata"),
        ({"logo": "x" * 9000}, "invalid_client_metadata"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_change_is_bound_like_a_registration(members: dict[str, Any], error: str) -> None:
    told = registered_with(client_name="Desk", token_endpoint_auth_method="none")

    answer = manage("PUT", told, {"redirect_uris": [CALLBACK], **members})

    assert error_of(answer) == error
    assert manage("GET", told).json()["redirect_uris"] == [CALLBACK]
    assert Applications.objects.get().client_type == "public"


def test_client_with_a_secret_keeps_it_through_a_change(alice: User) -> None:
    told = registered_with()

    changed = manage("PUT", told, {"redirect_uris": [CALLBACK]}).json()

    assert changed["token_endpoint_auth_method"] == "client_secret_basic"
    secret = told["client_secret"]
    assert OAuthClient(client_id=told["client_id"], secret=secret, user=alice).log_in()


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({}, "approved"),
        ({"client_name": "Another"}, "new"),
        ({"redirect_uris": ["https://evil.example/"]}, "new"),
    ],
)
def test_approval_is_of_what_was_approved(changes: dict[str, Any], standing: str) -> None:
    told = registered_with(client_name="Desk")
    approve(told["client_id"])

    same = {"client_name": "Desk", "redirect_uris": [CALLBACK]}
    assert manage("PUT", told, {**same, **changes}).status_code == 200

    assert ClientRegistration.objects.standing_of(told["client_id"]) == standing


def test_blocked_client_does_not_get_out_of_it() -> None:
    told = registered_with()
    block(told["client_id"])

    assert manage("DELETE", told).status_code == 401
    assert manage("PUT", told, {"redirect_uris": [CALLBACK]}).status_code == 401

    assert ClientRegistration.objects.get().standing == "blocked"


def test_nobody_registers_through_the_view_of_the_toolkit(settings: Settings) -> None:
    settings.ROOT_URLCONF = site(path("o/", include("oauth2_provider.urls")))

    assert register(grant_types=["client_credentials"]).status_code == 401
    assert not Applications.objects.exists()
