"""Applications that registered themselves, and what operators think of them."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_mcp.models import ClientRegistration

Source = ClientRegistration.Source
Standing = ClientRegistration.Standing
clients = ClientRegistration.objects


def register(client_id: str = "desk") -> ClientRegistration:
    return clients.register(client_id, source=Source.DCR, address="192.0.2.1")


def test_registration_says_how_and_from_where(db: None) -> None:
    register()

    found = clients.get()
    assert (found.client_id, found.source, found.address) == ("desk", "dcr", "192.0.2.1")
    assert (found.standing, found.last_used) == ("new", None)


def test_second_registration_changes_nothing(db: None) -> None:
    register()

    clients.register("desk", source=Source.CIMD, address="192.0.2.9")

    found = clients.get()
    assert (found.source, found.address) == ("dcr", "192.0.2.1")


@pytest.mark.parametrize("standing", [Standing.APPROVED, Standing.BLOCKED])
def test_application_that_was_judged_before_it_came_keeps_its_standing(
    db: None, standing: Standing
) -> None:
    clients.set_standing("desk", standing)
    clients.update(created=timezone.now() - datetime.timedelta(days=9))

    register()

    found = clients.get()
    assert (found.standing, found.source, found.address) == (standing, "dcr", "192.0.2.1")
    assert found.created > timezone.now() - datetime.timedelta(days=1)


def test_application_that_nobody_knows_is_new(db: None) -> None:
    assert clients.standing_of("nobody") is Standing.NEW


@pytest.mark.implementation
@pytest.mark.parametrize("standing", [Standing.NEW, Standing.APPROVED])
def test_use_is_noted_in_one_statement(db: None, standing: Standing) -> None:
    register()
    clients.set_standing("desk", standing)

    with CaptureQueriesContext(connection) as queries:
        assert clients.use("desk")

    assert len(queries) == 1
    assert clients.get().last_used is not None


def test_blocked_application_is_not_used(db: None) -> None:
    register()
    clients.set_standing("desk", Standing.BLOCKED)

    assert not clients.use("desk")

    assert clients.get().last_used is None


def test_application_that_an_operator_has_set_up_is_used_without_a_note(db: None) -> None:
    assert clients.use("by-hand")

    assert not clients.exists()
