"""What blocking an application takes from it, at once and for good."""

import datetime
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.db.models.signals import post_save
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from oauthlib.common import generate_token
from pytest_django import Settings

from django_mcp import Principal
from django_mcp.asgi import Application as MountedApplication
from django_mcp.auth.authenticators import authenticate
from django_mcp.auth.clients.decisions import approve, block, unblock
from django_mcp.background.worker import run_task
from django_mcp.endpoints import get_endpoints
from django_mcp.models import CallRecord, ClientRegistration, ToolTask
from django_mcp.peers import Peer
from tests.applications import AccessToken, Grant, RefreshToken
from tests.auth.conftest import Issue
from tests.background import backends
from tests.background.rows import queued
from tests.calls import offering
from tests.databases import somebody_waits_for_a_lock
from tests.factories import registered, token
from tests.polls import until
from tests.wire import PATIENCE, Client

HOUR = datetime.timedelta(hours=1)


def application_of(token: str) -> Any:
    return AccessToken.objects.get(token=token).application


def complete(token: str) -> None:
    """Give the holder of an access token all else that an application can hold."""
    access = AccessToken.objects.get(token=token)
    RefreshToken.objects.create(
        user=access.user,
        application=access.application,
        access_token=access,
        token=generate_token(),
        resource=access.resource,
    )
    # What registration leaves behind speaks for nobody, and for no endpoint.
    AccessToken.objects.create(
        application=access.application,
        token=generate_token(),
        expires=timezone.now() + HOUR,
        scope="oauth2:registration",
    )
    Grant.objects.create(
        user=access.user,
        application=access.application,
        code=generate_token(),
        expires=timezone.now() + HOUR,
        redirect_uri="https://desk.example/callback",
        scope=access.scope,
        resource=access.resource,
    )


def test_blocked_application_is_refused_from_the_next_call_on(client: Client, issue: Issue) -> None:
    token = issue("notes:read")
    holder = client.with_token(token)
    assert holder.call("read_notes").status == 200

    block(application_of(token).client_id)

    assert holder.call("read_notes").status == 401
    assert CallRecord.objects.count() == 1


def test_blocking_takes_back_everything_of_the_application_and_nothing_of_others(
    issue: Issue,
) -> None:
    blocked, kept = issue("notes:read"), issue("notes:read", client="Other")
    complete(blocked)
    complete(kept)
    others = application_of(kept)

    assert block(application_of(blocked).client_id) == 3

    for model in (AccessToken, RefreshToken, Grant):
        assert {row.application for row in model.objects.all()} == {others}
    assert ClientRegistration.objects.get().standing == "blocked"


@pytest.mark.implementation
def test_number_of_statements_is_the_same_for_many_users(issue: Issue) -> None:
    def statements(users: int, client: str) -> int:
        for number in range(users):
            user = User.objects.create_user(f"{client} {number}")
            complete(token := issue("notes:read", user=user, client=client))
        with CaptureQueriesContext(connection) as queries:
            block(application_of(token).client_id)
        return len(queries)

    assert statements(30, "Many") == statements(2, "Few")


def test_unblocked_application_has_to_ask_its_users_again(client: Client, issue: Issue) -> None:
    token = issue("notes:read")
    key = application_of(token).client_id
    block(key)

    unblock(key)

    assert ClientRegistration.objects.standing_of(key) == "new"
    assert ClientRegistration.objects.use(key)
    assert client.with_token(token).call("read_notes").status == 401


def test_application_is_judged_before_it_was_ever_seen(db: None) -> None:
    approve("https://desk.example/client.json")
    block("https://evil.example/client.json")

    standing_of = ClientRegistration.objects.standing_of
    assert standing_of("https://desk.example/client.json") == "approved"
    assert standing_of("https://evil.example/client.json") == "blocked"


@pytest.fixture
def background(settings: Settings) -> Iterator[None]:
    """A background tool, and a backend that leaves its tasks to the test."""
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.PATH

    def report() -> str:
        """Build a report."""
        return "built"

    with offering(report, background=True):
        yield


def test_background_call_that_waits_ends_revoked(
    transactional_db: None, background: None, issue: Issue
) -> None:
    token = issue()
    task = queued("report", principal=principal_of(token))

    block(application_of(token).client_id)
    run_task(task.pk)

    assert ToolTask.objects.get().status == "failed"
    assert CallRecord.objects.get().outcome == "revoked"


def principal_of(token: str) -> Principal:
    principal = authenticate(
        Peer(headers={"Authorization": f"Bearer {token}"}), get_endpoints().default
    )
    assert principal is not None
    return principal


def test_token_that_is_being_issued_while_its_application_is_blocked_does_not_stay(
    transactional_db: None, issue: Issue, alice: User
) -> None:
    """Whichever comes first: the token is found, or it is refused."""
    application = application_of(issue())
    ClientRegistration.objects.register(
        application.client_id, source=ClientRegistration.Source.DCR, address=""
    )
    is_issued, is_to_be_kept = Event(), Event()

    def issue_slowly() -> None:
        with transaction.atomic():
            assert ClientRegistration.objects.use(application.client_id)
            issue()
            is_issued.set()
            assert is_to_be_kept.wait(PATIENCE)
        connections.close_all()

    def block_meanwhile() -> None:
        assert is_issued.wait(PATIENCE)
        block(application.client_id)
        connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(issue_slowly), threads.submit(block_meanwhile)]
        assert is_issued.wait(PATIENCE)
        if connection.vendor == "postgresql":
            until(somebody_waits_for_a_lock)
        is_to_be_kept.set()
        for each in both:
            each.result(PATIENCE)

    assert not AccessToken.objects.exists()
    assert not ClientRegistration.objects.use(application.client_id)


def test_refresh_that_is_under_way_while_its_application_is_blocked_leaves_nothing(
    transactional_db: None, application: MountedApplication, alice: User
) -> None:
    """Both lock several rows, in one order: neither waits for the other for ever."""
    desk = registered("Desk")
    refresh = RefreshToken.objects.create(
        user=alice,
        application=desk,
        access_token=token(desk, alice, scope="notes:read"),
        token=generate_token(),
        resource=[get_endpoints().default.url],
    )
    is_under_way, goes_on = Event(), Event()

    def pause(**kwargs: Any) -> None:
        is_under_way.set()
        assert goes_on.wait(PATIENCE)

    def use_refresh_token() -> int:
        fields = {
            "grant_type": "refresh_token",
            "refresh_token": refresh.token,
            "client_id": desk.client_id,
        }
        status = Browser().post("/o/token/", fields).status_code
        connections.close_all()
        return status

    def block_meanwhile() -> None:
        assert is_under_way.wait(PATIENCE)
        block(desk.client_id)
        connections.close_all()

    post_save.connect(pause, sender=AccessToken)
    try:
        with ThreadPoolExecutor(2) as threads:
            status = threads.submit(use_refresh_token)
            blocking = threads.submit(block_meanwhile)
            assert is_under_way.wait(PATIENCE)
            if connection.vendor == "postgresql":
                until(somebody_waits_for_a_lock)
            goes_on.set()
            blocking.result(PATIENCE)
            assert status.result(PATIENCE) == 200
    finally:
        post_save.disconnect(pause, sender=AccessToken)

    assert not AccessToken.objects.exists()
    assert not RefreshToken.objects.exists()
