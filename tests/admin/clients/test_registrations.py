"""What operators see of applications that registered themselves, and what they do about them."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_mcp.admin.changelist import changelist
from django_mcp.models import ClientRegistration
from tests.admin.pages import (
    CLIENTS,
    RECORDS,
    action,
    client_page,
    links_of,
    rows_of,
    text_of,
)
from tests.databases import finds_whatever_the_case
from tests.factories import recent

pytest.importorskip("oauth2_provider")

from tests.applications import AccessToken, Application
from tests.factories import DAY, by_hand, registered, token

pytestmark = pytest.mark.oauth

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def watcher(sign_in: Callable[..., Client]) -> Client:
    """May look at clients, and at nothing else."""
    return sign_in("view_clientregistration")


@pytest.fixture
def controller(sign_in: Callable[..., Client]) -> Client:
    """May look at clients and at calls, and judge clients."""
    return sign_in("view_clientregistration", "change_clientregistration", "view_callrecord")


def row_of(application: Any) -> ClientRegistration:
    return ClientRegistration.objects.get(client_id=application.client_id)


def confirmed(name: str, *applications: Any) -> dict[str, Any]:
    return action(name, *map(row_of, applications), confirmed="yes")


def log() -> list[tuple[str, str]]:
    return [
        (entry.object_repr, entry.get_change_message()) for entry in LogEntry.objects.order_by("pk")
    ]


class TestList:
    def test_it_shows_who_came_last_first(self, watcher: Client, ann: User) -> None:
        registered(
            "Old",
            source="cimd",
            client_id="https://old.example/client.json",
            ago=40 * DAY,
            standing="blocked",
            address="",
        )
        new = registered(HOSTILE, last_used=timezone.now())
        token(new, ann)

        page = watcher.get(CLIENTS)

        found = ClientRegistration.objects.get(client_id=new.client_id)
        assert [row[1:] for row in rows_of(page)] == [
            [
                HOSTILE,
                "new",
                "1",
                "dynamic registration 192.0.2.7",
                f"{found.last_used:%Y-%m-%d %H:%M:%S}",
            ],
            ["Old old.example", "blocked", "0", "metadata document", "-"],
        ]
        assert HOSTILE not in page.content.decode()

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("standing=blocked", ["Desk"]),
            ("source=cimd", ["Phone phone.example"]),
            ("address=192.0.2.9", ["Phone phone.example"]),
            ("period=week", ["Phone phone.example"]),
            ("q=De", ["Desk"]),
            pytest.param("q=de", ["Desk"], marks=finds_whatever_the_case),
            ("q=https://phone", ["Phone phone.example"]),
            ("q=192.0.2.9", ["Phone phone.example"]),
            ("q=esk", []),
            pytest.param(f"q={'D' * 51_000}", [], id="too_long"),
            ("q=de&standing=new", []),
            ("q=P&source=cimd", ["Phone phone.example"]),
        ],
    )
    def test_it_is_narrowed(self, watcher: Client, query: str, names: list[str]) -> None:
        registered("Desk", standing="blocked", ago=20 * DAY)
        registered(
            "Phone",
            source="cimd",
            address="192.0.2.9",
            client_id="https://phone.example/client.json",
        )

        assert [row[1] for row in rows_of(watcher.get(f"{CLIENTS}?{query}"))] == names

    @pytest.mark.implementation
    def test_number_of_queries_does_not_grow(self, watcher: Client, ann: User) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert watcher.get(f"{CLIENTS}?q=desk&standing=new").status_code == 200
            return len(captured)

        token(registered("Desk"), ann)
        few = queries()
        for number in range(30):
            token(registered(f"Desk {number}"), ann)

        assert queries() == few

    @pytest.mark.implementation
    def test_large_table_is_read_in_part(
        self, watcher: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(changelist, "MAX_ROWS", 3)
        for number in range(5):
            registered(f"Desk {number}", ago=number * DAY)

        page = watcher.get(CLIENTS)

        assert [row[1] for row in rows_of(page)] == ["Desk 0", "Desk 1", "Desk 2"]
        assert "more than 3 clients" in text_of(page)


class TestPage:
    def test_it_tells_what_the_application_is_and_who_uses_it(
        self, watcher: Client, ann: User
    ) -> None:
        desk = registered("Desk")
        token(desk, ann, scope="shop:write shop:read")
        token(desk, User.objects.create_user(HOSTILE), scope="shop:read")

        page = watcher.get(client_page(desk.client_id))

        text = text_of(page)
        assert "https://desk.example/callback" in text
        assert "Public, Authorization code" in text
        assert "shop:read shop:write" in text
        assert f"{HOSTILE}ann" in text
        assert HOSTILE not in page.content.decode()
        # Minifiers keep the space between the elements of a `span`, and not in a block.
        scopes = "<span><code>shop:<wbr>read</code> <code>shop:<wbr>write</code></span>"
        assert scopes in page.content.decode()
        assert f"{CLIENTS}?address=192.0.2.7" in page.content.decode()

    def test_its_title_is_the_name_or_else_the_id(self, watcher: Client) -> None:
        desk = registered("Desk")
        unnamed = registered("", client_id="d-1", source="")

        pages = [watcher.get(client_page(each.client_id)) for each in (desk, unnamed)]

        for page, title in zip(pages, ("Desk", "d-1"), strict=True):
            assert f"{title} | View client" in text_of(page)
            assert "None" not in text_of(page)
            assert f"Clients \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} {title}" in text_of(
                page
            )

    def test_calls_lead_to_it_and_to_applications_of_operators(self, controller: Client) -> None:
        desk, own = registered("Desk"), by_hand("Own")
        for application in (desk, own):
            recent(client=application.client_id, client_name=application.name)
        pages = {
            "Desk": client_page(desk.client_id),
            "Own": reverse("admin:oauth2_provider_application_change", args=[own.pk]),
        }

        closed = dict(links_of(controller.get(RECORDS)))
        permission = Permission.objects.get(codename=f"view_{Application._meta.model_name}")
        User.objects.get(username="olga").user_permissions.add(permission)
        opened = dict(links_of(controller.get(RECORDS)))

        assert {name: closed.get(name) for name in pages} == {**pages, "Own": None}
        assert {name: opened.get(name) for name in pages} == pages

    @pytest.mark.implementation
    def test_users_are_named_up_to_a_number(
        self, watcher: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("django_mcp.admin.clients.display.MAX_NAMED_USERS", 2)
        desk = registered("Desk")
        for name in ("ann", "bob", "eve"):
            token(desk, User.objects.create_user(name))

        assert "annboband 1 other" in text_of(watcher.get(client_page(desk.client_id)))

    @pytest.mark.implementation
    def test_users_are_named_by_their_labels_with_as_many_queries_for_any_number(
        self, watcher: Client
    ) -> None:
        desk = registered("Desk")

        def look(name: str) -> tuple[str, int]:
            user = User.objects.create_user(uuid.uuid4().hex, first_name=name, last_name="Lovelace")
            token(desk, user)
            with CaptureQueriesContext(connection) as queries:
                page = watcher.get(client_page(desk.client_id))
            return text_of(page), len(queries)

        text, few = look("Ada")
        assert "Ada Lovelace" in text
        text, many = look("Ben")
        assert "Ada LovelaceBen Lovelace" in text
        assert many == few

    def test_application_that_is_gone_leaves_its_registration(self, watcher: Client) -> None:
        desk = registered("Desk")
        Application.objects.all().delete()

        assert "(no such application)" in text_of(watcher.get(client_page(desk.client_id)))
        assert "(no such application)" in text_of(watcher.get(CLIENTS))

    def test_it_leads_to_the_calls_and_the_application(self, superuser: Client) -> None:
        desk = registered("Desk")

        links = dict(links_of(superuser.get(client_page(desk.client_id))))

        calls = f"/admin/django_mcp/callrecord/?client={desk.client_id}&period=all"
        application = f"/admin/oauth2_provider/application/{desk.pk}/change/"
        assert links["Calls on record"] == calls
        assert links["Application"] == application
        assert superuser.get(calls).status_code == superuser.get(application).status_code == 200

    def test_it_leads_nowhere_that_is_closed(self, watcher: Client) -> None:
        desk = registered("Desk")

        links = dict(links_of(watcher.get(client_page(desk.client_id))))

        assert not {"Calls on record", "Application", "Approve", "Block"} & links.keys()

    def test_who_may_not_look_is_kept_out(self, sign_in: Callable[..., Client]) -> None:
        desk = registered("Desk")
        stranger = sign_in("view_callrecord")

        assert stranger.get(CLIENTS).status_code == 403
        assert stranger.get(client_page(desk.client_id)).status_code == 403

    @pytest.mark.parametrize("view", ["delete", "change"])
    def test_nobody_changes_a_row_by_hand(self, superuser: Client, view: str) -> None:
        desk = registered("Desk")

        answer = superuser.post(client_page(desk.client_id, view), {"standing": "approved"})

        assert answer.status_code == 403
        assert row_of(desk).standing == "new"


class TestActions:
    @pytest.mark.parametrize(
        ("label", "standing"), [("Approve", "new"), ("Block", "new"), ("Unblock", "blocked")]
    )
    def test_nothing_happens_before_it_is_confirmed(
        self, controller: Client, ann: User, label: str, standing: str
    ) -> None:
        desk = registered("Desk", standing=standing)
        token(desk, ann)

        link = dict(links_of(controller.get(client_page(desk.client_id))))[label]
        from_page = controller.get(link)
        from_list = controller.post(CLIENTS, action(f"{label.lower()}_selected", row_of(desk)))

        for asked in (from_page, from_list):
            assert f"Desk, {desk.client_id}, {standing}, 1 user" in text_of(asked)
            page = asked.content.decode()
            assert f'name="action" value="{label.lower()}_selected"' in page
            assert f'name="_selected_action" value="{row_of(desk).pk}"' in page
        assert row_of(desk).standing == standing
        assert AccessToken.objects.count() == 1
        assert log() == []

    def test_blocked_client_loses_its_tokens_at_once(self, controller: Client, ann: User) -> None:
        desk, other = registered("Desk"), registered("Other")
        token(desk, ann)
        token(other, ann)

        after = controller.post(CLIENTS, confirmed("block_selected", desk), follow=True)

        assert after.redirect_chain == [(client_page(desk.client_id), 302)]
        assert row_of(desk).standing == "blocked"
        assert [each.application for each in AccessToken.objects.all()] == [other]
        assert log() == [(desk.client_id, "Blocked; 1 token taken back.")]
        assert f"Blocked; 1 token taken back. ({desk.client_id})" in text_of(after)
        links = dict(links_of(after))
        assert "Unblock" in links
        assert "Block" not in links

    def test_several_are_judged_at_once_and_others_left_alone(self, controller: Client) -> None:
        new, blocked, approved = (
            registered(name, standing=name) for name in ("new", "blocked", "approved")
        )

        asked = controller.post(
            CLIENTS, action("approve_selected", *map(row_of, (new, blocked, approved)))
        )
        after = controller.post(CLIENTS, confirmed("approve_selected", new, blocked, approved))

        assert "is left alone: is approved already" in text_of(asked)
        assert after.headers["Location"] == CLIENTS
        assert {row.standing for row in ClientRegistration.objects.all()} == {"approved"}
        assert len(log()) == 2

    def test_second_registration_of_one_connection_is_approved_with_the_first(
        self, controller: Client
    ) -> None:
        first, second = registered("Desk"), registered("Desk")

        controller.post(CLIENTS, confirmed("approve_selected", first))

        assert row_of(second).standing == "approved"
        said = f"Approved, with the repetitions of its registration: {second.client_id}."
        assert log() == [(first.client_id, said)]

    def test_characters_that_are_not_seen_are_spelled_out(
        self, controller: Client, ann: User
    ) -> None:
        desk = registered("Desk\u202e\x9b", client_id="desk\u2066", address="\u202e192.0.2.7")
        Application.objects.update(redirect_uris="https://desk.example/\u202egpj")
        ann.username = "ann\u202e"
        ann.save()
        token(desk, ann)

        pages = [
            controller.get(address)
            for address in (
                CLIENTS,
                f"{CLIENTS}?address=%E2%80%AE192.0.2.7",
                client_page("desk\u2066"),
                client_page("desk\u2066", "approve"),
            )
        ]
        pages.append(controller.post(CLIENTS, confirmed("approve_selected", desk), follow=True))

        for page in pages:
            assert "Desk\\u202e\\x9b" in text_of(page)
            assert not re.search("[\u202e\x9b\u2066]", text_of(page))

    def test_question_tells_where_the_answers_of_users_would_go(self, controller: Client) -> None:
        desk = registered("Desk\u202e")

        asked = text_of(controller.get(client_page(desk.client_id, "approve")))

        assert f"Desk\\u202e, {desk.client_id}, new, 0 users" in asked
        assert "answers go to https://desk.example/callback, http://127.0.0.1/callback" in asked

    def test_unblocked_client_is_new(self, controller: Client) -> None:
        blocked, new = registered("Blocked", standing="blocked"), registered("New")

        asked = controller.post(CLIENTS, action("unblock_selected", row_of(new)))
        controller.post(CLIENTS, confirmed("unblock_selected", blocked, new))

        assert "is left alone: is not blocked" in text_of(asked)
        assert "There is nothing to do." in text_of(asked)
        assert row_of(blocked).standing == "new"
        assert log() == [(blocked.client_id, "Unblocked.")]

    def test_who_may_only_look_can_do_nothing(self, watcher: Client, ann: User) -> None:
        desk = registered("Desk")
        token(desk, ann)

        for view in ("approve", "block", "unblock"):
            assert watcher.get(client_page(desk.client_id, view)).status_code == 403
            watcher.post(CLIENTS, confirmed(f"{view}_selected", desk))

        assert row_of(desk).standing == "new"
        assert AccessToken.objects.count() == 1
        assert (
            not {"Approve", "Block"}
            & dict(links_of(watcher.get(client_page(desk.client_id)))).keys()
        )

    def test_opening_a_link_does_nothing(self, controller: Client) -> None:
        desk = registered("Desk")

        controller.get(client_page(desk.client_id, "block"), {"confirmed": "yes"})

        assert row_of(desk).standing == "new"

    def test_client_that_is_not_there_is_not_found(self, controller: Client) -> None:
        assert controller.get(f"{CLIENTS}999/block/").status_code == 404

    def test_history_tells_who_did_what(self, controller: Client) -> None:
        desk = registered("Desk")
        controller.post(CLIENTS, confirmed("block_selected", desk))

        history = text_of(controller.get(client_page(desk.client_id, "history")))

        assert "olga Blocked; 0 tokens taken back." in history


def test_permissions_are_those_that_a_group_can_be_given(db: None) -> None:
    codenames = Permission.objects.filter(content_type__model="clientregistration")

    assert {"view_clientregistration", "change_clientregistration"} <= set(
        codenames.values_list("codename", flat=True)
    )
