import datetime
import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from django_mcp.kinds import Kind
from django_mcp.models import CallRecord
from tests.admin.pages import RECORDS, action, links_of, names_of, record_page, rows_of, text_of
from tests.factories import NOON, record


def test_list_shows_the_call_that_began_last_first(onlooker: Client) -> None:
    minute = datetime.timedelta(minutes=1)
    record(name="report", outcome=CallRecord.Outcome.RUNNING, duration_ms=None, started=NOON)
    record(username="ada", client_name="Desktop", duration_ms=1_860, started=NOON - 2 * minute)
    record(
        user="7",
        client="d-1",
        outcome=CallRecord.Outcome.FAILED,
        delivered=False,
        started=NOON - minute,
    )

    response = onlooker.get(RECORDS, {"period": "all"})

    assert [row[1:] for row in rows_of(response)] == [
        ["2026-07-28 12:00:00", "anonymous", "report", "running", "-", "-"],
        ["2026-07-28 11:59:00", "7", "add_expense", "failed not delivered", "d-1", "48 ms"],
        ["2026-07-28 11:58:00", "ada", "add_expense", "ok", "Desktop", "1.9 s"],
    ]


def test_row_that_several_calls_share_says_how_many(onlooker: Client) -> None:
    shared = record(outcome=CallRecord.Outcome.UNKNOWN_TOOL, calls=437)
    single = record(outcome=CallRecord.Outcome.UNKNOWN_TOOL)

    listed = onlooker.get(RECORDS, {"period": "all"})
    pages = [text_of(onlooker.get(record_page(each))) for each in (shared, single)]

    assert [row[4] for row in rows_of(listed)] == ["unknown tool", "unknown tool 437 calls"]
    assert "437" in pages[0]
    assert "Number of refused calls that share this row" in pages[0]
    assert "Calls: " not in pages[1]


def test_projects_without_time_zones_read_their_own_time(
    onlooker: Client, settings: Settings
) -> None:
    settings.USE_TZ = False
    call = record(started=NOON.replace(tzinfo=None))

    page = onlooker.get(record_page(call))
    found = onlooker.get(RECORDS, {"after": "2026-07-28T12:00", "before": "2026-07-28T12:00:00Z"})

    assert "Started: 2026-07-28 12:00:00" in text_of(page)
    assert names_of(found) == ["add_expense"]


@pytest.mark.parametrize("kind", Kind)
def test_page_of_a_call_leads_to_the_calls_of_what_was_called(onlooker: Client, kind: Kind) -> None:
    calls = [record(name="monthly_review", kind=each) for each in Kind]
    record(name="other", kind=kind)

    page = onlooker.get(record_page(next(each for each in calls if each.kind == kind)))

    mark = "" if kind is Kind.TOOL else f" {kind}"
    assert f"Name: monthly_review{mark} all calls of this {kind} Kind: {kind} " in text_of(page)
    link = dict(links_of(page))[f"all calls of this {kind}"]
    assert names_of(onlooker.get(link)) == [f"monthly_review{mark}"]


def test_page_of_a_call_leads_to_the_calls_of_its_tool_user_and_client(onlooker: Client) -> None:
    call = record(user="7 & 8", username="ada", client="d/1", client_name="Desktop")
    record(name="by_ada", user="7 & 8", username="ada")
    record(name="by_desktop", client="d/1")
    record(name="by_others")

    page = onlooker.get(record_page(call))
    links = {text: link for text, link in links_of(page) if text.startswith("all calls")}

    assert list(links) == [
        "all calls of this tool",
        "all calls of this user",
        "all calls of this client",
    ]
    assert {text: names_of(onlooker.get(link)) for text, link in links.items()} == {
        "all calls of this tool": ["add_expense"],
        "all calls of this user": ["by_ada", "add_expense"],
        "all calls of this client": ["by_desktop", "add_expense"],
    }


@pytest.fixture
def call_of_ada() -> CallRecord:
    """A call of a user who exists, through a client that is gone."""
    user = User.objects.create_user("ada")
    return record(user=str(user.pk), username="ada", client="d-1", client_name="Desktop")


def user_page(call: CallRecord) -> str:
    return reverse("admin:auth_user_change", args=[call.user])


def pages_of(client: Client, call: CallRecord) -> list[Any]:
    return [client.get(record_page(call)), client.get(RECORDS, {"period": "all"})]


def test_call_links_to_its_user_for_those_who_may_look_at_users(
    onlooker: Client, call_of_ada: CallRecord
) -> None:
    closed = pages_of(onlooker, call_of_ada)
    User.objects.get(username="olga").user_permissions.add(
        Permission.objects.get(codename="view_user")
    )
    opened = pages_of(onlooker, call_of_ada)

    for page in closed:
        assert user_page(call_of_ada) not in dict(links_of(page)).values()
    for page in opened:
        assert ("ada", user_page(call_of_ada)) in links_of(page)


