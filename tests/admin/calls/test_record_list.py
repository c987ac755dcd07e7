"""What the list of calls shows, by its filters and its search."""

import datetime
import uuid
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_mcp.admin.changelist import changelist, filters
from django_mcp.models import CallRecord, PromptTemplate, ToolGroup
from django_mcp.primitives.registry import Registry
from tests.admin.pages import RECORDS, links_of, names_of, text_of
from tests.factories import NOON, recent, record

CALL_ID = uuid.UUID("6f1f6f5e-3f0c-4a51-9a1c-2f7a1c1d2e3f")
INDEXES = [index.name for index in CallRecord._meta.indexes]
BUSY = CallRecord.Outcome.BUSY


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three calls are counted, and six compared."""
    monkeypatch.setattr(changelist, "MAX_ROWS", 3)
    monkeypatch.setattr(changelist, "MAX_COMPARED_ROWS", 6)


def moment_of(*, hours: float) -> str:
    return (timezone.now() - datetime.timedelta(hours=hours)).isoformat()


def links(page: Any) -> dict[str, str]:
    """Where the links of a list lead, by their text."""
    return {text: urljoin(RECORDS, link) for text, link in links_of(page)}


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ({}, ["minutes", "hours"]),
        ({"period": "hour"}, ["minutes"]),
        ({"period": "day"}, ["minutes", "hours"]),
        ({"period": "week"}, ["minutes", "hours", "days"]),
        ({"period": "month"}, ["minutes", "hours", "days", "weeks"]),
        ({"period": "all"}, ["minutes", "hours", "days", "weeks", "years"]),
    ],
)
def test_list_shows_the_last_day_unless_a_period_is_chosen(
    onlooker: Client, chosen: dict[str, str], names: list[str]
) -> None:
    recent(name="minutes", hours=0.5)
    recent(name="hours", hours=23)
    recent(name="days", hours=6 * 24)
    recent(name="weeks", hours=29 * 24)
    recent(name="years", hours=1000 * 24)

    assert names_of(onlooker.get(RECORDS, chosen)) == names


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ({"after": "2026-07-28T12:00:01"}, ["late"]),
        ({"before": "2026-07-28T12:00"}, ["noon", "early"]),
        ({"after": "2026-07-28T11:30:00", "before": "2026-07-28T12:30:00"}, ["noon"]),
        ({"after": "2026-07-28T14:00:00+02:00", "before": "2026-07-28T12:00:00Z"}, ["noon"]),
        ({"after": "", "before": ""}, []),
        ({"period": "all", "before": "2026-07-28T11:00"}, ["early"]),
    ],
)
def test_list_is_narrowed_to_the_time_between_two_moments(
    onlooker: Client, chosen: dict[str, str], names: list[str]
) -> None:
    hour = datetime.timedelta(hours=1)
    record(name="early", started=NOON - hour)
    record(name="noon")
    record(name="late", started=NOON + hour)

    assert names_of(onlooker.get(RECORDS, chosen)) == names


def test_form_for_two_moments_keeps_the_other_choices(onlooker: Client) -> None:
    chosen = {"outcome": "failed", "q": "ada", "period": "week", "after": "2026-07-28T12:00:00"}

    page = onlooker.get(RECORDS, chosen).content.decode()
    form = page[page.index("mcp-period") : page.index("mcp-before")]

    assert '<input type="hidden" name="outcome" value="failed">' in form
    assert '<input type="hidden" name="q" value="ada">' in form
    assert 'name="after" id="mcp-after" value="2026-07-28T12:00:00"' in form
    assert 'name="period"' not in form


@pytest.mark.parametrize(
    "chosen",
    [
        {"period": "century"},
        {"after": "yesterday"},
        {"before": "2026-02-30T00:00"},
        {"name": "nul\0"},
        {"p": "99"},
    ],
)
def test_choice_that_means_nothing_leads_back_to_the_list(
    onlooker: Client, chosen: dict[str, str]
) -> None:
    recent()

    response = onlooker.get(RECORDS, chosen, follow=True)

    assert response.redirect_chain == [(f"{RECORDS}?e=1", 302)]
    assert names_of(response) == ["add_expense"]


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ({"outcome": "failed"}, ["both", "broken"]),
        ({"name": "both"}, ["both"]),
        ({"user": "7"}, ["both", "by_ada"]),
        ({"client": "d-1"}, ["by_desktop"]),
        ({"outcome": "failed", "user": "7"}, ["both"]),
        ({"outcome": "failed", "user": "7", "name": "both", "client": ""}, ["both"]),
        ({"outcome": "failed", "q": "7"}, ["both"]),
        ({"outcome": "failed", "q": "nobody"}, []),
        ({"q": " "}, ["both", "by_desktop", "by_ada", "broken"]),
    ],
)
def test_list_is_narrowed_by_filters_and_search_together(
    onlooker: Client, chosen: dict[str, str], names: list[str]
) -> None:
    recent(name="broken", outcome=CallRecord.Outcome.FAILED, hours=4)
    recent(name="by_ada", user="7", hours=3)
    recent(name="by_desktop", client="d-1", hours=2)
    recent(name="both", user="7", outcome=CallRecord.Outcome.FAILED, hours=1)

    assert names_of(onlooker.get(RECORDS, chosen)) == names


@pytest.mark.parametrize(
    ("term", "is_found"),
    [
        ("add_expense", True),
        ("17", True),
        ("ada", True),
        ("desktop-1", True),
        (" Desktop assistant ", True),
        ("Desktop", False),
        ("add_", False),
        ("6f1f6f5e", False),
    ],
)
def test_search_finds_whole_names_and_keys(onlooker: Client, term: str, is_found: bool) -> None:
    recent(
        call_id=CALL_ID,
        user="17",
        username="ada",
        client="desktop-1",
        client_name="Desktop assistant",
    )
    recent(name="other", username="ben")

    assert names_of(onlooker.get(RECORDS, {"q": term})) == ["add_expense"] * is_found


def test_name_of_two_kinds_of_parties_finds_the_calls_of_both(onlooker: Client) -> None:
    recent(name="by_user", username="robot", hours=1)
    recent(name="by_client", client_name="robot", hours=2)
    recent(name="by_user_through_client", username="robot", client_name="robot", hours=3)

    found = onlooker.get(RECORDS, {"q": "robot"})

    assert names_of(found) == ["by_user", "by_client", "by_user_through_client"]


@pytest.mark.parametrize("term", [str(CALL_ID), f" {CALL_ID.hex.upper()} "])
def test_id_of_a_call_finds_it_whenever_it_was(onlooker: Client, term: str) -> None:
    record(call_id=CALL_ID)

    assert names_of(onlooker.get(RECORDS, {"q": term})) == ["add_expense"]
    assert names_of(onlooker.get(RECORDS, {"q": term, "period": "day"})) == []


def test_choices_are_those_that_occur_in_the_period(onlooker: Client, registry: Registry) -> None:
    recent(name="gone", outcome=BUSY, hours=1)
    recent(name="count_stock", outcome=BUSY, hours=2)
    recent(name="count_stock", outcome=CallRecord.Outcome.FAILED, hours=200)
    recent(name="report", outcome=CallRecord.Outcome.FAILED, hours=100)
    choices = {"count_stock", "report", "write_off", "gone", "busy", "failed", "ok"}

    def offered(**chosen: str) -> set[str]:
        return choices & links(onlooker.get(RECORDS, chosen)).keys()

    assert offered() == {"count_stock", "busy"}
    assert offered(period="week") == {"count_stock", "busy", "report", "failed"}
    assert offered(after=moment_of(hours=150), period="all") == offered(period="week")
    assert offered(name="gone", outcome="ok") == {"count_stock", "busy", "gone", "ok"}


def test_kinds_are_told_apart_where_there_are_several(onlooker: Client) -> None:
    recent(name="count_stock", hours=1)
    alone = onlooker.get(RECORDS)
    recent(name="count_stock", kind="prompt")

    several = onlooker.get(RECORDS)
    prompts = onlooker.get(links(several)["prompt"])

    assert not {"tool", "prompt", "resource"} & links(alone).keys()
    assert {"tool", "prompt", "resource"} & links(several).keys() == {"tool", "prompt"}
    assert names_of(several) == ["count_stock prompt", "count_stock"]
    assert names_of(prompts) == ["count_stock prompt"]
    assert names_of(onlooker.get(RECORDS, {"kind": "tool"})) == ["count_stock"]


def test_calls_of_prompts_that_operators_have_written_are_offered(
    onlooker: Client, registry: Registry
) -> None:
    PromptTemplate.objects.create(
        name="written", description="Write.", group=ToolGroup.objects.get(name="stock"), text="Hi"
    )
    recent(name="written", kind="prompt")
    recent(name="count_stock")

    page = onlooker.get(links(onlooker.get(RECORDS))["written"])

    assert names_of(page) == ["written prompt"]


def test_kind_that_is_the_only_one_is_no_filter_even_when_chosen(onlooker: Client) -> None:
    recent(name="count_stock")

    page = onlooker.get(RECORDS, {"kind": "tool", "name": "count_stock"})

    assert names_of(page) == ["count_stock"]
    assert "By kind" not in text_of(page)
    assert "By tool, resource or prompt" in text_of(page)


@pytest.mark.implementation
def test_more_choices_than_can_be_looked_up_are_all_offered(
    onlooker: Client, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "MAX_LOOKED_UP_VALUES", 2)
    recent(name="count_stock")

    assert {"count_stock", "report", "write_off"} <= links(onlooker.get(RECORDS)).keys()


def test_chosen_user_and_client_are_named_as_in_their_newest_call(onlooker: Client) -> None:
    recent(user="7", username="ada", client="d-1", hours=2)
    recent(user="7", username="ada.l", client="d-1", hours=1)

    chosen = links(onlooker.get(RECORDS, {"user": "7", "client": "d-1"}))

    assert "ada.l (7)" in chosen
    assert "d-1" in chosen


@pytest.mark.parametrize(
    "lookup", ["started__gte", "arguments__contains", "name__icontains", "delivered", "scopes"]
)
def test_lookups_that_would_search_the_whole_table_are_refused(
    onlooker: Client, lookup: str
) -> None:
    assert onlooker.get(RECORDS, {lookup: "1"}).status_code == 400


@pytest.mark.implementation
def test_list_says_when_there_is_more_than_it_counts_and_leads_on(
    onlooker: Client, small_pages: None
) -> None:
    for number in range(5):
        recent(name=f"call_{number}", hours=number)

    first = onlooker.get(RECORDS)
    older = links(first)["Look at older calls"]
    second = onlooker.get(older)

    assert names_of(first) == ["call_0", "call_1", "call_2"]
    assert "more than 3 calls" in text_of(first)
    # The last one of a page begins the next, because others may have begun at the same moment.
    assert names_of(second) == ["call_2", "call_3", "call_4"]
    assert "more than" not in text_of(second)
    assert "Look at older calls" not in links(second)
    assert parse_qs(urlsplit(older).query).keys() == {"period", "before"}


@pytest.mark.implementation
def test_list_says_when_it_did_not_look_at_everything_and_leads_on(
    onlooker: Client, small_pages: None
) -> None:
    for number in range(8):
        recent(outcome=BUSY, name="common", hours=number)
    for number in range(8, 16):
        recent(user="7", name="common", hours=number)
    recent(outcome=BUSY, user="7", name="rare", hours=18)

    first = onlooker.get(RECORDS, {"outcome": "busy", "user": "7"})
    pages = [first]
    while older := links(pages[-1]).get("Look at older calls"):
        pages.append(onlooker.get(older))

    assert [names_of(page) for page in pages] == [[], ["rare"]]
    assert "0 calls so far; older ones have not been looked at" in text_of(first)


def test_nothing_in_a_period_leads_to_all_time(onlooker: Client) -> None:
    record(name="long_ago", user="7")

    nothing = onlooker.get(RECORDS, {"user": "7", "after": "2026-08-01T00:00"})
    everything = onlooker.get(links(nothing)["Look at all time"])

    assert "0 calls" in text_of(nothing)
    assert names_of(everything) == ["long_ago"]
    assert "Look at all time" not in links(onlooker.get(RECORDS, {"user": "8", "period": "all"}))


def test_pages_follow_each_other(onlooker: Client) -> None:
    CallRecord.objects.bulk_create(
        CallRecord(name=f"call_{number:03}", endpoint="default", outcome="ok", started=NOON)
        for number in range(120)
    )

    pages = [onlooker.get(RECORDS, {"period": "all", "p": page}) for page in (1, 2, 3)]

    assert [name for page in pages for name in names_of(page)] == [
        f"call_{number:03}" for number in reversed(range(120))
    ]
    assert "120 calls" in text_of(pages[0])


COMBINATIONS: list[dict[str, str]] = [
    {},
    {"period": "all"},
    {"before": "2026-07-28T12:00"},
    {"outcome": "busy", "period": "all"},
    {"kind": "prompt", "period": "all"},
    {"kind": "tool", "outcome": "busy", "period": "all"},
    {"name": "add_expense", "period": "all"},
    {"name": "add_expense", "outcome": "busy", "period": "all"},
    {"user": "7", "client": "d-1", "name": "add_expense", "outcome": "ok", "period": "all"},
    {"q": "ada", "period": "all"},
    {"q": "ada", "name": "add_expense"},
    {"q": str(CALL_ID)},
]


@pytest.mark.implementation
@pytest.mark.parametrize("chosen", COMBINATIONS)
def test_every_query_on_the_table_is_bounded(onlooker: Client, chosen: dict[str, str]) -> None:
    recent(call_id=CALL_ID, user="7", username="ada", client="d-1")

    with CaptureQueriesContext(connection) as queries:
        onlooker.get(RECORDS, {**chosen, "_facets": "True", "all": ""})

    key = connection.ops.quote_name("id")
    on_records = [query["sql"] for query in queries if "django_mcp_callrecord" in query["sql"]]
    assert len(on_records) <= 16
    for sql in on_records:
        assert "LIMIT" in sql or f"{key} IN (" in sql
        assert "DISTINCT" not in sql
        assert " OR " not in sql


@pytest.mark.implementation
@pytest.mark.parametrize("chosen", COMBINATIONS)
def test_every_query_on_the_table_walks_along_an_index(
    onlooker: Client, chosen: dict[str, str]
) -> None:
    recent(call_id=CALL_ID, user="7", username="ada", client="d-1")
    with CaptureQueriesContext(connection) as queries:
        onlooker.get(RECORDS, chosen)
    asked = [query["sql"] for query in queries if "django_mcp_callrecord" in query["sql"]]

    for plan in map(plan_of, asked):
        assert any(name in plan for name in [*INDEXES, "call_id", "pkey", "PRIMARY KEY"]), plan
        # All in the order of their beginning already: nothing is collected to be sorted.
        assert "TEMP B-TREE" not in plan
        assert "Bitmap" not in plan
        assert "Seq Scan" not in plan
        assert " Sort" not in plan.replace("Incremental Sort", "")


def plan_of(sql: str) -> str:
    """How the database would answer if the table were large."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A table of one row is cheapest to read whole.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
            cursor.execute(f"EXPLAIN {sql}")
        elif connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        else:
            pytest.skip("plans of this database are not read here")
        return "\n".join(str(row) for row in cursor.fetchall())
