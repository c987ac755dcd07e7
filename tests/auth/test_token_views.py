"""What the token endpoint answers, and who may look at tokens."""

import json
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import include, path
from django.views.debug import SafeExceptionReporterFilter
from oauth2_provider.models import get_application_model
from pytest_django import Settings

from django_mcp.auth.clients.decisions import block
from tests.auth.oauth_client import OAuthClient, error_of, registered
from tests.urlconfs import site

Applications = get_application_model()

pytestmark = pytest.mark.usefixtures("application")


@pytest.mark.parametrize(
    ("source", "is_blocked", "status"),
    [("dcr", False, 403), ("cimd", False, 403), ("manual", False, 200), ("manual", True, 403)],
)
def test_only_applications_of_the_host_may_look_at_tokens(
    alice: User, source: str, is_blocked: bool, status: int
) -> None:
    token = OAuthClient(client_id=registered().client_id, user=alice).log_in()["access_token"]
    asking = registered(
        registration_source=source,
        client_type=Applications.CLIENT_CONFIDENTIAL,
        client_secret="hush",
    )
    if is_blocked:
        block(asking.client_id)

    answer = Browser().post(
        "/o/introspect/",
        {"token": token, "client_id": asking.client_id, "client_secret": "hush"},
    )

    assert answer.status_code == status
    assert (b"notes:read" in answer.content) is (status == 200)


def test_refusals_of_every_kind_are_json_that_nobody_keeps(alice: User) -> None:
    oauth_client = OAuthClient(client_id=registered().client_id, user=alice)
    code = oauth_client.ask()["code"]

    for answer in (
        oauth_client.redeem("unknown"),
        oauth_client.redeem(code, resource="https://other.example/mcp"),
        oauth_client.post({"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}),
        oauth_client.redeem(code),
    ):
        assert json.loads(answer.content)
        assert answer["Content-Type"] == "application/json"
        assert answer["Cache-Control"] == "no-store"


def test_report_of_an_error_shows_no_code_token_or_secret(alice: User) -> None:
    oauth_client = OAuthClient(client_id=registered().client_id, user=alice)
    tokens = oauth_client.log_in()
    sent = {"token": tokens["refresh_token"], "client_id": oauth_client.client_id}

    for answer in (
        oauth_client.refresh(tokens["refresh_token"]),
        Browser().post("/o/revoke_token/", sent),
    ):
        shown = SafeExceptionReporterFilter().get_post_parameters(answer.wsgi_request)
        assert answer.status_code == 200
        assert set(shown.values()) == {SafeExceptionReporterFilter.cleansed_substitute}


@pytest.mark.parametrize(
    ("client_id", "error"),
    [
        ("stranger", "unauthorized_client"),
        ("https://desk.example/" + "x" * 200, "unauthorized_client"),
        ("unknown", "invalid_request"),
        ("a\x00b", "invalid_request"),
        ("host", ""),
    ],
)
def test_codes_for_devices_are_for_applications_of_the_host(
    settings: Settings, client_id: str, error: str
) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "OAUTH_DEVICE_VERIFICATION_URI": "http://testserver/o/device",
        "DEFAULT_SCOPES": [],
    }
    settings.ROOT_URLCONF = site(path("o/", include("django_mcp.oauth_urls")))
    grant = Applications.GRANT_DEVICE_CODE
    registered(client_id="stranger", authorization_grant_type=grant)
    registered(client_id="host", authorization_grant_type=grant, registration_source="manual")

    answer = Browser().post(
        "/o/device-authorization/",
        urlencode({"client_id": client_id}),
        content_type="application/x-www-form-urlencoded",
    )

    if error:
        assert error_of(answer) == error
    else:
        assert answer.json()["device_code"]
