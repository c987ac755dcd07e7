"""Every document is where clients look for it, and they all tell the same story."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group
from django.test import Client as Browser
from mcp.client.auth.utils import (
    build_oauth_authorization_server_metadata_discovery_urls,
    build_protected_resource_metadata_discovery_urls,
    validate_metadata_issuer,
)
from mcp.shared.auth import OAuthMetadata, ProtectedResourceMetadata
from pytest_django import Settings

from django_mcp.asgi import Application
from django_mcp.auth.oauth.scopes import ToolScopes, ungrantable_scopes
from django_mcp.models import ToolGroup, ToolSwitch
from tests.urlconfs import package_routes, site
from tests.wire import Client

RESOURCE = [
    "/.well-known/oauth-protected-resource/mcp",
    "/.well-known/oauth-protected-resource/mcp/",
    "/.well-known/oauth-protected-resource",
    "/o/.well-known/oauth-protected-resource",
]
SERVER = [
    "/.well-known/oauth-authorization-server/o",
    "/.well-known/oauth-authorization-server/o/",
    "/.well-known/openid-configuration/o",
    "/o/.well-known/openid-configuration",
    "/o/.well-known/openid-configuration/",
    "/o/.well-known/oauth-authorization-server",
]
METHODS = ["none", "client_secret_basic", "client_secret_post"]
TOOL_SCOPES = ["closed:use", "notes:read", "notes:write"]


@pytest.fixture
def browser(application: Application) -> Browser:
    return Browser()


def read(browser: Browser, path: str, **headers: str) -> dict[str, Any]:
    response = browser.get(path, headers=headers)
    assert response.status_code == 200, response.content
    assert response["Access-Control-Allow-Origin"] == "*"
    document: dict[str, Any] = response.json()
    return document


@pytest.mark.parametrize("path", RESOURCE)
def test_resource_metadata_names_the_endpoint_and_its_server(browser: Browser, path: str) -> None:
    document = read(browser, path)

    assert document == {
        "resource": "http://testserver/mcp",
        "authorization_servers": ["http://testserver/o"],
        "scopes_supported": TOOL_SCOPES,
        "bearer_methods_supported": ["header"],
    }


@pytest.mark.parametrize("path", SERVER)
def test_server_metadata_say_the_same_everywhere(browser: Browser, path: str) -> None:
    document = read(browser, path)

    assert document == {
        "issuer": "http://testserver/o",
        "authorization_endpoint": "http://testserver/o/authorize/",
        "token_endpoint": "http://testserver/o/token/",
        "revocation_endpoint": "http://testserver/o/revoke_token/",
        "introspection_endpoint": "http://testserver/o/introspect/",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "scopes_supported": TOOL_SCOPES,
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": METHODS,
        "revocation_endpoint_auth_methods_supported": METHODS,
        "introspection_endpoint_auth_methods_supported": METHODS[1:],
        "registration_endpoint": "http://testserver/o/register/",
        "client_id_metadata_document_supported": True,
        "authorization_response_iss_parameter_supported": True,
    }


@pytest.mark.parametrize("path", SERVER)
def test_registration_is_not_told_where_the_host_allows_none(
    browser: Browser, settings: Settings, path: str
) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "DCR_ENABLED": False,
        "CIMD_ENABLED": False,
    }

    document = read(browser, path)

    assert "registration_endpoint" not in document
    assert document["client_id_metadata_document_supported"] is False


def test_clients_are_not_told_of_scopes_that_are_not_for_them(
    browser: Browser, settings: Settings
) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "SCOPES": {"openid": "Sign in", "offline_access": "Stay", "payroll": "Pay people"},
    }

    told = [read(browser, path)["scopes_supported"] for path in [*RESOURCE, *SERVER]]

    assert told == [TOOL_SCOPES] * len(told)


def close_by_group() -> None:
    ToolGroup.objects.create(name="notes", enabled=False)


def close_to_writers() -> None:
    ToolGroup.objects.create(name="notes", enabled=True, read_only=True)


def close_by_switch() -> None:
    group = ToolGroup.objects.create(name="notes", enabled=True)
    for name in ("write_note", "awrite_note"):
        ToolSwitch.objects.create(group=group, name=name, enabled=False)


def limit_to_some() -> None:
    group = ToolGroup.objects.create(name="notes", enabled=True, allowed_clients=["desk"])
    group.allowed_groups.add(Group.objects.create(name="writers"))


@pytest.mark.parametrize("has_openid", [False, True])
@pytest.mark.parametrize(
    ("close", "left"),
    [
        (close_by_group, ["closed:use"]),
        (close_to_writers, ["closed:use", "notes:read"]),
        (close_by_switch, ["closed:use", "notes:read"]),
        # Somebody may still be let in, and somebody may hold the permission for `closed:use`.
        (limit_to_some, ["closed:use", "notes:read", "notes:write"]),
    ],
)
def test_scope_that_opens_no_tool_to_anybody_is_named_nowhere(
    browser: Browser,
    client: Client,
    settings: Settings,
    close: Callable[[], None],
    left: list[str],
    has_openid: bool,
) -> None:
    settings.DJANGO_MCP_LOGIN_SCOPES = "all"
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "OIDC_ENABLED": has_openid,
        # In the project's own words, which makes it no scope of the project's own.
        "SCOPES": {"notes:write": "Write notes"},
    }
    close()

    told = [read(browser, path)["scopes_supported"] for path in [*RESOURCE, *SERVER]]
    (challenge,) = client.call("add", a=1).header("WWW-Authenticate")

    assert told == [left] * len(told)
    assert f'scope="{" ".join(left)}"' in challenge


@pytest.mark.parametrize("path", [p for p in SERVER if "openid" in p])
def test_openid_connect_is_told_where_the_host_has_it(
    browser: Browser, settings: Settings, path: str
) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": "",
        "SCOPES": {"openid": "Sign in", "offline_access": "Stay"},
    }
    usual = read(browser, "/.well-known/oauth-authorization-server/o")

    document = read(browser, path)

    assert document["userinfo_endpoint"] == "http://testserver/o/userinfo/"
    assert document["jwks_uri"] == "http://testserver/o/.well-known/jwks.json"
    assert document["scopes_supported"] == [*TOOL_SCOPES, "openid"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert set(METHODS) <= set(document["token_endpoint_auth_methods_supported"])
    assert "code id_token" in document["response_types_supported"]
    same = ("issuer", "token_endpoint", "authorization_endpoint", "grant_types_supported")
    assert [document[name] for name in same] == [usual[name] for name in same]


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/",
        "/.well-known/oauth-authorization-server/evil",
        "/.well-known/oauth-authorization-server/o/x",
        "/.well-known/oauth-authorization-server/O",
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/openid-configuration/evil",
        "/.well-known/oauth-protected-resource/other",
        "/.well-known/oauth-protected-resource/mcp/x",
        "/.well-known/openid-configuration",
        "/o/.well-known/oauth-authorization-server/evil",
        "/o/.well-known/oauth-protected-resource/other",
    ],
)
def test_nothing_is_said_about_foreign_issuers_and_resources(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code == 404


@pytest.mark.parametrize("path", [*RESOURCE, *SERVER])
def test_documents_speak_of_the_canonical_origin_behind_a_proxy(
    browser: Browser, settings: Settings, path: str
) -> None:
    settings.ALLOWED_HOSTS = ["internal"]
    settings.DJANGO_MCP_URL = "https://shop.example/mcp"

    document = read(browser, path, Host="internal:8000")

    assert "internal" not in str(document)
    assert "http://" not in str(document)
    assert "https://shop.example/o" in str(document)


def test_issuer_is_the_one_that_the_host_has_chosen(browser: Browser, settings: Settings) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "OIDC_ISS_ENDPOINT": "https://login.example/realm",
    }

    resource = read(browser, RESOURCE[0])
    server = read(browser, "/.well-known/oauth-authorization-server/realm")

    assert resource["authorization_servers"] == ["https://login.example/realm"]
    assert server["issuer"] == "https://login.example/realm"
    assert browser.get(SERVER[0]).status_code == 404


def test_other_authorization_servers_are_named_where_configured(
    browser: Browser, settings: Settings
) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "OAUTH2_PROTECTED_RESOURCE_AUTHORIZATION_SERVERS": ["https://login.example"],
    }

    document = read(browser, RESOURCE[0])

    assert document["authorization_servers"] == ["https://login.example"]


def test_site_that_issues_no_tokens_names_no_server(browser: Browser, settings: Settings) -> None:
    settings.ROOT_URLCONF = site(*package_routes(DJANGO_MCP_OAUTH_PATH=None))

    assert "authorization_servers" not in read(browser, RESOURCE[0])
    assert browser.get(SERVER[0]).status_code == 404


def test_endpoints_that_are_not_served_are_not_named(browser: Browser, settings: Settings) -> None:
    settings.ROOT_URLCONF = site(*package_routes(DJANGO_MCP_OAUTH_PATH=None))
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "OIDC_ISS_ENDPOINT": "https://login.example/o",
    }

    document = read(browser, SERVER[0])

    assert document["issuer"] == "https://login.example/o"
    assert not any(name.endswith("_endpoint") for name in document)


@pytest.mark.parametrize("path", ["/api/v1/mcp", "/mcp.v1"])
def test_documents_follow_the_path_of_the_endpoint(
    browser: Browser, settings: Settings, path: str
) -> None:
    settings.DJANGO_MCP_URL = f"http://testserver{path}"
    settings.ROOT_URLCONF = site(*package_routes())

    document = read(browser, f"/.well-known/oauth-protected-resource{path}")

    assert document["resource"] == f"http://testserver{path}"


@pytest.mark.parametrize(
    ("oauth_path", "issuer", "places"),
    [
        (
            "id/people/",
            "http://testserver/id/people",
            [
                "/.well-known/oauth-authorization-server/id/people",
                "/.well-known/openid-configuration/id/people",
                "/id/people/.well-known/openid-configuration",
            ],
        ),
        (
            "/id",
            "http://testserver/id",
            [
                "/.well-known/oauth-authorization-server/id",
                "/.well-known/openid-configuration/id",
                "/id/.well-known/openid-configuration",
            ],
        ),
        (
            "",
            "http://testserver",
            [
                "/.well-known/oauth-authorization-server",
                "/.well-known/openid-configuration",
            ],
        ),
    ],
)
def test_documents_follow_the_path_of_oauth(
    browser: Browser, settings: Settings, oauth_path: str, issuer: str, places: list[str]
) -> None:
    settings.ROOT_URLCONF = site(*package_routes(DJANGO_MCP_OAUTH_PATH=oauth_path))

    documents = [read(browser, place) for place in places]

    assert [document["issuer"] for document in documents] == [issuer] * len(places)
    assert documents[0]["token_endpoint"] == f"{issuer}/token/"
    assert read(browser, RESOURCE[0])["authorization_servers"] == [issuer]


def test_catalogue_joins_the_hosts_scopes_and_those_of_the_tools(
    application: Application, settings: Settings
) -> None:
    ToolGroup.objects.update_or_create(name="notes", defaults={"title": "Your notes"})
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "SCOPES": {"host": "Use the host", "notes:write": "Change your notes"},
    }

    assert ToolScopes().get_all_scopes() == {
        "host": "Use the host",
        "notes:write": "Change your notes",
        "notes:read": "Your notes (notes:read)",
        "closed:use": "Default (closed:use)",
    }
    assert ToolScopes().get_available_scopes() == [
        "closed:use",
        "host",
        "notes:read",
        "notes:write",
    ]


def test_client_that_asks_for_nothing_is_given_the_hosts_defaults(
    application: Application, settings: Settings
) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "SCOPES": {"host": "Use the host"},
        "DEFAULT_SCOPES": ["host"],
    }

    assert ToolScopes().get_default_scopes() == ["host"]


def test_scopes_that_no_token_can_hold_are_found(
    application: Application, settings: Settings
) -> None:
    assert ungrantable_scopes() == []

    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "SCOPES_BACKEND_CLASS": "oauth2_provider.scopes.SettingsScopes",
        "SCOPES": {"notes:read": "Read notes"},
    }

    assert ungrantable_scopes() == ["closed:use", "notes:write"]


@pytest.mark.parametrize("url", ["http://testserver/mcp", "http://testserver/mcp/"])
def test_official_client_discovers_its_way_from_the_challenge_to_the_server(
    application: Application, browser: Browser, url: str
) -> None:
    (challenge,) = Client(application=application).call("add", a=1).header("WWW-Authenticate")
    named = challenge.partition('resource_metadata="')[2].partition('"')[0]

    found = []
    for place in build_protected_resource_metadata_discovery_urls(named, url):
        response = browser.get(urlsplit(place).path)
        if response.status_code == 200:
            found.append(ProtectedResourceMetadata.model_validate_json(response.content))
    issuer = str(found[0].authorization_servers[0])
    place = build_oauth_authorization_server_metadata_discovery_urls(issuer, url)[0]
    server = OAuthMetadata.model_validate(read(browser, urlsplit(place).path))

    assert len(found) >= 2
    assert found.count(found[0]) == len(found)
    assert str(found[0].resource) == "http://testserver/mcp"
    validate_metadata_issuer(server, issuer)
