import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_mcp.models import ToolGroup, ToolSwitch
from django_mcp.primitives.registry import Registry
from tests.admin.pages import group_page, rows_of, submission, text_of
from tests.calls import offering


@pytest.fixture
def stock(registry: Registry) -> ToolGroup:
    return ToolGroup.objects.get(name="stock")


def test_each_tool_is_shown_with_all_that_decides_about_its_use(
    operator: Client, stock: ToolGroup
) -> None:
    response = operator.get(group_page(stock))

    count_stock, write_off = rows_of(response)
    assert count_stock[1].startswith(
        "count_stock Count read-only Count the pieces of one article. Input schema { "
    )
    assert '"description": "The article\'s number, as on the <label>."' in count_stock[1]
    assert count_stock[2] == "Scopes: stock:read"
    assert write_off[1].startswith(
        "write_off changes data destructive not idempotent closed world "
        "Write an article off, even when <b>some</b> are left. Input schema { "
    )
    assert write_off[2] == "Scopes: stock:write Permissions: shop.change_product"


def test_resource_is_shown_with_its_uri_and_media_type(operator: Client, papers: ToolGroup) -> None:
    response = operator.get(group_page(papers))

    _, index, paper, _, _ = rows_of(response)
    assert index[1:] == ["index resource The index of all papers. URI: paper://index", ""]
    assert paper[1].startswith(
        "paper A paper resource A paper by its number. URI template: paper://{number}{?page} "
        "MIME type: application/pdf Input schema {"
    )
    assert paper[2] == "Scopes: papers:read Permissions: shop.view_order"


def test_prompt_is_shown_with_its_arguments(operator: Client, papers: ToolGroup) -> None:
    response = operator.get(group_page(papers))

    *_, review, summary = rows_of(response)
    assert review[1].startswith(
        "review prompt Review the papers of a month. Arguments: month tone (optional) "
        "Input schema {"
    )
    assert summary[1:] == ["summary prompt Sum all papers up.", ""]


def test_kinds_are_switched_apart(operator: Client, papers: ToolGroup) -> None:
    papers.switches.create(kind="prompt", name="paper")

    page = operator.get(group_page(papers))
    operator.post(group_page(papers), submission(page, **{"switches-2-enabled": None}))

    assert rows_of(page)[3][1] == "paper prompt code is gone"
    off = papers.switches.filter(enabled=False).values_list("kind", "name")
    assert list(off) == [("resource", "paper")]


def test_read_only_group_hides_no_resource_or_prompt(operator: Client, papers: ToolGroup) -> None:
    papers.read_only = True
    papers.save()

    assert "hidden: the group is read-only" not in text_of(operator.get(group_page(papers)))


def test_tool_that_runs_in_the_background_is_marked(operator: Client, stock: ToolGroup) -> None:
    def count_stock() -> None:
        """Count it."""

    with offering(count_stock, group="stock", background=True):
        response = operator.get(group_page(stock))

    assert rows_of(response)[0][1].startswith("count_stock changes data runs in the background ")


def test_marks_stand_apart_without_a_style_sheet_and_names_break_at_their_signs(
    operator: Client, stock: ToolGroup
) -> None:
    page = operator.get(group_page(stock)).content.decode()

    marks = re.findall(r"<mark [^>]*>([^<]*)</mark>(\s)", page)
    assert [text for text, _ in marks] == [
        *["read-only"],
        *["changes data", "destructive", "not idempotent", "closed world"],
    ]
    assert "<code>stock:<wbr>write</code>" in page
    assert "<code>shop.<wbr>change_<wbr>product</code>" in page


def test_read_only_group_marks_the_tools_that_it_hides(operator: Client, stock: ToolGroup) -> None:
    stock.read_only = True
    stock.save()

    response = operator.get(group_page(stock))

    hidden = ["hidden: the group is read-only" in row[1] for row in rows_of(response)]
    assert hidden == [False, True]


def test_switch_whose_tool_is_gone_is_marked_and_can_be_deleted(
    operator: Client, stock: ToolGroup
) -> None:
    stock.switches.create(name="old_tool")

    page = operator.get(group_page(stock))
    operator.post(group_page(stock), submission(page, **{"switches-1-DELETE": "on"}))

    assert rows_of(page)[1][1] == "old_tool code is gone"
    names = stock.switches.values_list("name", flat=True)
    assert list(names) == ["count_stock", "write_off"]


def test_tool_that_moved_to_another_group_is_gone_from_this_one(
    operator: Client, stock: ToolGroup
) -> None:
    stock.switches.create(name="report")

    response = operator.get(group_page(stock))

    assert rows_of(response)[1][1] == "report code is gone"


def test_switch_of_a_tool_in_the_code_cannot_be_deleted(operator: Client, stock: ToolGroup) -> None:
    page = operator.get(group_page(stock))

    operator.post(group_page(stock), submission(page, **{"switches-0-DELETE": "on"}))

    assert b"-DELETE" not in page.content
    assert stock.switches.count() == 2


def test_switches_cannot_be_added_or_renamed(operator: Client, stock: ToolGroup) -> None:
    page = operator.get(group_page(stock))

    operator.post(
        group_page(stock),
        submission(
            page,
            **{
                "switches-TOTAL_FORMS": "3",
                "switches-0-name": "renamed",
                "switches-2-name": "added",
                "switches-2-enabled": "on",
            },
        ),
    )

    names = stock.switches.values_list("name", flat=True)
    assert list(names) == ["count_stock", "write_off"]


def test_tool_that_has_no_switch_yet_is_shown_with_what_to_do(
    operator: Client, stock: ToolGroup
) -> None:
    stock.switches.get(name="count_stock").delete()

    response = operator.get(group_page(stock))

    row = rows_of(response)[1]
    assert row[0] == ""
    assert "count_stock Count read-only no switch yet: run manage.py mcp_catalog sync" in row[1]


def test_onlooker_reads_whether_each_tool_is_enabled(onlooker: Client, stock: ToolGroup) -> None:
    stock.switches.filter(name="write_off").update(enabled=False)

    response = onlooker.get(group_page(stock))

    assert [row[0] for row in rows_of(response)] == ["yes", "no"]


@pytest.mark.implementation
def test_page_of_many_tools_takes_no_more_queries(operator: Client, stock: ToolGroup) -> None:
    with CaptureQueriesContext(connection) as few:
        operator.get(group_page(stock))
    ToolSwitch.objects.bulk_create(
        ToolSwitch(group=stock, name=f"tool-{number}") for number in range(30)
    )
    with CaptureQueriesContext(connection) as many:
        operator.get(group_page(stock))

    assert len(many) == len(few)
