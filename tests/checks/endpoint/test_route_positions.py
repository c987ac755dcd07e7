"""Includes that are there and out of reach: what is told is where they stand, not to add them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from pytest_django import Settings

from tests.checks.messages import found, hints
from tests.urlconfs import package_routes, site

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = [pytest.mark.django_db, pytest.mark.oauth]


def page(request: HttpRequest, **parts: Any) -> HttpResponse:
    """A view that answers whatever its route lets through."""
    return HttpResponse()


PLACED = 'path("", include("django_mcp.urls"))'


@pytest.fixture(autouse=True)
def _login(settings: Settings) -> None:
    settings.LOGIN_URL = "https://id.example/login"


@pytest.mark.parametrize(
    ("catch_all", "route"),
    [
        (path("<path:page>", page), "<path:page>"),
        (re_path(r"^.*$", page), "^.*$"),
        (path("", include([path("<path:page>", page)])), "<path:page>"),
    ],
    ids=["path", "regex", "included"],
)
def test_w034_tells_of_a_catch_all_above_the_include(
    settings: Settings, catch_all: Any, route: str
) -> None:
    settings.ROOT_URLCONF = site(catch_all, *package_routes())

    assert set(found()) == {"W034"}
    (message,) = found()["W034"]
    assert all(part in message for part in (route, "/mcp", "/.well-known/oauth-", "/o/token/"))
    assert hints()["W034"] == [f"Move {PLACED} up in the root URLconf, above {route!r}."]


@pytest.mark.parametrize(
    ("route", "paths"),
    [
        ("<slug:event>/", ["/connected-assistants/"]),
        (
            "<slug:organizer>/<slug:event>/",
            ["/connected-assistants/disconnect/", "/connected-assistants/pending/", "/o/token/"],
        ),
        ("o/register/<str:name>/", ["/o/register/1/"]),
        ("<str:folder>/<str:file>/mcp", ["/.well-known/oauth-protected-resource/mcp"]),
    ],
    ids=["one", "two", "with a variable part", "without a name"],
)
def test_w034_tells_of_every_route_of_the_package_that_another_answers(
    settings: Settings, route: str, paths: list[str]
) -> None:
    settings.ROOT_URLCONF = site(path(route, page), *package_routes())

    assert set(found()) == {"W034"}
    (message,) = found()["W034"]
    assert all(each in message for each in (repr(route), *paths))
    assert hints()["W034"] == [f"Move {PLACED} up in the root URLconf, above {route!r}."]


def test_catch_all_below_the_include_is_fine(settings: Settings) -> None:
    settings.ROOT_URLCONF = site(*package_routes(), path("<path:page>", page))

    assert found() == {}


def test_w034_tells_which_include_is_too_low(settings: Settings) -> None:
    settings.DJANGO_MCP_OAUTH_PATH = None
    oauth = path("o/", include("django_mcp.oauth_urls", namespace="oauth2_provider"))
    own = package_routes(DJANGO_MCP_OAUTH_PATH=None)
    settings.ROOT_URLCONF = site(*own, path("<path:page>", page), oauth)

    assert set(found()) == {"W034"}
    (hint,) = hints()["W034"]
    assert hint.startswith('Move the include of "django_mcp.oauth_urls" up')


@pytest.mark.parametrize(
    ("routes", "said"),
    [
        (lambda: path("api/", include(package_routes())), "stands below 'api/'"),
        (lambda: path("", include((package_routes(), "api"))), "below the namespace 'api'"),
        (lambda: i18n_patterns(*package_routes())[0], "stands below 'en-gb/'"),
    ],
    ids=["prefix", "namespace", "language"],
)
def test_w034_tells_of_an_include_inside_another(
    settings: Settings, routes: Callable[[], Any], said: str
) -> None:
    settings.ROOT_URLCONF = site(routes())

    assert set(found()) == {"W034"}
    (message,) = found()["W034"]
    assert said in message
    assert PLACED in hints()["W034"][0]


def test_page_of_the_project_above_a_page_for_users_is_fine(settings: Settings) -> None:
    own_page = path("connected-assistants/", page)
    settings.ROOT_URLCONF = site(own_page, *package_routes())

    assert found() == {}


def test_w010_tells_of_the_route_that_takes_the_place_of_the_consent_page(
    settings: Settings,
) -> None:
    settings.ROOT_URLCONF = site(path("o/authorize/", page), *package_routes())

    assert set(found()) == {"W010"}
    (hint,) = hints()["W010"]
    assert "'o/authorize/'" in hint
    assert "Include" not in hint


def test_missing_include_is_told_once(settings: Settings) -> None:
    settings.ROOT_URLCONF = site(path("", page))

    assert set(found()) == {"W005"}
