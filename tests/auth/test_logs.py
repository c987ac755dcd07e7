"""What the log holds of a login, however much of it somebody wants to see."""

import logging
from typing import Any

import pytest
from django.contrib.auth.models import User
from oauth2_provider.models import get_application_model

from django_mcp.models import CallRecord, ClientRegistration
from tests.auth.oauth_client import VERIFIER, OAuthClient, registered
from tests.auth.test_registration import manage, registered_with
from tests.wire import Client

Applications = get_application_model()

pytestmark = pytest.mark.usefixtures("application")


@pytest.mark.parametrize("whose", ["self-registered", "the host's own"])
def test_no_code_token_or_secret_is_written_down(
    alice: User, client: Client, caplog: pytest.LogCaptureFixture, whose: str
) -> None:
    caplog.set_level(logging.DEBUG)
    told: dict[str, Any] = {"client_secret": "hush-hush-hush"}
    if whose == "self-registered":
        told = registered_with(client_name="Desk")
        manage("GET", told)
    else:
        application = registered(
            registration_source="manual", client_type="confidential", client_secret="hush-hush-hush"
        )
        told["client_id"] = application.client_id
    oauth_client = OAuthClient(
        client_id=told["client_id"], secret=told["client_secret"], user=alice
    )
    codes = [oauth_client.ask()["code"] for _ in range(2)]
    wrong = "wrong" * 10
    oauth_client.redeem(codes[0], code_verifier=wrong)
    oauth_client.redeem(codes[0], redirect_uri="https://desk.example/other")
    first = oauth_client.redeem(codes[0]).json()
    oauth_client.redeem(codes[0])
    first = oauth_client.redeem(codes[1]).json()
    oauth_client.refresh(first["refresh_token"], scope="notes:read notes:write")
    second = oauth_client.refresh(first["refresh_token"]).json()
    oauth_client.refresh(first["refresh_token"])
    oauth_client.refresh(f"{first['refresh_token']}x")
    oauth_client.browser.post(
        "/o/revoke_token/",
        {
            "token": second["refresh_token"],
            "client_id": oauth_client.client_id,
            "client_secret": oauth_client.secret,
        },
    )
    client.with_token(first["access_token"]).call("read_notes")
    client.with_token(second["access_token"]).call("read_notes")

    secrets = [
        *codes,
        *(pair[kind] for pair in (first, second) for kind in ("access_token", "refresh_token")),
        told["client_secret"],
        told.get("registration_access_token", VERIFIER),
        VERIFIER,
        wrong,
    ]
    written = "\n".join(f"{record.name}: {record.getMessage()}" for record in caplog.records)
    kept = str([*CallRecord.objects.values(), *ClientRegistration.objects.values()])
    leaks = [line for line in written.splitlines() if any(secret in line for secret in secrets)]
    assert leaks == []
    assert not any(secret in kept for secret in secrets)
    assert "oauthlib" in written
