"""Access that operators revoke in the admin: of clients, of a user, of all users."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from django_mcp.models import ClientRegistration, ToolTask
from tests.admin.pages import CLIENTS, GROUPS, action, client_page, links_of, rows_of, text_of
from tests.factories import task

pytest.importorskip("oauth2_provider")

from tests.applications import AccessToken
from tests.factories import by_hand, registered, token

pytestmark = pytest.mark.oauth

ACCESS = f"{CLIENTS}revoke-access/"
VISIBILITY = f"{GROUPS}visibility/"
HOSTILE = "<script>alert(1)</script>"
PERMISSIONS = ("view_clientregistration", "change_clientregistration", "change_tooltask")


@pytest.fixture
def controller(sign_in: Callable[..., Client]) -> Client:
    """May look at clients and at tool groups, and revoke access."""
    return sign_in(*PERMISSIONS, "view_toolgroup")


@pytest.fixture
def desk(ann: User, bob: User) -> Any:
    """An application with a token of each user, and one of ann for another API; and ann's task."""
    desk = registered("Desk", client_id="desk")
    token(desk, ann)
    token(desk, bob)
    token(desk, ann, resource=["https://api.example"])
    task(user=str(ann.pk), client="desk")
    return desk


def row_of(application: Any) -> ClientRegistration:
    return ClientRegistration.objects.get(client_id=application.client_id)


def tokens() -> set[tuple[str, str, str]]:
    return {
        (row.application.name, row.user.username, row.resource[0])
        for row in AccessToken.objects.select_related("application", "user")
    }


def log() -> list[tuple[str, str, str]]:
    return [
        (str(entry.content_type), entry.object_repr, entry.get_change_message())
        for entry in LogEntry.objects.order_by("pk")
    ]


MCP, API = "http://testserver/mcp", "https://api.example"
DESK = {("Desk", "ann", MCP), ("Desk", "bob", MCP), ("Desk", "ann", API)}
ASKED = {"user": {"user": "ann"}, "client": {"client": "desk"}, "all": {"all_users": "on"}}


def confirmed(**fields: str) -> dict[str, str]:
    return {"confirmed": "yes", **fields}


def done(access_tokens: int, tasks: int) -> str:
    return (
        f"Revoked: access tokens: {access_tokens}, refresh tokens: 0, codes: 0. "
        f"Cancelled: tasks: {tasks}."
    )


