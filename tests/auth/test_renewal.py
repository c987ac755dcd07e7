"""Whether the grant behind a token still stands, for an open request and for a task that waits."""

import datetime
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from oauth2_provider.models import (
    get_access_token_model,
    get_application_model,
    get_refresh_token_model,
)

from django_mcp import Peer, Principal
from django_mcp.auth.authenticators import authenticate, renew
from django_mcp.endpoints import get_endpoints
from django_mcp.exceptions import InvalidCredentialsError
from tests.applications import refresh
from tests.auth.conftest import Issue
from tests.factories import by_hand, login

AccessToken = get_access_token_model()
RefreshToken = get_refresh_token_model()


def caller(token: str) -> Principal:
    peer = Peer(headers={"Authorization": f"Bearer {token}"})
    found = authenticate(peer, get_endpoints().default)
    assert found is not None
    return found


@pytest.fixture
def principal(issue: Issue) -> Principal:
    """Alice, as she called with a token of two scopes, and as the row of her task keeps her."""
    return replace(caller(issue("notes:read", "notes:write")), expires=None, grant=None)


def assert_withdrawn(principal: Principal) -> None:
    with pytest.raises(InvalidCredentialsError):
        renew(principal)


def test_token_that_is_as_it_was_counts_as_it_did(principal: Principal) -> None:
    assert renew(principal) == principal


def test_token_that_has_expired_since_was_not_withdrawn(principal: Principal) -> None:
    AccessToken.objects.update(expires=timezone.now() - datetime.timedelta(minutes=1))

    assert renew(principal) == principal


def test_token_that_was_deleted_is_withdrawn(principal: Principal) -> None:
    AccessToken.objects.all().delete()

    assert_withdrawn(principal)


def test_token_that_was_refreshed_counts_as_far_as_its_successor(
    principal: Principal, issue: Issue
) -> None:
    AccessToken.objects.all().delete()
    issue("notes:read", "other")

    assert renew(principal).scopes == {"notes:read"}


@pytest.mark.parametrize(
    "difference",
    [
        {"client": "Another"},
        {"url": "https://elsewhere.example/mcp"},
        {"expires": datetime.timedelta(seconds=-1)},
    ],
    ids=["application", "audience", "expired"],
)
def test_other_token_of_the_user_is_no_successor(
    principal: Principal, issue: Issue, difference: dict[str, Any]
) -> None:
    AccessToken.objects.all().delete()
    issue("notes:read", **difference)

    assert_withdrawn(principal)


def test_token_of_another_user_is_no_successor(principal: Principal, issue: Issue) -> None:
    AccessToken.objects.all().delete()
    issue("notes:read", user=User.objects.create_user("bob"))

    assert_withdrawn(principal)


def test_application_that_was_deleted_is_withdrawn(principal: Principal) -> None:
    get_application_model().objects.all().delete()

    assert_withdrawn(principal)


def test_token_of_no_application_can_be_renewed(issue: Issue) -> None:
    token = issue("notes:read")
    AccessToken.objects.update(application=None)

    assert renew(caller(token)) == caller(token)


# While the request is open.


def test_token_is_succeeded_by_the_one_that_a_refresh_brought(alice: User) -> None:
    application = by_hand("Desk")
    first, _ = login(application, alice), login(application, alice)
    known = renew(caller(first.token))

    second = refresh(first)

    renewed = renew(known)
    assert renewed.credential == str(second.pk)
    assert renewed.grant == known.grant != ""
    assert renewed.expires == second.expires


def test_token_of_another_login_is_no_successor(alice: User) -> None:
    application = by_hand("Desk")
    first, _ = login(application, alice), login(application, alice)
    known = renew(caller(first.token))

    first.revoke()

    assert_withdrawn(known)


def test_token_has_no_successor_as_long_as_its_grant_was_not_read(
    alice: User,
) -> None:
    application = by_hand("Desk")
    first, _ = login(application, alice), login(application, alice)
    known = caller(first.token)

    first.revoke()

    assert_withdrawn(known)


def test_token_without_refresh_token_has_no_successor(issue: Issue) -> None:
    first, _ = issue("notes:read"), issue("notes:read")
    known = renew(caller(first))

    AccessToken.objects.get(token=first).revoke()

    assert_withdrawn(known)


def test_token_whose_refresh_token_has_no_family_has_no_successor(
    alice: User,
) -> None:
    """As those have that were issued before django-oauth-toolkit knew of families."""
    application = by_hand("Desk")
    first, _ = login(application, alice), login(application, alice)
    RefreshToken.objects.update(token_family=None)
    known = renew(caller(first.token))

    first.revoke()

    assert_withdrawn(known)
