"""Clients that run in a browser, on a page of any site: what that browser lets them do."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client as Browser
from oauth2_provider.models import get_application_model
from pytest_django import Settings

from django_mcp.asgi import Application

ORIGIN = "https://inspector.example"
DOCUMENTS = [
    "/.well-known/oauth-protected-resource/mcp",
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-authorization-server/o",
    "/.well-known/openid-configuration/o",
    "/o/.well-known/openid-configuration",
]
ENDPOINTS = ["/o/token/", "/o/revoke_token/", "/o/register/"]


@pytest.fixture
def browser(application: Application) -> Browser:
    return Browser(headers={"Origin": ORIGIN})


@pytest.fixture(params=[False, True], ids=["", "login-required"])
def _everybody_must_log_in(request: pytest.FixtureRequest, settings: Settings) -> None:
    """Some sites let nobody see a page who has not logged in."""
    if request.param:
        settings.MIDDLEWARE = [
            *settings.MIDDLEWARE,
            "django.contrib.auth.middleware.LoginRequiredMiddleware",
        ]


def preflight(browser: Browser, path: str, method: str) -> Any:
    asked = {
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type,mcp-protocol-version",
    }
    return browser.options(path, headers=asked)


def listed(response: Any, name: str) -> set[str]:
    return {each.strip().lower() for each in response[name].split(",")}


@pytest.mark.usefixtures("_everybody_must_log_in")
@pytest.mark.parametrize(
    ("path", "methods"),
    [
        *((path, {"get"}) for path in DOCUMENTS),
        *((path, {"post"}) for path in ENDPOINTS),
        ("/o/register/some-client/", {"get", "put", "delete"}),
    ],
)
def test_browser_is_told_what_a_script_may_send(
    browser: Browser, path: str, methods: set[str]
) -> None:
    response = preflight(browser, path, sorted(methods)[0].upper())

    assert (response.status_code, response.content) == (204, b"")
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response
    assert listed(response, "Access-Control-Allow-Methods") == methods
    assert {"authorization", "content-type", "mcp-protocol-version"} <= listed(
        response, "Access-Control-Allow-Headers"
    )


@pytest.mark.usefixtures("_everybody_must_log_in")
@pytest.mark.parametrize("path", DOCUMENTS)
def test_script_reads_the_documents(browser: Browser, path: str) -> None:
    response = browser.get(path)

    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == "*"


@pytest.mark.usefixtures("_everybody_must_log_in")
@pytest.mark.parametrize("path", ENDPOINTS)
def test_script_reads_why_it_is_refused(browser: Browser, path: str) -> None:
    response = browser.post(path, {"grant_type": "authorization_code"})

    assert 400 <= response.status_code < 500
    assert response["Content-Type"].startswith("application/json")
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "www-authenticate" in listed(response, "Access-Control-Expose-Headers")


@pytest.mark.parametrize("path", ["/o/authorize/", "/o/introspect/", "/accounts/login/"])
def test_no_script_reads_what_cookies_open(browser: Browser, path: str) -> None:
    responses = [preflight(browser, path, "POST"), browser.get(path), browser.post(path)]

    assert not any("Access-Control-Allow-Origin" in response for response in responses)


def test_question_for_methods_is_answered_as_before(browser: Browser) -> None:
    response = browser.options("/o/token/")

    assert response.status_code == 200
    assert "POST" in response["Allow"]


class OpensSiteToOneOrigin:
    """What middleware for CORS does at many sites."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse = self.get_response(request)
        response["Access-Control-Allow-Origin"] = ORIGIN
        return response


@pytest.mark.parametrize("path", DOCUMENTS)
def test_middleware_of_the_site_has_the_last_word(
    browser: Browser, settings: Settings, path: str
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.OpensSiteToOneOrigin", *settings.MIDDLEWARE]

    response = browser.get(path)

    allowed = [v for k, v in response.items() if k.lower() == "access-control-allow-origin"]
    assert allowed == [ORIGIN]


def test_script_cannot_use_the_session_of_the_user(
    application: Application, settings: Settings, alice: User
) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "DCR_ENABLED": True,
        "DCR_REGISTRATION_PERMISSION_CLASSES": ["oauth2_provider.dcr.IsAuthenticatedDCRPermission"],
    }
    strict = Browser(headers={"Origin": ORIGIN}, enforce_csrf_checks=True)
    strict.force_login(alice)

    document = {"redirect_uris": ["https://desk.example/callback"]}
    response = strict.post("/o/register/", document, content_type="application/json")

    assert response.status_code == 401
    assert not get_application_model().objects.exists()
