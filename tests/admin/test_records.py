import datetime
import re

import pytest
from django.test import Client
from pytest_django import Settings

from django_mcp.models import CallRecord
from tests.admin.calls import NOON, record
from tests.admin.pages import RECORDS, action, links_of, names_of, record_page, rows_of, text_of


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
        ["2026-07-28 12:00:00", "report", "running", "anonymous", "-", "-", "None"],
        ["2026-07-28 11:59:00", "add_expense", "failed", "7", "d-1", "48 ms", "False"],
        ["2026-07-28 11:58:00", "add_expense", "ok", "ada", "Desktop", "1.9 s", "True"],
    ]


def test_row_that_several_calls_share_says_how_many(onlooker: Client) -> None:
    shared = record(outcome=CallRecord.Outcome.UNKNOWN_TOOL, calls=437)
    single = record(outcome=CallRecord.Outcome.UNKNOWN_TOOL)

    listed = onlooker.get(RECORDS, {"period": "all"})
    pages = [text_of(onlooker.get(record_page(each))) for each in (shared, single)]

    assert [row[3] for row in rows_of(listed)] == [
        "unknown or hidden tool",
        "unknown or hidden tool 437 calls",
    ]
    assert "Calls: 437 How many calls of unknown tools share this row" in pages[0]
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
        ("name", "tool"),
        ("username", "user"),
        ("user", "user"),
        ("client_name", "client"),
        ("client", "client"),
        *((field, "") for field in ("client_info", "protocol_version", "trace_id", "address")),
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

    assert "Client software: Desk 1.0 As the client describes itself." in page


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
