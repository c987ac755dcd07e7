"""`manage.py mcp_clients`."""

import json
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import modify_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from django_mcp.models import CallRecord, ClientRegistration
from tests.commands import RunCommand

pytest.importorskip("oauth2_provider")

from tests.applications import AccessToken, Application, Grant, RefreshToken
from tests.factories import DAY, by_hand, registered, token

pytestmark = pytest.mark.oauth

LONG_AGO = 31 * DAY


@pytest.fixture
def run(run_command: RunCommand) -> RunCommand:
    return partial(run_command, "mcp_clients")


class TestList:
    def test_it_says_who_registered_from_where_and_how_it_is_used(
        self, ann: User, run: RunCommand
    ) -> None:
        used = timezone.now()
        desk = registered("Desk\x1b[2J", last_used=used, standing="approved")
        token(desk, ann)
        token(desk, ann)
        registered("Unused", source="cimd", ago=2 * DAY)

        first, second = run().lines

        assert "  new       cimd  " in first
        assert "never used" in first
        assert "  0 users  " in first
        assert "  approved  dcr      1 user  " in second
        assert f"used {used:%Y-%m-%d %H:%M}" in second
        assert second.endswith(f"  192.0.2.7  Desk\\x1b[2J  {desk.client_id}")

    def test_address_that_is_none_does_nothing_to_the_terminal(
        self, db: None, run: RunCommand
    ) -> None:
        # What middleware makes of X-Forwarded-For at some sites.
        ClientRegistration.objects.register(
            "desk", source=ClientRegistration.Source.DCR, address="\x1b[2J"
        )

        assert "  \\x1b[2J  " in run().text

    def test_it_writes_objects_for_programs(self, ann: User, run: RunCommand) -> None:
        desk = registered()
        token(desk, ann)

        (line,) = run("list", "--json").lines

        registration = ClientRegistration.objects.get()
        assert json.loads(line) == {
            "client_id": desk.client_id,
            "name": "Desk",
            "source": "dcr",
            "address": "192.0.2.7",
            "registered": f"{registration.created.isoformat()[:23]}Z",
            "last_used": None,
            "standing": "new",
            "users": 1,
            "exists": True,
        }

    def test_users_are_those_whose_tokens_still_open_something(
        self, ann: User, run: RunCommand
    ) -> None:
        desk = registered()
        token(desk, ann, lives=False)
        assert json.loads(run("list", "--json").text)["users"] == 0

        for username, revoked in (("bob", None), ("eve", timezone.now())):
            user = User.objects.create_user(username)
            RefreshToken.objects.create(
                user=user,
                application=desk,
                access_token=token(desk, user, lives=False),
                token=username,
                revoked=revoked,
            )
        token(desk, ann, scope="oauth2_provider:registration", resource=[])

        assert json.loads(run("list", "--json").text)["users"] == 1

    def test_it_lists_some(self, db: None, run: RunCommand) -> None:
        first = registered("First", source="cimd", ago=2 * DAY)
        second = registered("Second", standing="blocked")

        assert first.client_id in run("list", "--source", "cimd").text
        assert second.client_id not in run("list", "--source", "cimd").text
        assert run("list", "--standing", "blocked").text.endswith(second.client_id)
        assert run("list", "--limit", "1").text.endswith(second.client_id)

    @pytest.mark.implementation
    def test_number_of_queries_does_not_grow(self, ann: User, run: RunCommand) -> None:
        for number in range(20):
            token(registered(f"Desk {number}"), ann)

        with CaptureQueriesContext(connection) as queries:
            assert len(run().lines) == 20

        assert len(queries) == 3


class TestShow:
    def test_it_shows_where_answers_go_and_what_is_granted(
        self, ann: User, run: RunCommand
    ) -> None:
        desk = registered()
        token(desk, ann, scope="shop:write shop:read")
        token(desk, ann, scope="shop:read")

        facts = json.loads(run("show", desk.client_id).text)

        assert facts["client_id"] == desk.client_id
        assert facts["redirect_uris"] == [
            "https://desk.example/callback",
            "http://127.0.0.1/callback",
        ]
        assert facts["scopes"] == ["shop:read", "shop:write"]

    def test_application_that_was_set_up_by_hand_is_shown_too(
        self, db: None, run: RunCommand
    ) -> None:
        facts = json.loads(run("show", by_hand("Intranet").client_id).text)

        assert (facts["name"], facts["source"], facts["standing"]) == ("Intranet", "manual", "new")
        assert facts["registered"]

    @pytest.mark.parametrize("action", ["show", "unblock"])
    def test_it_knows_no_others(self, db: None, action: str, run: RunCommand) -> None:
        assert "There is no application with the id nobody." in run(action, "nobody").error


