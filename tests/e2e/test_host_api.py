"""The host's own API and applications, beside the endpoint: neither opens the other."""

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.e2e.front_door import get, is_open, post
from tests.e2e.programs import used_by
from tests.e2e.user import BrowserUser
from tests.hosts.process import Site
from tests.hosts.users import USERNAME

REDIRECT_URI = "https://phone.example/callback"
API = ("/api/me", "/api/bookings")


@pytest.fixture(scope="module")
def phone(front_door: Site) -> dict[str, str]:
    """The credentials of an application that the host has set up."""
    credentials = {"client_id": "phone", "client_secret": "only-for-tests"}
    front_door.manage(
        *("createapplication", "confidential", "authorization-code", "--name", "Phone"),
        *("--client-id", credentials["client_id"], "--client-secret", "only-for-tests"),
        *("--redirect-uris", REDIRECT_URI),
    )
    return credentials


@pytest.fixture(scope="module")
def robot(front_door: Site) -> dict[str, str]:
    """The credentials of another one, which has no users."""
    credentials = {"client_id": "robot", "client_secret": "only-for-tests"}
    front_door.manage(
        *("createapplication", "confidential", "client-credentials", "--name", "Robot"),
        *("--client-id", credentials["client_id"], "--client-secret", "only-for-tests"),
    )
    return credentials


def log_in(
    site: Site, user: BrowserUser, credentials: dict[str, str], **more: str
) -> tuple[dict[str, Any], str]:
    """Get the tokens of an application that needs no discovery; and what its user read."""
    verifier = secrets.token_urlsafe(32)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    query = {
        "response_type": "code",
        "client_id": credentials["client_id"],
        "redirect_uri": REDIRECT_URI,
        "scope": "bookings:read",
        "state": "s1",
        "code_challenge": challenge.decode().rstrip("="),
        "code_challenge_method": "S256",
        **more,
    }
    answer = user.answer(f"{site.home}/o/authorize/?{urlencode(query)}", REDIRECT_URI)
    assert answer["state"] == "s1"
    code = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": REDIRECT_URI,
        "code_verifier": verifier,
    }
    return ask(site, credentials, code), user.decided[-1]


def ask(site: Site, credentials: dict[str, str], form: dict[str, str]) -> dict[str, Any]:
    """What the token endpoint grants."""
    answer = post(site, "/o/token/", {**credentials, **form})
    tokens: dict[str, Any] = answer.raise_for_status().json()
    return tokens


@pytest.mark.parametrize("path", API)
async def test_token_for_the_endpoint_does_not_open_the_hosts_api(
    front_door: Site, user: BrowserUser, path: str
) -> None:
    program = used_by(user, front_door.url)
    await program.call("next_free_day")

    assert get(front_door, path, program.tokens.access_token).status_code in (401, 403)


@pytest.mark.parametrize("audience", [{}, {"resource": "{home}/api"}], ids=["unbound", "bound"])
def test_hosts_own_application_uses_the_api_and_not_the_endpoint(
    front_door: Site, user: BrowserUser, phone: dict[str, str], audience: dict[str, str]
) -> None:
    more = {name: value.format(home=front_door.home) for name, value in audience.items()}
    tokens, page = log_in(front_door, user, phone, **more)
    refreshed = ask(
        front_door,
        phone,
        {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]},
    )

    assert "Phone" in page
    assert tokens["scope"] == refreshed["scope"] == "bookings:read"
    token = refreshed["access_token"]
    assert get(front_door, "/api/me", token).json() == {"user": USERNAME}
    assert get(front_door, "/api/bookings", token).json() == {"bookings": []}
    assert not is_open(front_door, token)


def test_hosts_own_application_without_users_keeps_its_grant(
    front_door: Site, robot: dict[str, str]
) -> None:
    form = {"grant_type": "client_credentials", "scope": "bookings:read"}
    token = ask(front_door, robot, form)["access_token"]

    assert get(front_door, "/api/bookings", token).json() == {"bookings": []}
    assert not is_open(front_door, token)


@pytest.mark.parametrize("path", API)
def test_token_that_manages_a_registration_opens_neither(front_door: Site, path: str) -> None:
    metadata = {"redirect_uris": [REDIRECT_URI], "client_name": "Assistant"}
    registered = post(front_door, "/o/register/", json=metadata)
    token = registered.raise_for_status().json()["registration_access_token"]

    assert get(front_door, path, token).status_code in (401, 403)
    assert not is_open(front_door, token)
