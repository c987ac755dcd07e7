"""Cookies of a site in a folder: whether browsers send them to the pages for users."""

from typing import Any

import pytest
from django.test import Client
from django.urls import include, path, reverse
from pytest_django import Settings

from tests.checks.messages import URL, found, hints
from tests.urlconfs import package_routes, site

pytest.importorskip("oauth2_provider")

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = [pytest.mark.django_db, pytest.mark.oauth]

PAGES = "/o/authorize/ and /connected-assistants/"


def serve(settings: Settings, folder: str, **changes: Any) -> None:
    """Serve the project's own pages below a folder, and the package as it is set up."""
    for name, value in changes.items():
        setattr(settings, name, value)
    accounts = path(f"{folder}accounts/", include("django.contrib.auth.urls"))
    settings.ROOT_URLCONF = site(path("", include([accounts])), *package_routes(**changes))
    settings.LOGIN_URL = "login"


@pytest.mark.parametrize("name", ["SESSION_COOKIE_PATH", "CSRF_COOKIE_PATH"])
@pytest.mark.parametrize("cookie", ["/notes/", "/notes"])
def test_w041_tells_of_pages_that_are_sent_no_cookie_until_they_are_moved(
    settings: Settings, name: str, cookie: str
) -> None:
    setattr(settings, name, cookie)
    serve(settings, "notes/")

    assert set(found()) == {"W041"}
    (message,) = found()["W041"]
    (hint,) = hints()["W041"]
    assert message.startswith(f"{name} is {cookie!r}")
    assert PAGES in message
    assert hint.startswith('Set DJANGO_MCP_OAUTH_PATH = "notes/o/"')

    serve(settings, "notes/", DJANGO_MCP_OAUTH_PATH="notes/o/")
    assert found() == {}


def test_w041_is_silent_where_the_cookie_is_not_in_the_way(settings: Settings) -> None:
    serve(settings, "notes/")
    assert found() == {}  # for the whole site

    settings.CSRF_COOKIE_PATH, settings.CSRF_USE_SESSIONS = "/notes/", True
    assert found() == {}  # there is no such cookie

    settings.SESSION_COOKIE_PATH = "/notes/"
    serve(settings, "")
    assert found() == {}  # the server takes the folder off


def test_pages_for_users_are_in_the_folder_of_oauth(
    settings: Settings, admin_client: Client
) -> None:
    settings.DJANGO_MCP_BASE_TEMPLATE = "django_mcp/base.html"
    url = URL.replace("/mcp", "/notes/mcp")
    serve(settings, "", DJANGO_MCP_URL=url, DJANGO_MCP_OAUTH_PATH="/notes/o/")

    page = admin_client.get("/notes/connected-assistants/")

    assert page.status_code == 200
    assert reverse("django_mcp:pending-assistant") == "/notes/connected-assistants/pending/"
    assert admin_client.get("/connected-assistants/").status_code == 404
    metadata = admin_client.get("/.well-known/oauth-authorization-server/notes/o").json()
    assert metadata["authorization_endpoint"].endswith("/notes/o/authorize/")
