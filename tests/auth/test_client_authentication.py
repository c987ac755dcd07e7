"""Secrets of clients: how often somebody may try one, and who is not held up by that."""

from base64 import b64encode
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client as Browser
from oauth2_provider.models import get_application_model
from pytest_django import Settings

from tests.auth.assistant import Assistant, registered
from tests.ports import held_port

Applications = get_application_model()

pytestmark = pytest.mark.usefixtures("application")

PATHS = ["/o/token/", "/o/revoke_token/", "/o/introspect/"]


@pytest.fixture(autouse=True)
def _limited(settings: Settings) -> None:
    settings.DJANGO_MCP_CLIENT_AUTHENTICATION_RATE = "2/h"
    cache.clear()


@pytest.fixture
def client_id() -> str:
    """A client with the secret `hush`."""
    made = registered(client_type=Applications.CLIENT_CONFIDENTIAL, client_secret="hush")
    return str(made.client_id)


def attempt(
    path: str, client_id: str, secret: str, *, basic: bool = False, address: str = "198.51.100.1"
) -> Any:
    form = {"grant_type": "authorization_code", "code": "x", "token": "x"}
    headers: dict[str, str] = {}
    if basic:
        pair = b64encode(f"{client_id}:{secret}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    else:
        form |= {"client_id": client_id, "client_secret": secret}
    return Browser(REMOTE_ADDR=address).post(path, form, headers=headers)


@pytest.mark.parametrize("basic", [False, True], ids=["form", "basic"])
@pytest.mark.parametrize("path", PATHS)
def test_secrets_that_fail_are_bounded_by_address(client_id: str, path: str, basic: bool) -> None:
    statuses = [attempt(path, client_id, "wrong", basic=basic).status_code for _ in range(3)]
    refused = attempt(path, client_id, "wrong", basic=basic)
    elsewhere = attempt(path, client_id, "wrong", basic=basic, address="198.51.100.2")

    assert 429 not in statuses
    assert refused.status_code == 429
    assert refused.json()["error"] == "temporarily_unavailable"
    assert int(refused["Retry-After"]) > 0
    assert elsewhere.status_code in (400, 401, 403)


def test_failures_count_together_at_every_path(client_id: str) -> None:
    statuses = [attempt(path, client_id, "wrong").status_code for path in (*PATHS, *PATHS)]

    assert statuses[3:] == [429] * 3


def test_right_secrets_with_a_wrong_code_count_too(client_id: str) -> None:
    """They cost as much, and anybody may register a client that has one."""
    statuses = [attempt("/o/token/", client_id, "hush").status_code for _ in range(4)]

    assert statuses == [400, 400, 400, 429]


def test_requests_that_succeed_are_not_counted(alice: User, client_id: str) -> None:
    assistant = Assistant(client_id=client_id, secret="hush", user=alice)

    for _ in range(5):
        assert assistant.log_in()["access_token"]


def test_public_clients_are_not_held_up(alice: User, client_id: str) -> None:
    public = Assistant(client_id=registered().client_id, user=alice)
    for _ in range(4):
        attempt("/o/token/", client_id, "wrong", address="127.0.0.1")
        assert public.redeem("wrong").status_code == 400

    assert public.log_in()["access_token"]


def test_clients_get_in_while_the_cache_is_away(
    alice: User, client_id: str, settings: Settings
) -> None:
    assistant = Assistant(client_id=client_id, secret="hush", user=alice)
    with held_port() as port:
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": f"redis://127.0.0.1:{port}",
            }
        }

        assert assistant.log_in()["access_token"]
