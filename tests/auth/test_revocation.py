"""Revocation of what applications hold, while their clients go on."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.contrib.auth.models import User
from django.db import connections, transaction
from oauthlib.common import generate_token

from django_mcp.auth.tokens import revocation
from django_mcp.auth.tokens.revocation import HeldTokens, TokenCounts, revoke_all
from django_mcp.endpoints import get_endpoints
from tests.applications import AccessToken, RefreshToken
from tests.databases import somebody_waits_for_a_lock
from tests.factories import by_hand, registered, token
from tests.polls import until
from tests.wire import PATIENCE


@pytest.mark.postgres  # others lock no rows that they read
def test_client_that_repeats_a_refresh_meanwhile_and_revocation_both_come_to_an_end(
    transactional_db: None, alice: User
) -> None:
    """Within the grace a request locks the used refresh token, then what it was exchanged for."""
    desk = registered("Desk")
    used = RefreshToken.objects.create(user=alice, application=desk, token=generate_token())
    token(desk, alice, source_refresh_token=used)
    is_under_way, goes_on = Event(), Event()

    def repeat() -> None:
        with transaction.atomic():
            RefreshToken.objects.select_for_update().get(pk=used.pk)
            is_under_way.set()
            assert goes_on.wait(PATIENCE)
            AccessToken.objects.select_for_update().get(source_refresh_token=used)
        connections.close_all()

    def revoke_meanwhile() -> None:
        assert is_under_way.wait(PATIENCE)
        revoke_all(desk.client_id)
        connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        repeating = threads.submit(repeat)
        revoking = threads.submit(revoke_meanwhile)
        assert is_under_way.wait(PATIENCE)
        until(somebody_waits_for_a_lock)
        goes_on.set()
        for each in (repeating, revoking):
            each.result(PATIENCE)

    assert not AccessToken.objects.exists()
    assert not RefreshToken.objects.exists()


@pytest.mark.implementation
def test_tokens_of_others_between_those_of_the_endpoint_are_left(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revocation, "BATCH_ROWS", 2)
    desk = registered("Desk")
    kept = []
    for number in range(7):
        token(desk, alice, resource=["http://testserver/mcp/", "https://other.example"])
        if number % 3:
            kept.append(token(desk, alice, resource=["https://api.example"]))
        kept.append(token(by_hand("App"), alice, resource=[]))
    everything = HeldTokens(endpoint=get_endpoints().default)
    seven = TokenCounts(codes=0, refresh_tokens=0, access_tokens=7)

    assert everything.count() == everything.revoke() == seven
    assert set(AccessToken.objects.all()) == set(kept)
    assert everything.revoke().tokens == 0


def test_nothing_chosen_is_never_every_token_of_the_site() -> None:
    with pytest.raises(ValueError, match="all tokens of the site"):
        HeldTokens(endpoint=None)
