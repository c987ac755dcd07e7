"""`manage.py mcp_revoke`: tokens and codes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import StringIO
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from django.db.models.signals import post_save
from django.utils import timezone
from pytest_django import Settings

from django_mcp.asgi import Application as MountedApplication
from django_mcp.models import CallRecord, ClientRegistration, ToolGroup
from tests.commands import CommandResult, RunCommand
from tests.databases import somebody_waits_for_a_lock
from tests.polls import until
from tests.transports.tools import TOOLS
from tests.wire import PATIENCE, Client, serving

pytest.importorskip("oauth2_provider")

from oauthlib.common import generate_token

from tests.applications import AccessToken, Grant, RefreshToken
from tests.auth import oauth_client
from tests.auth.oauth_client import OAuthClient
from tests.factories import DAY, by_hand, registered, token

pytestmark = pytest.mark.oauth

API = ["https://api.example"]
MCP = ["http://testserver/mcp"]


@pytest.fixture
def run(run_command: RunCommand) -> RunCommand:
    return partial(run_command, "mcp_revoke", "--no-input")


@pytest.fixture
def served(db: None) -> Iterator[MountedApplication]:
    ToolGroup.objects.update_or_create(name="closed", defaults={"enabled": False})
    with serving(TOOLS) as application:
        yield application


def grant_everything(application: Any, user: User, resource: list[str] = MCP) -> None:
    """An access token, its refresh token and a code."""
    RefreshToken.objects.create(
        user=user,
        application=application,
        access_token=token(application, user, scope="notes:read", resource=resource),
        token=generate_token(),
        resource=resource,
    )
    Grant.objects.create(
        user=user,
        application=application,
        code=generate_token(),
        expires=timezone.now() + DAY,
        redirect_uri=oauth_client.CALLBACK,
        resource=resource,
    )


def registration_token(application: Any) -> Any:
    return token(application, None, scope="oauth2_provider:registration", resource=[])


def held() -> set[tuple[str, str, str, str]]:
    """Kind, application, user and first audience of everything that is left."""
    return {
        (
            model.__name__,
            row.application.name,
            row.user.username if row.user else "",
            "".join(row.resource[:1]),
        )
        for model in (AccessToken, RefreshToken, Grant)
        for row in model.objects.select_related("application", "user")
    }


def kinds(application: str, user: str, resource: str) -> set[tuple[str, str, str, str]]:
    return {
        (model.__name__, application, user, resource)
        for model in (AccessToken, RefreshToken, Grant)
    }


@pytest.fixture
def everything(ann: User, bob: User) -> None:
    """Two applications that hold access of two users, to the endpoint and to another API."""
    for name in ("Desk", "Other"):
        application = registered(name, client_id=name.lower())
        registration_token(application)
        for user in (ann, bob):
            for resource in (MCP, API):
                grant_everything(application, user, resource)


ALL = {
    each
    for name in ("Desk", "Other")
    for user in ("ann", "bob")
    for resource in (*MCP, *API)
    for each in kinds(name, user, resource)
} | {("AccessToken", name, "", "") for name in ("Desk", "Other")}


def test_what_a_user_granted_goes_for_every_application(everything: None, run: RunCommand) -> None:
    printed = run("--user", "ann").text

    assert ALL - held() == kinds("Desk", "ann", *MCP) | kinds("Other", "ann", *MCP)
    key = User.objects.get(username="ann").pk
    assert printed == (
        f"Revoked for the user ann ({key}): "
        "2 access tokens, 2 refresh tokens, 2 codes; cancelled: 0 tasks"
    )


def test_what_a_client_holds_goes_whatever_it_opens(everything: None, run: RunCommand) -> None:
    printed = run("--client", "desk").text

    assert held() == {each for each in ALL if each[1] == "Other"}
    assert printed == (
        "Revoked for the client desk: "
        "5 access tokens, 4 refresh tokens, 4 codes; cancelled: 0 tasks"
    )
    # It is not blocked: its users may let it in again.
    assert ClientRegistration.objects.standing_of("desk") == "new"


def test_what_a_client_holds_of_one_user_for_the_endpoint_goes_alone(
    everything: None, run: RunCommand
) -> None:
    assert run("--user", "ann", "--client", "desk").exit_code == 0

    assert ALL - held() == kinds("Desk", "ann", *MCP)


def test_everything_for_the_endpoint_goes_with_the_tokens_of_registrations(
    everything: None,
    run: RunCommand,
) -> None:
    printed = run("--all").text

    assert held() == {each for each in ALL if each[3] == API[0]}
    assert printed == (
        "Revoked for everybody: 6 access tokens, 4 refresh tokens, 4 codes; cancelled: 0 tasks"
    )


@pytest.mark.parametrize(
    "arguments",
    [["--user", "ann"], ["--client", "desk"], ["--all"], ["--user=ann", "--client=desk"]],
)
def test_dry_run_tells_the_same_counts_and_revokes_nothing(
    everything: None, arguments: list[str], run: RunCommand
) -> None:
    told = run(*arguments, "--dry-run").text
    before = held()
    done = run(*arguments).text

    assert before == ALL
    assert told == done.replace("Revoked", "To be revoked").replace("cancelled", "to be cancelled")


@pytest.mark.parametrize("arguments", [["--user", "ann"], ["--client", "desk"], ["--all"]])
def test_it_may_be_repeated(everything: None, arguments: list[str], run: RunCommand) -> None:
    assert run(*arguments).exit_code == 0

    assert "0 access tokens, 0 refresh tokens, 0 codes; cancelled: 0 tasks" in run(*arguments).text


def test_expired_tokens_go_too(ann: User, run: RunCommand) -> None:
    """A background call outlives its token, which vouches for it as long as it is there."""
    token(registered(), ann, lives=False)

    assert "1 access token" in run("--user", "ann").text


class TestChoice:
    @pytest.mark.parametrize(
        "arguments", [[], ["--all", "--user", "ann"], ["--all", "--client", "desk"]]
    )
    def test_it_must_be_one(self, everything: None, arguments: list[str], run: RunCommand) -> None:
        assert "Give --user, --client or both of them, or --all." in run(*arguments).error

        assert held() == ALL

    @pytest.mark.parametrize("user", ["eve", "", "999999", "no\0text", "\udcff", "9" * 40])
    def test_user_must_be_there(self, everything: None, user: str, run: RunCommand) -> None:
        assert "There is no user" in run(f"--user={user}").error

        assert held() == ALL

    def test_user_may_be_named_by_key_and_be_inactive(self, ann: User, run: RunCommand) -> None:
        token(registered(), ann)
        User.objects.update(is_active=False)

        assert f"the user ann ({ann.pk}): 1 access token" in run("--user", str(ann.pk)).text

    def test_name_comes_before_the_key_of_another_user(self, ann: User, run: RunCommand) -> None:
        named = User.objects.create_user(str(ann.pk))
        token(registered(), named)

        assert f"the user {ann.pk} ({named.pk}): 1 access token" in run("--user", str(ann.pk)).text

    def test_client_must_be_known(self, everything: None, run: RunCommand) -> None:
        assert "There is no application with the id nobody." in run("--client", "nobody").error
        assert "a client id is a text" in run("--client=").error

        assert held() == ALL

    def test_client_that_was_set_up_by_hand_is_known(self, ann: User, run: RunCommand) -> None:
        intranet = by_hand("Intranet")
        token(intranet, ann)

        assert "1 access token" in run("--client", intranet.client_id).text

    def test_client_that_is_gone_is_known_by_its_calls(self, db: None, run: RunCommand) -> None:
        CallRecord.objects.create(name="tool", client="gone", outcome="ok")

        assert "0 access tokens" in run("--client", "gone").text

    def test_address_of_the_endpoint_must_be_set(
        self, ann: User, settings: Settings, run: RunCommand
    ) -> None:
        settings.DJANGO_MCP_URL = ""

        assert "Set DJANGO_MCP_URL" in run("--all").error


class TestConfirmation:
    @pytest.fixture
    def ask(self, monkeypatch: pytest.MonkeyPatch, run_command: RunCommand) -> RunCommand:
        def ask(typed: str) -> CommandResult:
            monkeypatch.setattr("sys.stdin", StringIO(typed))
            return run_command("mcp_revoke", "--all")

        return ask

    def test_it_is_asked_for_with_the_counts(self, everything: None, ask: RunCommand) -> None:
        told, done = ask("yes\n").lines

        assert told.startswith("To be revoked for everybody: 6 access tokens, 4 refresh tokens")
        assert done.startswith("Revoked for everybody: 6 access tokens, 4 refresh tokens")

    @pytest.mark.parametrize(
        ("typed", "said"),
        [("no\n", "Nothing was revoked."), ("\n", "Nothing was revoked."), ("", "--no-input")],
    )
    def test_nothing_happens_without_it(
        self, everything: None, ask: RunCommand, typed: str, said: str
    ) -> None:
        assert said in ask(typed).error

        assert held() == ALL


@pytest.mark.parametrize("choice", ["--user", "--client", "--all"])
def test_client_is_refused_from_its_next_request_on(
    served: MountedApplication, ann: User, choice: str, run: RunCommand
) -> None:
    desk = oauth_client.registered()
    program = OAuthClient(client_id=desk.client_id, user=ann)
    first = program.log_in()
    second = program.refresh(first["refresh_token"]).json()
    holder = Client(application=served, era="2026-07-28").with_token(second["access_token"])
    assert holder.call("read_notes").status == 200

    values = {"--user": ["ann"], "--client": [desk.client_id], "--all": []}
    assert run(choice, *values[choice]).exit_code == 0

    assert holder.call("read_notes").status == 401
    for tokens in (first, second):
        refused = program.refresh(tokens["refresh_token"])
        assert oauth_client.error_of(refused) == "invalid_grant"
    again = program.log_in()
    assert holder.with_token(again["access_token"]).call("read_notes").status == 200


@pytest.mark.parametrize("choice", ["--user", "--client", "--all"])
def test_refresh_that_is_under_way_meanwhile_leaves_nothing(
    transactional_db: None, served: MountedApplication, ann: User, choice: str, run: RunCommand
) -> None:
    desk = oauth_client.registered()
    program = OAuthClient(client_id=desk.client_id, user=ann)
    refresh_token = program.log_in()["refresh_token"]
    is_under_way, goes_on = Event(), Event()

    def pause(**kwargs: Any) -> None:
        is_under_way.set()
        assert goes_on.wait(PATIENCE)

    def refresh() -> dict[str, Any]:
        answer: dict[str, Any] = program.refresh(refresh_token).json()
        connections.close_all()
        return answer

    def revoke_meanwhile() -> None:
        assert is_under_way.wait(PATIENCE)
        values = {"--user": ["ann"], "--client": [desk.client_id], "--all": []}
        assert run(choice, *values[choice]).exit_code == 0
        connections.close_all()

    post_save.connect(pause, sender=AccessToken)
    try:
        with ThreadPoolExecutor(2) as threads:
            refreshing = threads.submit(refresh)
            revoking = threads.submit(revoke_meanwhile)
            assert is_under_way.wait(PATIENCE)
            if connection.vendor == "postgresql":
                until(somebody_waits_for_a_lock)
            goes_on.set()
            revoking.result(PATIENCE)
            answer = refreshing.result(PATIENCE)
    finally:
        post_save.disconnect(pause, sender=AccessToken)

    holder = Client(application=served, era="2026-07-28").with_token(answer["access_token"])
    assert holder.call("read_notes").status == 401
    assert held() == set()
