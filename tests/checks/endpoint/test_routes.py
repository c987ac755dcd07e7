"""Check of the endpoint's URL and routes."""

from typing import Any

import pytest
from pytest_django import Settings

from django_mcp.oauth_settings import provider_settings
from tests.checks.messages import URL, found, hints
from tests.urlconfs import site

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db


class TestEndpoint:
    @pytest.mark.parametrize(
        "url",
        [
            "",
            None,
            5,
            "shop.example/mcp",
            "ftp://shop.example/mcp",
            "https://shop.example",
            "https://shop.example/",
            "https:///mcp",
            "https://shop.example/mcp?x=1",
            "https://shop.example/mcp#x",
            "https://ann:secret@shop.example/mcp",
            "https://[shop.example/mcp",
            "https://shop.example:port/mcp",
            "https://shop.example:99999/mcp",
            "https://shop.example/m cp",
            "https://shop.example/m%C3%A9cp",
            " https://shop.example/mcp",
            "https://shop.example/mcp\n",
        ],
    )
    def test_e001_tells_what_is_no_url_of_an_endpoint(self, settings: Settings, url: Any) -> None:
        settings.DEBUG = False
        settings.DJANGO_MCP_URL = url

        messages = found(deploy=True)

        assert len(messages["E001"]) == 1
        assert "secret" not in messages["E001"][0]

    def test_under_debug_the_endpoint_needs_no_url(self, settings: Settings) -> None:
        settings.DEBUG = True
        del settings.DJANGO_MCP_URL

        assert "E001" not in found()

    @pytest.mark.oauth
    @pytest.mark.parametrize(
        ("debug", "id"), [(True, "W020"), (False, "E001")], ids=["development", "production"]
    )
    def test_missing_url_is_proposed_from_other_settings(
        self, settings: Settings, debug: bool, id: str
    ) -> None:
        del settings.DJANGO_MCP_URL
        settings.DEBUG = debug
        settings.DJANGO_MCP_ENDPOINT = URL
        settings.OAUTH2_PROVIDER = {
            **settings.OAUTH2_PROVIDER,
            **provider_settings(URL),
            "OIDC_ENABLED": True,
        }

        given = hints()

        assert set(given) == {"W008", id}
        assert given["W008"] == ["Did you mean DJANGO_MCP_URL? Rename it, or take it out."]
        assert given[id] == [f'Set DJANGO_MCP_URL = "{URL}".']

    def test_w005_tells_that_the_routes_are_missing(self, settings: Settings) -> None:
        settings.ROOT_URLCONF = site()

        assert "W005" in found()

    def test_a_project_without_routes_is_told_so(self, settings: Settings) -> None:
        del settings.ROOT_URLCONF

        assert "W005" in found()