class TestPage:
    @pytest.mark.parametrize(
        ("asked", "named", "count", "tasks"),
        [("user", "ann", 1, 1), ("client", "Desk (desk)", 3, 1), ("all", "all users", 2, 1)],
    )
    def test_it_shows_what_would_be_revoked_and_revokes_nothing_yet(
        self, controller: Client, desk: Any, asked: str, named: str, count: int, tasks: int
    ) -> None:
        page = controller.get(ACCESS, ASKED[asked])

        assert f"To be revoked: {named}" in text_of(page)
        assert rows_of(page) == [
            ["Access tokens", str(count)],
            ["Refresh tokens", "0"],
            ["Authorization codes", "0"],
            ["Background tasks to be cancelled", str(tasks)],
        ]
        assert tokens() == DESK
        assert ToolTask.objects.get().status == "queued"
        assert log() == []

    @pytest.mark.parametrize(
        ("fields", "left", "logged"),
        [
            ({"user": "ann"}, DESK - {("Desk", "ann", MCP)}, [("user", "ann", done(1, 1))]),
            ({"client": "desk"}, set(), [("client", "desk", done(3, 1))]),
            (
                {"user": "ann", "client": "desk"},
                DESK - {("Desk", "ann", MCP)},
                [("user", "ann", done(1, 1)), ("client", "desk", done(1, 1))],
            ),
            (
                {"all_users": "on", "risk_confirmed": "yes"},
                {("Desk", "ann", API)},
                [("client", "all users", done(2, 1))],
            ),
        ],
    )
    def test_it_revokes_once_that_is_confirmed(
        self,
        controller: Client,
        desk: Any,
        fields: dict[str, str],
        left: set[tuple[str, str, str]],
        logged: list[tuple[str, str, str]],
    ) -> None:
        after = controller.post(ACCESS, confirmed(**fields), follow=True)

        assert after.redirect_chain == [(ACCESS, 302)]
        assert logged[0][2] in text_of(after)
        assert tokens() == left
        assert ToolTask.objects.get().status == "cancelled"
        assert [(kind.rpartition(" | ")[2], *rest) for kind, *rest in log()] == logged

    def test_form_that_the_page_shows_does_it(self, controller: Client, desk: Any) -> None:
        page = controller.get(ACCESS, {"user": "ann"})

        assert '<input type="hidden" name="user" value="ann">' in page.content.decode()
        assert '<input type="hidden" name="client" value="">' in page.content.decode()
        controller.post(ACCESS, {"user": "ann", "client": "", "confirmed": "yes"})

        assert tokens() == DESK - {("Desk", "ann", MCP)}

    def test_access_of_all_users_needs_a_tick(self, controller: Client, desk: Any) -> None:
        page = controller.post(ACCESS, confirmed(all_users="on"))

        assert "Nothing was revoked. Tick the box" in text_of(page)
        assert 'name="risk_confirmed" value="yes" id="mcp-risk" required' in page.content.decode()
        assert tokens() == DESK

    def test_opening_a_link_revokes_nothing(self, controller: Client, desk: Any) -> None:
        controller.get(ACCESS, confirmed(user="ann"))
        controller.post(ACCESS, {"user": "ann"})

        assert tokens() == DESK

    def test_other_sites_revoke_nothing(self, controller: Client, desk: Any) -> None:
        guarded = Client(enforce_csrf_checks=True)
        guarded.force_login(User.objects.get(username="olga"))

        assert guarded.post(ACCESS, confirmed(user="ann")).status_code == 403
        assert tokens() == DESK

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ({"user": ""}, "Name a user, a client or both, or choose all users."),
            ({"user": "ann", "all_users": "on"}, "Name a user, a client or both, or choose"),
            ({"client": "desk", "all_users": "on"}, "Name a user, a client or both, or choose"),
            ({"user": "eve"}, "There is no such user."),
            ({"client": "nobody"}, "There is no client of this id."),
            ({"user": "ann", "client": "nobody"}, "There is no client of this id."),
            ({"user": "ann\0"}, "Null characters are not allowed."),
        ],
    )
    def test_question_that_makes_no_sense_is_told_and_nothing_happens(
        self, controller: Client, desk: Any, asked: dict[str, str], said: str
    ) -> None:
        for page in (controller.get(ACCESS, asked), controller.post(ACCESS, confirmed(**asked))):
            assert said in text_of(page)
            assert rows_of(page) == []

        assert tokens() == DESK

    def test_user_may_be_named_by_key_and_be_inactive(self, controller: Client, desk: Any) -> None:
        ann = User.objects.get(username="ann")
        User.objects.filter(pk=ann.pk).update(is_active=False)

        controller.post(ACCESS, confirmed(user=str(ann.pk)))

        assert tokens() == DESK - {("Desk", "ann", MCP)}

    @pytest.mark.parametrize("may_view", [True, False])
    def test_users_who_may_be_meant_are_told_to_those_who_may_look_at_users(
        self, controller: Client, desk: Any, may_view: bool
    ) -> None:
        if may_view:
            olga = User.objects.get(username="olga")
            olga.user_permissions.add(Permission.objects.get(codename="view_user"))
        User.objects.filter(username__in=["ann", "bob"]).update(email="us@example.com")
        ann, bob = (User.objects.get(username=name) for name in ("ann", "bob"))
        names = f"ann ({ann.pk}); bob ({bob.pk})"

        unknown = text_of(controller.get(ACCESS, {"user": "anna"}))
        ambiguous = text_of(controller.post(ACCESS, confirmed(user="us@example.com")))

        assert (f"no such user. Did you mean: ann ({ann.pk})" in unknown) == may_view
        assert "More than one user has this name: give the username or the key" in ambiguous
        assert (f"Did you mean: {names}" in ambiguous) == may_view
        assert tokens() == DESK

    def test_client_that_was_set_up_by_hand_has_it_in_the_history_of_its_application(
        self, controller: Client, ann: User
    ) -> None:
        intranet = by_hand("Intranet")
        token(intranet, ann)

        controller.post(ACCESS, confirmed(client=intranet.client_id))

        entry = LogEntry.objects.get(content_type__model="application")
        assert entry.object_id == str(intranet.pk)
        assert tokens() == set()

    def test_client_that_is_gone_is_named_by_its_id(self, controller: Client, ann: User) -> None:
        task(client="gone", user=str(ann.pk))

        controller.post(ACCESS, confirmed(client="gone"))

        assert ToolTask.objects.get().status == "cancelled"
        assert [entry[1:] for entry in log()] == [("gone", done(0, 1))]

    def test_words_of_strangers_stay_words(self, controller: Client, ann: User) -> None:
        token(registered(HOSTILE, client_id="evil"), ann)

        page = controller.get(ACCESS, {"client": "evil", "user": "ann"})
        after = controller.post(ACCESS, confirmed(client="evil"), follow=True)

        for each in (page, after):
            assert f"{HOSTILE} (evil)" in text_of(each)
            assert "<script>alert" not in each.content.decode()

    def test_missing_address_of_the_endpoint_is_told(
        self, controller: Client, desk: Any, settings: Settings
    ) -> None:
        settings.DJANGO_MCP_URL = ""

        assert "Set DJANGO_MCP_URL" in text_of(controller.post(ACCESS, confirmed(user="ann")))
        assert tokens() == DESK

    @pytest.mark.parametrize("missing", PERMISSIONS[1:])
    def test_it_takes_both_permissions(
        self, sign_in: Callable[..., Client], desk: Any, missing: str
    ) -> None:
        client = sign_in(*(each for each in PERMISSIONS if each != missing))

        assert client.get(ACCESS).status_code == 403
        assert client.post(ACCESS, confirmed(user="ann")).status_code == 403
        assert client.get(client_page("desk", "revoke")).status_code == 403
        client.post(CLIENTS, action("revoke_selected", row_of(desk), confirmed="yes"))
        assert "Revoke access" not in dict(links_of(client.get(CLIENTS)))
        assert tokens() == DESK

    @pytest.mark.implementation
    def test_number_of_queries_does_not_grow(self, controller: Client, desk: Any) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert controller.get(ACCESS, {"client": "desk"}).status_code == 200
            return len(captured)

        few = queries()
        for number in range(20):
            token(desk, User.objects.create_user(f"user {number}"))

        assert queries() == few

    @pytest.mark.implementation
    def test_each_batch_is_committed_although_requests_are_transactions(
        self,
        transactional_db: None,
        controller: Client,
        desk: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
        with CaptureQueriesContext(connection) as captured:
            controller.post(ACCESS, confirmed(client="desk"))

        deletions = [query for query in captured if query["sql"].startswith("DELETE")]
        assert deletions
        assert not [query for query in captured if query["sql"].startswith("SAVEPOINT")]


class TestSelection:
    def test_clients_lose_what_they_hold_and_are_not_blocked(
        self, controller: Client, desk: Any, ann: User
    ) -> None:
        other, kept = registered("Other"), registered("Kept")
        token(other, ann)
        token(kept, ann)
        sent = action("revoke_selected", row_of(desk), row_of(other))

        asked = controller.post(CLIENTS, sent)
        before = tokens()
        after = controller.post(CLIENTS, {**sent, "confirmed": "yes"})

        assert "Desk, desk, new, 2 users" in text_of(asked)
        assert before == DESK | {("Other", "ann", MCP), ("Kept", "ann", MCP)}
        assert after.headers["Location"] == CLIENTS
        assert tokens() == {("Kept", "ann", MCP)}
        assert ToolTask.objects.get().status == "cancelled"
        assert row_of(desk).standing == "new"
        assert {entry[1:] for entry in log()} == {
            ("desk", done(3, 1)),
            (other.client_id, done(1, 0)),
        }

    def test_page_of_a_client_leads_to_the_question(self, controller: Client, desk: Any) -> None:
        link = dict(links_of(controller.get(client_page("desk"))))["Revoke"]

        asked = controller.get(link)

        assert link == client_page("desk", "revoke")
        assert 'name="action" value="revoke_selected"' in asked.content.decode()
        assert controller.get(f"{CLIENTS}999/revoke/").status_code == 404
        assert tokens() == DESK


class TestLinks:
    def test_list_of_clients_leads_to_the_page(self, controller: Client) -> None:
        assert dict(links_of(controller.get(CLIENTS)))["Revoke access"] == ACCESS

    @pytest.mark.parametrize("is_active", [True, False])
    def test_page_of_what_a_user_sees_leads_to_it(
        self, controller: Client, desk: Any, is_active: bool
    ) -> None:
        User.objects.filter(username="ann").update(is_active=is_active)

        links = dict(links_of(controller.get(VISIBILITY, {"user": "ann"})))

        assert links["Revoke the access of this user"] == f"{ACCESS}?user=ann"
        assert "To be revoked: ann" in text_of(controller.get(f"{ACCESS}?user=ann"))

    def test_others_are_not_led_there(self, onlooker: Client, ann: User) -> None:
        links = dict(links_of(onlooker.get(VISIBILITY, {"user": "ann"})))

        assert "Revoke the access of this user" not in links