@pytest.mark.implementation
def test_no_link_leads_to_users_who_are_gone_or_whom_the_admin_hides(
    superuser: Client, call_of_ada: CallRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = record(user="999", username="gone")
    odd = record(user="not a key", username="odd")
    monkeypatch.setattr(
        UserAdmin, "get_queryset", lambda self, request: User.objects.exclude(username="ada")
    )

    for call in (call_of_ada, gone, odd):
        for page in pages_of(superuser, call):
            assert user_page(call) not in dict(links_of(page)).values()


def test_no_link_leads_to_users_that_the_admin_does_not_have(
    superuser: Client, call_of_ada: CallRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry: dict[Any, Any] = admin.site._registry
    monkeypatch.delitem(registry, User)

    for page in pages_of(superuser, call_of_ada):
        assert "ada" in text_of(page)
        assert "/auth/user/" not in page.content.decode()


@pytest.mark.implementation
def test_links_of_many_calls_take_no_more_queries(superuser: Client) -> None:
    def call(number: int) -> CallRecord:
        user = User.objects.create_user(f"user {number}")
        return record(user=str(user.pk), username=user.username, client=f"c-{number}")

    call(0)
    with CaptureQueriesContext(connection) as few:
        superuser.get(RECORDS, {"period": "all"})
    calls = [call(number) for number in range(1, 30)]
    with CaptureQueriesContext(connection) as many:
        page = superuser.get(RECORDS, {"period": "all"})

    assert len(many) == len(few)
    assert {user_page(each) for each in calls} <= set(dict(links_of(page)).values())


def test_page_of_an_anonymous_call_leads_to_its_tool_alone(onlooker: Client) -> None:
    page = onlooker.get(record_page(record()))

    texts = [text for text, _ in links_of(page) if text.startswith("all calls")]
    assert texts == ["all calls of this tool"]
    assert "User: anonymous" in text_of(page)
    assert "Client: -" in text_of(page)
    assert "Scopes: -" in text_of(page)


def test_call_is_shown_readably(onlooker: Client) -> None:
    call = record(
        username="ada",
        scopes="expense:read expense:write",
        arguments={"amount": "12.50", "category": "Café"},
        duration_ms=75_210,
    )

    text = text_of(onlooker.get(record_page(call)))

    assert 'Arguments: { "amount": "12.50", "category": "Café" }' in text
    assert "Scopes: expense:read expense:write" in text
    assert "Duration: 75.2 s" in text
    assert str(call.call_id) in text


@pytest.mark.parametrize("field", ["arguments", "name", "username", "client_name", "client_info"])
def test_what_clients_send_is_text_on_the_page_and_never_markup(
    onlooker: Client, field: str
) -> None:
    hostile = "</pre><script>alert(1)</script>"
    call = record(**{field: {hostile: hostile} if field == "arguments" else hostile})

    for response in (onlooker.get(record_page(call)), onlooker.get(RECORDS, {"period": "all"})):
        assert b"<script>alert" not in response.content
    assert hostile in text_of(onlooker.get(record_page(call)))


def test_marks_that_turn_the_direction_of_text_are_shown_by_their_numbers(
    onlooker: Client,
) -> None:
    call = record(arguments={"file": "bill\u202efdp.exe"})

    assert '"bill\\u202efdp.exe"' in text_of(onlooker.get(record_page(call)))


HOSTILE = "add\u202eesnepxe\x1b\x9b\u2066\u200b"
SPELLED = "add\\u202eesnepxe\\x1b\\x9b\\u2066\\u200b"


@pytest.mark.parametrize(
    ("field", "filtered"),
    [
        ("name", "name"),
        ("username", "user"),
        ("user", "user"),
        ("client_name", "client"),
        ("client", "client"),
        *((field, "") for field in ("client_info", "protocol_version", "traceparent", "address")),
        *((field, "") for field in ("credential", "scopes", "worker", "error_class", "endpoint")),
    ],
)
def test_characters_that_are_not_seen_are_spelled_out_wherever_a_call_is_shown(
    onlooker: Client, field: str, filtered: str
) -> None:
    known = {"user": "7", "client": "d-1"} if field in ("username", "client_name") else {}
    call = record(**{**known, field: HOSTILE})
    chosen = {filtered: known.get(filtered, HOSTILE)} if filtered else {}

    pages = [
        onlooker.get(record_page(call)),
        onlooker.get(RECORDS, {"period": "all", **chosen}),
    ]

    assert SPELLED in text_of(pages[0])
    for page in pages:
        assert not re.search("[\u202e\x1b\x9b\u2066\u200b]", text_of(page))
    if filtered:
        # Once in the row, and once in the choice.
        assert text_of(pages[1]).count(SPELLED) == 2


def test_help_stays_beside_what_is_spelled_out(onlooker: Client) -> None:
    page = text_of(onlooker.get(record_page(record(client_info="Desk 1.0"))))

    place = page.index("Client software:")
    beside = page[place : place + 70]  # before or after it, as the admin has it
    assert "Desk 1.0" in beside
    assert "As the client describes itself." in beside


def test_not_even_superusers_change_the_record(superuser: Client) -> None:
    call = record()

    page = superuser.get(record_page(call))
    listing = superuser.get(RECORDS, {"period": "all"})
    refused = [
        superuser.post(record_page(call), {"name": "forged"}).status_code,
        superuser.post(record_page(call, "delete"), {"post": "yes"}).status_code,
        superuser.get(f"{RECORDS}add/").status_code,
    ]
    superuser.post(RECORDS, action("delete_selected", call, post="yes"))

    assert b'name="_save"' not in page.content
    assert "Delete" not in text_of(listing)
    assert refused == [403, 403, 403]
    assert CallRecord.objects.get().name == "add_expense"


def test_record_is_closed_to_staff_without_the_permission(operator: Client) -> None:
    call = record()

    assert operator.get(RECORDS).status_code == 403
    assert operator.get(record_page(call)).status_code == 403
