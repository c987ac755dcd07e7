"""What the token endpoint answers, and who may look at tokens."""

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from oauth2_provider.models import get_application_model

from tests.auth.assistant import Assistant, registered

Applications = get_application_model()

pytestmark = pytest.mark.usefixtures("application")


@pytest.mark.parametrize(("source", "status"), [("dcr", 403), ("cimd", 403), ("manual", 200)])
def test_only_applications_of_the_host_may_look_at_tokens(
    alice: User, source: str, status: int
) -> None:
    token = Assistant(client_id=registered().client_id, user=alice).log_in()["access_token"]
    asking = registered(
        registration_source=source,
        client_type=Applications.CLIENT_CONFIDENTIAL,
        client_secret="hush",
    )

    answer = Browser().post(
        "/o/introspect/",
        {"token": token, "client_id": asking.client_id, "client_secret": "hush"},
    )

    assert answer.status_code == status
    assert (b"notes:read" in answer.content) is (status == 200)


def test_refusals_of_every_kind_are_json_that_nobody_keeps(alice: User) -> None:
    assistant = Assistant(client_id=registered().client_id, user=alice)
    code = assistant.ask()["code"]

    for answer in (
        assistant.redeem("unknown"),
        assistant.redeem(code, resource="https://other.example/mcp"),
        assistant.post({"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}),
        assistant.redeem(code),
    ):
        assert json.loads(answer.content)
        assert answer["Content-Type"] == "application/json"
        assert answer["Cache-Control"] == "no-store"
