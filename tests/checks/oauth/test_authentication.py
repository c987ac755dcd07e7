"""Check of the authenticators, and of the scopes and URLs that OAuth needs."""

from types import ModuleType
from typing import Any

import pytest
from django.db import DatabaseError
from pytest_django import Settings

from tests.checks.messages import found
from tests.urlconfs import package_routes, site

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db


LIMITED = {
    "SCOPES_BACKEND_CLASS": "oauth2_provider.scopes.SettingsScopes",
    "SCOPES": {"shop:read": "Look"},
}


class FailsToStart:
    def __init__(self) -> None:
        raise RuntimeError("no such issuer")


class TestAuthentication:
    @pytest.mark.parametrize(
        "path",
        [
            "nowhere.Authenticator",
            "django_mcp.auth.oauth.authenticator.Nothing",
            "nodots",
            "",
            "os.path.join",
            f"{__name__}.FailsToStart",
        ],
    )
    def test_e004_tells_of_an_authenticator_that_cannot_be_made(
        self, settings: Settings, path: str
    ) -> None:
        settings.DJANGO_MCP_AUTHENTICATORS = [path]

        assert set(found()) == {"E004"}

    @pytest.mark.oauth
    def test_w004_tells_which_scopes_nobody_can_get(self, settings: Settings) -> None:
        settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, **LIMITED}

        messages = found()

        assert set(messages) == {"W004"}
        assert "shop:write" in messages["W004"][0]
        assert "shop:read" not in messages["W004"][0]

    @pytest.mark.parametrize("name", ["FailingScopes", "Missing"])
    def test_a_scopes_backend_that_fails_does_not_crash_the_check(
        self, settings: Settings, name: str
    ) -> None:
        settings.OAUTH2_PROVIDER = {"SCOPES_BACKEND_CLASS": f"{__name__}.{name}"}

        found()

    @pytest.mark.oauth
    def test_w007_tells_that_no_token_can_be_had(
        self, settings: Settings, urls_without_oauth: ModuleType
    ) -> None:
        settings.ROOT_URLCONF = urls_without_oauth

        assert set(found()) == {"W007"}

    @pytest.mark.oauth
    @pytest.mark.parametrize(
        "elsewhere",
        [
            {"OAUTH2_PROTECTED_RESOURCE_AUTHORIZATION_SERVERS": ["https://id.example"]},
            {"OIDC_ISS_ENDPOINT": "https://id.example"},
        ],
        ids=lambda elsewhere: next(iter(elsewhere)),
    )
    def test_w007_is_silent_where_clients_are_sent_elsewhere(
        self, settings: Settings, urls_without_oauth: ModuleType, elsewhere: dict[str, Any]
    ) -> None:
        settings.ROOT_URLCONF = urls_without_oauth
        settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, **elsewhere}

        assert found() == {}

    @pytest.mark.oauth
    @pytest.mark.parametrize(
        "elsewhere",
        [
            {"OAUTH2_PROTECTED_RESOURCE_AUTHORIZATION_SERVERS": ["https://id.example"]},
            {"RESOURCE_SERVER_INTROSPECTION_URL": "https://id.example/introspect"},
        ],
        ids=lambda elsewhere: next(iter(elsewhere)),
    )
    def test_w004_is_silent_where_another_server_decides_on_scopes(
        self, settings: Settings, elsewhere: dict[str, Any]
    ) -> None:
        settings.OAUTH2_PROVIDER = {"SCOPES": {"shop:read": "Look"}, **elsewhere}

        assert found() == {}

    @pytest.mark.oauth
    def test_w004_tells_where_we_are_one_server_of_several(self, settings: Settings) -> None:
        settings.OAUTH2_PROVIDER = {
            **settings.OAUTH2_PROVIDER,
            **LIMITED,
            "OAUTH2_PROTECTED_RESOURCE_AUTHORIZATION_SERVERS": [
                "https://id.example",
                "http://testserver/o/",
            ],
        }

        assert set(found()) == {"W004"}

    def test_other_authenticators_need_no_tokens_of_ours(
        self, settings: Settings, urls_without_oauth: ModuleType
    ) -> None:
        settings.DJANGO_MCP_AUTHENTICATORS = ["tests.keys.KeyAuthenticator"]
        settings.ROOT_URLCONF = urls_without_oauth
        settings.OAUTH2_PROVIDER = {"SCOPES": {}}

        assert found() == {}


@pytest.fixture
def urls_without_oauth() -> ModuleType:
    return site(*package_routes(DJANGO_MCP_OAUTH_PATH=None))


class FailingScopes:
    def get_available_scopes(self) -> list[str]:
        raise DatabaseError("scopes are kept in a table, and there is none yet")
