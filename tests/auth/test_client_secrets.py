"""Secrets of clients: how many are verified, and who is not held up by that."""

from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connections
from django.test import Client as Browser
from oauth2_provider.models import get_application_model
from pytest_django import Settings

from django_mcp.auth.clients.secrets import verified
from django_mcp.auth.digest_cache import DigestCache
from tests.auth.oauth_client import OAuthClient, registered
from tests.ports import held_port

Applications = get_application_model()

pytestmark = pytest.mark.usefixtures("application")

PATHS = ["/o/token/", "/o/revoke_token/", "/o/introspect/"]


@pytest.fixture(autouse=True)
def _limited(settings: Settings) -> None:
    settings.DJANGO_MCP_CLIENT_AUTHENTICATION_RATE = "3/h"
    cache.clear()
    verified.clear()


@pytest.fixture
def client_id() -> str:
    """A client with the secret `hush`."""
    made = registered(client_type=Applications.CLIENT_CONFIDENTIAL, client_secret="hush")
    return str(made.client_id)


def attempt(
    path: str, client_id: str, secret: str, *, way: str = "form", address: str = "198.51.100.1"
) -> Any:
    """Send a secret to one of the endpoints, in one of the ways that they take."""
    form = {"grant_type": "authorization_code", "code": "x", "token": "x"}
    credentials = {"client_id": client_id, "client_secret": secret}
    headers: dict[str, str] = {}
    if way == "basic":
        pair = b64encode(f"{client_id}:{secret}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    elif way == "query":
        path = f"{path}?{urlencode(credentials)}"
    else:
        form |= credentials
    program = Browser(enforce_csrf_checks=True, REMOTE_ADDR=address)
    return program.post(path, form, headers=headers)


@pytest.mark.parametrize(
    ("path", "way"),
    [*((path, way) for path in PATHS for way in ("form", "basic")), ("/o/introspect/", "query")],
)
def test_secrets_are_bounded_by_address(client_id: str, path: str, way: str) -> None:
    # The toolkit looks at a secret in the header twice where it is wrong.
    statuses = [attempt(path, client_id, "wrong", way=way).status_code for _ in range(4)]
    elsewhere = attempt(path, client_id, "wrong", way=way, address="198.51.100.2")
    refused = attempt(path, client_id, "wrong", way=way)

    assert statuses[0] in (401, 403)
    assert b"CSRF" not in elsewhere.content
    assert statuses[-1] == refused.status_code == 429
    assert refused.json()["error"] == "temporarily_unavailable"
    assert int(refused["Retry-After"]) > 0
    assert elsewhere.status_code in (401, 403)


def test_secrets_count_together_at_every_path(client_id: str) -> None:
    statuses = [attempt(path, client_id, "wrong").status_code for path in (*PATHS, *PATHS)]

    assert statuses[3:] == [429] * 3


@pytest.mark.django_db(transaction=True)
def test_secrets_that_come_at_once_are_bounded_too(client_id: str) -> None:
    def one(number: int) -> int:
        try:
            return int(attempt("/o/revoke_token/", client_id, f"wrong {number}").status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as executor:
        statuses = list(executor.map(one, range(16)))

    assert sorted(statuses) == [401] * 3 + [429] * 13


def test_client_that_was_let_in_before_is_kept_out_by_nobody(alice: User, client_id: str) -> None:
    """Neither by wrong secrets from its address, nor by codes that others feed it."""
    oauth_client = OAuthClient(client_id=client_id, secret="hush", user=alice)
    assert oauth_client.log_in()["access_token"]

    for number in range(5):
        attempt("/o/token/", client_id, f"wrong {number}", address="127.0.0.1")
        assert oauth_client.redeem("bogus").status_code == 400

    assert oauth_client.log_in()["access_token"]


def test_changed_secret_is_not_known_any_more(client_id: str) -> None:
    assert attempt("/o/token/", client_id, "hush").status_code == 400
    application = Applications.objects.get(client_id=client_id)
    application.client_secret = "new"
    application.save()

    assert attempt("/o/token/", client_id, "hush").status_code == 401
    assert attempt("/o/token/", client_id, "new").status_code == 400


def test_public_clients_are_not_held_up(alice: User, client_id: str) -> None:
    public = OAuthClient(client_id=registered().client_id, user=alice)
    for number in range(4):
        attempt("/o/token/", client_id, f"wrong {number}", address="127.0.0.1")
        assert public.redeem("wrong").status_code == 400

    assert public.log_in()["access_token"]


def test_clients_get_in_while_the_cache_is_away(
    alice: User, client_id: str, settings: Settings
) -> None:
    oauth_client = OAuthClient(client_id=client_id, secret="hush", user=alice)
    with held_port() as port:
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": f"redis://127.0.0.1:{port}",
            }
        }

        assert oauth_client.log_in()["access_token"]


def test_secret_that_was_not_used_for_longest_is_forgotten_first() -> None:
    known = DigestCache(capacity=2)
    known.add(b"a")
    known.add(b"b")
    assert known.holds(b"a")
    known.add(b"c")

    assert [known.holds(each) for each in (b"a", b"b", b"c")] == [True, False, True]