class TestStanding:
    def test_blocking_takes_back_tokens(self, ann: User, run: RunCommand) -> None:
        desk = registered()
        token(desk, ann)

        assert run("block", desk.client_id).text == f"{desk.client_id} is blocked, 1 token revoked"

        assert not AccessToken.objects.exists()
        assert ClientRegistration.objects.get().standing == "blocked"
        assert run("unblock", desk.client_id).text == f"{desk.client_id} is new"
        assert ClientRegistration.objects.get().standing == "new"

    def test_document_is_approved_before_it_was_ever_seen(self, db: None, run: RunCommand) -> None:
        url = "https://desk.example/client.json"

        assert run("approve", url).text == f"{url} is approved (no such application yet)"

        registration = ClientRegistration.objects.get()
        assert (registration.client_id, registration.standing) == (url, "approved")
        assert "(no such application)" in run().text

    @pytest.mark.parametrize("client_id", ["", "x" * 256, "no\x00text", "\udcff"])
    @pytest.mark.parametrize("action", ["show", "approve", "block", "unblock"])
    def test_id_that_no_application_can_have_is_refused(
        self, db: None, action: str, client_id: str, run: RunCommand
    ) -> None:
        assert "1 to 255 characters" in run(action, client_id).error

        assert not ClientRegistration.objects.exists()


class TestPrune:
    def test_unused_applications_go_with_their_registration_tokens(
        self, db: None, run: RunCommand
    ) -> None:
        for number in range(5):
            application = registered(f"Flood {number}", ago=LONG_AGO)
            # The token to manage a registration lives on without an end.
            token(application, None, scope="oauth2_provider:registration", resource=[])
        young = registered("Young")

        assert run("prune").text == "5 applications deleted"

        assert list(Application.objects.all()) == [young]
        assert not AccessToken.objects.exists()
        assert ClientRegistration.objects.get().client_id == young.client_id

    def test_application_from_before_registrations_were_noted_goes_too(
        self, db: None, run: RunCommand
    ) -> None:
        by_hand("Old", ago=LONG_AGO, registration_source="dcr")

        assert run("prune").text == "1 application deleted"

    def test_applications_that_were_set_up_by_hand_stay(self, db: None, run: RunCommand) -> None:
        by_hand("Intranet", ago=LONG_AGO)

        assert run("prune").text == "0 applications deleted"
        assert Application.objects.count() == 1

    @pytest.mark.parametrize(
        "holding", ["token", "refresh token", "code", "use", "call", "approval", "block"]
    )
    def test_applications_that_are_used_or_judged_stay(
        self, ann: User, holding: str, run: RunCommand
    ) -> None:
        desk = registered(ago=LONG_AGO)
        rows = ClientRegistration.objects.filter(client_id=desk.client_id)
        match holding:
            case "token":
                token(desk, ann)
            case "refresh token":
                RefreshToken.objects.create(
                    user=ann,
                    application=desk,
                    access_token=token(desk, ann, lives=False),
                    token="refresh",
                )
            case "code":
                Grant.objects.create(
                    user=ann,
                    application=desk,
                    code="code",
                    expires=timezone.now() + DAY,
                    redirect_uri="https://desk.example/callback",
                )
            case "use":
                rows.update(last_used=timezone.now() - DAY)
            case "call":
                CallRecord.objects.create(
                    name="add", outcome="ok", client=desk.client_id, started=timezone.now() - DAY
                )
            case "approval":
                rows.update(standing="approved")
            case _:
                rows.update(standing="blocked")

        assert run("prune").text == "0 applications deleted"

        assert Application.objects.count() == ClientRegistration.objects.count() == 1

    def test_use_of_long_ago_keeps_nothing(self, ann: User, run: RunCommand) -> None:
        desk = registered(ago=99 * DAY, last_used=timezone.now() - LONG_AGO)
        token(desk, ann, lives=False)
        CallRecord.objects.create(
            name="add", outcome="ok", client=desk.client_id, started=timezone.now() - LONG_AGO
        )

        assert run("prune").text == "1 application deleted"

        assert CallRecord.objects.count() == 1

    def test_registrations_without_an_application_go_unless_they_were_judged(
        self, db: None, run: RunCommand
    ) -> None:
        for name, standing in (("Gone", "new"), ("Evil", "blocked"), ("Expected", "approved")):
            registered(name, ago=LONG_AGO, standing=standing)
        Application.objects.all().delete()

        assert run("prune").text == "0 applications deleted"

        left = ClientRegistration.objects.values_list("standing", flat=True)
        assert sorted(left) == ["approved", "blocked"]

    def test_age_is_that_of_the_setting_or_the_option(
        self, db: None, settings: Settings, run: RunCommand
    ) -> None:
        registered("Week", ago=8 * DAY)
        registered("Day", ago=2 * DAY)
        settings.DJANGO_MCP_PRUNE_CLIENTS_AFTER = 7

        assert run("prune").text == "1 application deleted"
        assert run("prune", "--older-than", "1d").text == "1 application deleted"

    def test_it_works_in_batches(self, db: None) -> None:
        from django_mcp.auth.clients.retention import prune_clients

        for number in range(7):
            registered(
                f"Flood {number}", ago=LONG_AGO, standing="approved" if number % 3 else "new"
            )

        assert prune_clients(older_than=DAY, batch=2) == 3

        assert Application.objects.count() == ClientRegistration.objects.count() == 4


def test_it_says_what_it_needs(run: RunCommand) -> None:
    with modify_settings(INSTALLED_APPS={"remove": "oauth2_provider"}):
        assert "django-oauth-toolkit's, which is not installed" in run().error
