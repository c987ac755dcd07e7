import csv
import io
import json
from typing import Any

import pytest
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext

from django_mcp.models import CallRecord
from tests.admin.pages import RECORDS, action, links_of
from tests.factories import NOON, recent, record

EXPORT = f"{RECORDS}export/"


def rows_in(response: Any) -> list[dict[str, str]]:
    """The lines of the file, by the names in its header."""
    assert isinstance(response, StreamingHttpResponse)
    text = b"".join(response).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def names_in(response: Any) -> list[str]:
    return [row["name"] for row in rows_in(response)]


def test_export_has_every_column_of_a_call(onlooker: Client) -> None:
    call = record(
        username="ada",
        arguments={"category": "Café", "amounts": [1.5, None]},
        outcome=CallRecord.Outcome.RUNNING,
        duration_ms=None,
    )

    response = onlooker.get(EXPORT, {"period": "all"})
    (row,) = rows_in(response)

    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="calls-')
    assert list(row) == [field.name for field in CallRecord._meta.concrete_fields]
    assert row["call_id"] == str(call.call_id)
    assert row["started"] == "2026-07-28T12:00:00+00:00"
    assert row["username"] == "ada"
    assert json.loads(row["arguments"]) == {"category": "Café", "amounts": [1.5, None]}
    assert (row["duration_ms"], row["delivered"]) == ("", "True")


def test_characters_that_turn_or_hide_text_are_spelled_out(onlooker: Client) -> None:
    record(name="add\u202e\x1b", arguments={"file": "bill\u202efdp\x9b.exe"})

    (row,) = rows_in(onlooker.get(EXPORT, {"period": "all"}))

    assert row["name"] == "add\\u202e\\u001b"
    assert row["arguments"] == '{"file": "bill\\u202efdp\\u009b.exe"}'
    assert json.loads(row["arguments"]) == {"file": "bill\u202efdp\x9b.exe"}


def test_export_of_a_list_has_all_that_its_filters_and_search_leave(onlooker: Client) -> None:
    CallRecord.objects.bulk_create(
        CallRecord(name=f"call_{number:04}", endpoint="default", outcome="ok", started=NOON)
        for number in range(2_100)
    )
    recent(name="failed_for_ada", outcome="failed", username="ada", hours=1)
    recent(name="failed_through_ada", outcome="failed", client_name="ada", hours=2)
    recent(name="failed_for_ben", outcome="failed", username="ben")

    listed = onlooker.get(RECORDS, {"outcome": "failed", "q": "ada", "p": "1"})
    link = dict(links_of(listed))["Export these calls as CSV"]

    assert names_in(onlooker.get(link)) == ["failed_for_ada", "failed_through_ada"]
    assert names_in(onlooker.get(EXPORT)) == [
        "failed_for_ben",
        "failed_for_ada",
        "failed_through_ada",
    ]
    assert names_in(onlooker.get(EXPORT, {"before": "2026-07-28T12:00"})) == [
        f"call_{number:04}" for number in reversed(range(2_100))
    ]


def test_export_of_a_selection_has_the_selected_calls_of_the_list(onlooker: Client) -> None:
    first, _, third = recent(name="one"), recent(name="two"), recent(name="three")
    unlisted = record(name="long_ago")

    response = onlooker.post(RECORDS, action("export_selected", first, third, unlisted))

    assert names_in(response) == ["three", "one"]


@pytest.mark.implementation
def test_export_reads_a_bounded_number_of_calls_at_a_time(onlooker: Client) -> None:
    CallRecord.objects.bulk_create(
        CallRecord(name="call", endpoint="default", outcome="ok", started=NOON)
        for _ in range(2_500)
    )
    response: Any = onlooker.get(EXPORT, {"period": "all"})

    parts = iter(response)
    lengths, queries = [], []
    while True:
        with CaptureQueriesContext(connection) as asked:
            part = next(parts, None)
        if part is None:
            break
        lengths.append(part.count(b"\r\n"))
        queries.append(len(asked))

    assert lengths == [1, 1_000, 1_000, 500]
    assert queries == [0, 1, 1, 1]


@pytest.mark.parametrize(
    "value",
    ["=1+2", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\uff1d1", "=1;=2", '="a"'],
)
@pytest.mark.parametrize("column", ["name", "username", "client_info"])
def test_what_a_spreadsheet_would_run_is_text(onlooker: Client, value: str, column: str) -> None:
    record(**{column: value})

    (row,) = rows_in(onlooker.get(EXPORT, {"period": "all"}))

    assert row[column] == f"'{value}"


def test_every_cell_is_quoted(onlooker: Client) -> None:
    record(client_info='a;=1 "b"\nc')

    text = b"".join(onlooker.get(EXPORT, {"period": "all"})).decode()

    assert '"a;=1 ""b""\nc"' in text
    assert all(line.startswith('"') for line in text.splitlines() if line[0] != "c")


def test_export_is_closed_to_staff_without_the_permission(operator: Client) -> None:
    call = recent()

    assert operator.get(EXPORT).status_code == 403
    assert operator.post(RECORDS, action("export_selected", call)).status_code == 403


def test_export_asks_strangers_to_sign_in(client: Client, db: None) -> None:
    response = client.get(EXPORT)

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/")


def test_export_of_a_list_that_means_nothing_leads_back_to_the_list(onlooker: Client) -> None:
    response = onlooker.get(EXPORT, {"period": "century"})

    assert (response.status_code, response.headers["Location"]) == (302, RECORDS)


@pytest.mark.django_db(transaction=True)
async def test_export_is_streamed_by_asynchronous_servers_too(
    onlooker: Client, async_client: AsyncClient
) -> None:
    await CallRecord.objects.abulk_create(
        CallRecord(name="call", endpoint="default", outcome="ok", started=NOON)
        for _ in range(1_500)
    )
    async_client.cookies = onlooker.cookies

    response: Any = await async_client.get(EXPORT, {"period": "all"})
    lengths = [part.count(b"\r\n") async for part in response]

    assert response.is_async
    assert lengths == [1, 1_000, 500]
