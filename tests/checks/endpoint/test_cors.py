"""django-cors-headers is told of where it would turn clients in browsers away."""

import re

import pytest
from pytest_django import Settings

from django_mcp.endpoints import Endpoint, get_endpoints, using_endpoints
from tests import urls
from tests.checks.messages import found, hints
from tests.urlconfs import package_routes, site

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db

OAUTH = ["authorization", "content-type", "mcp-protocol-version"]
ALL = [*OAUTH, "last-event-id", "mcp-method", "mcp-name", "mcp-session-id"]


@pytest.fixture(autouse=True)
def _middleware(settings: Settings) -> None:
    settings.MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware", *settings.MIDDLEWARE]


@pytest.mark.oauth
def test_w036_tells_which_headers_the_middleware_refuses(settings: Settings) -> None:
    (message,) = found()["W036"]
    (hint,) = hints()["W036"]

    for path in ("/mcp", "/.well-known/oauth-protected-resource", "/o/token/", "/o/register/"):
        assert f" {path}" in message
    assert "lacks last-event-id, mcp-method, mcp-name, mcp-protocol-version" in message
    assert 'CORS_URLS_REGEX to the paths of your own API, such as r"^/api/"' in hint
    assert 'CORS_ALLOW_HEADERS = [*default_headers, "last-event-id", ' in hint


def test_headers_of_the_hint_are_enough(settings: Settings) -> None:
    settings.CORS_ALLOW_HEADERS = ["Content-Type"]
    (hint,) = hints()["W036"]
    (listed,) = re.findall(r"\[\*CORS_ALLOW_HEADERS, (.*)\]", hint)

    settings.CORS_ALLOW_HEADERS = ["Content-Type", *re.findall(r'"(.*?)"', listed)]
    assert found() == {}


@pytest.mark.oauth
@pytest.mark.parametrize(
    ("pattern", "headers", "is_told"),
    [
        (r"^/api/", [], False),
        (re.compile(r"/api/"), [], False),
        (r"^/o/", [], True),
        (r"^/o/", OAUTH, False),
        (r"^/mcp$", OAUTH, True),
        (r"^.*$", [name.title() for name in ALL], False),
        (r"^.*$", ["*"], True),
        (r"^.*$", ["*", "authorization"], False),
    ],
    ids=str,
)
def test_w036_is_told_of_matched_routes_alone(
    settings: Settings, pattern: str | re.Pattern[str], headers: list[str], is_told: bool
) -> None:
    settings.CORS_URLS_REGEX = pattern
    settings.CORS_ALLOW_HEADERS = headers

    assert set(found()) == ({"W036"} if is_told else set())


def test_settings_of_middleware_that_is_not_installed_do_not_matter(settings: Settings) -> None:
    settings.MIDDLEWARE = settings.MIDDLEWARE[1:]
    settings.CORS_ALLOW_HEADERS = []

    assert found() == {}


@pytest.mark.oauth
def test_w036_is_told_of_every_endpoint(settings: Settings) -> None:
    staff = Endpoint(name="staff", url="https://shop.example/staff/mcp")
    with using_endpoints(get_endpoints().default, staff):
        settings.ROOT_URLCONF = site(*package_routes(), *urls.urlpatterns)
        settings.CORS_URLS_REGEX = r"^/staff/mcp$"

        (message,) = found()["W036"]

    assert "answers the preflights of /staff/mcp in the place" in message
