"""What the settings helper gives a project, taken as the toolkit takes it."""

import pytest
from oauth2_provider.settings import DEFAULTS, IMPORT_STRINGS, oauth2_settings
from pytest_django import Settings

from django_mcp.oauth_settings import provider_settings

GIVEN = provider_settings("https://shop.example/mcp/")


@pytest.fixture(autouse=True)
def _project(settings: Settings) -> None:
    settings.OAUTH2_PROVIDER = GIVEN


def test_toolkit_knows_every_key() -> None:
    assert set(GIVEN) <= set(DEFAULTS)


@pytest.mark.parametrize("key", sorted(set(GIVEN) & set(IMPORT_STRINGS)))
def test_everything_that_is_named_exists(key: str) -> None:
    found = getattr(oauth2_settings, key)

    assert all(isinstance(each, type) for each in (found if isinstance(found, list) else [found]))


def test_endpoint_is_named_as_tokens_name_it() -> None:
    assert oauth2_settings.OAUTH2_PROTECTED_RESOURCE_IDENTIFIER == "https://shop.example/mcp"


def test_each_project_may_change_what_it_was_given() -> None:
    first, second = (provider_settings(f"https://{name}.example/mcp") for name in "ab")

    first["ALLOWED_REDIRECT_URI_SCHEMES"].append("desk")

    assert "desk" not in second["ALLOWED_REDIRECT_URI_SCHEMES"]
