from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_mcp import tool
from django_mcp.kinds import Kind
from django_mcp.models import PromptTemplate, ToolGroup
from django_mcp.policy.snapshot import GroupPolicy, read_snapshot
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import Registry
from tests.admin.pages import GROUPS, action, group_page, rows_of, submission, text_of


@pytest.fixture
def stock(registry: Registry) -> ToolGroup:
    return ToolGroup.objects.get(name="stock")


@pytest.fixture
def gone(registry: Registry) -> ToolGroup:
    """A group that the code no longer declares."""
    group = ToolGroup.objects.create(name="invoices", title="Invoices & dunning")
    group.switches.create(name="send_invoice")
    return group


def test_list_shows_how_each_group_stands(
    operator: Client, stock: ToolGroup, gone: ToolGroup
) -> None:
    ToolGroup.objects.filter(name="stock").update(read_only=True)
    stock.switches.filter(name="write_off").update(enabled=False)
    stock.switches.create(name="lost_by_the_code", enabled=False)

    response = operator.get(GROUPS)

    assert [row[1:] for row in rows_of(response)] == [
        ["Invoices & dunning invoices", "0 tools", "code is gone disabled"],
        ["reports", "1 tool", ""],
        ["stock", "2 tools", "read-only 1 switch is off"],
    ]


def test_list_counts_the_prompts_that_operators_have_written(
    operator: Client, papers: ToolGroup
) -> None:
    PromptTemplate.objects.create(name="written", description="Write.", group=papers, text="Hi")

    assert [row[2] for row in rows_of(operator.get(GROUPS))] == [
        "1 tool, 2 resources and 3 prompts"
    ]


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ("code=gone", ["Invoices & dunning invoices"]),
        ("code=present", ["reports", "stock"]),
        ("enabled__exact=0", ["Invoices & dunning invoices"]),
        ("read_only__exact=1", []),
        ("q=report", ["reports"]),
    ],
)
def test_list_is_narrowed_by_its_filters(
    operator: Client, gone: ToolGroup, chosen: str, names: list[str]
) -> None:
    response = operator.get(f"{GROUPS}?{chosen}")

    assert [row[1] for row in rows_of(response)] == names


@pytest.mark.implementation
def test_list_of_many_groups_takes_no_more_queries(operator: Client, registry: Registry) -> None:
    with CaptureQueriesContext(connection) as few:
        operator.get(GROUPS)
    ToolGroup.objects.bulk_create(ToolGroup(name=f"group-{number}") for number in range(30))
    with CaptureQueriesContext(connection) as many:
        operator.get(GROUPS)

    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("name", "is_enabled", "message"),
    [
        ("enable_selected", True, "1 group is now enabled."),
        ("disable_selected", False, "1 group is now disabled."),
    ],
)
def test_list_action_switches_the_selected_groups(
    operator: Client, stock: ToolGroup, name: str, is_enabled: bool, message: str
) -> None:
    ToolGroup.objects.update(enabled=not is_enabled)

    response = operator.post(GROUPS, action(name, stock), follow=True)

    assert message in text_of(response)
    states = dict(ToolGroup.objects.values_list("name", "enabled"))
    assert states == {"stock": is_enabled, "reports": not is_enabled}


def test_list_action_is_in_the_history_of_each_group_that_it_changed(
    operator: Client, stock: ToolGroup
) -> None:
    reports = ToolGroup.objects.get(name="reports")
    ToolGroup.objects.filter(pk=reports.pk).update(enabled=False)

    operator.post(GROUPS, action("disable_selected", stock, reports))

    entries = [(entry.object_id, entry.get_change_message()) for entry in LogEntry.objects.all()]
    assert entries == [(str(stock.pk), "Disabled.")]
    assert "Disabled." in text_of(operator.get(group_page(stock, "history")))


def test_onlooker_is_offered_no_action_and_cannot_start_one(
    onlooker: Client, stock: ToolGroup
) -> None:
    page = onlooker.get(GROUPS)
    onlooker.post(GROUPS, action("disable_selected", stock))

    assert [row[0] for row in rows_of(page)] == ["reports", "stock"]
    assert "Disable selected groups" not in text_of(page)
    stock.refresh_from_db()
    assert stock.enabled


def test_onlooker_reads_a_group_and_cannot_change_it(onlooker: Client, stock: ToolGroup) -> None:
    page = onlooker.get(group_page(stock))
    refused = onlooker.post(group_page(stock), {"title": "Mine"})

    assert "Count the pieces of one article." in text_of(page)
    assert b'name="enabled"' not in page.content
    assert b'name="switches-0-enabled"' not in page.content
    assert refused.status_code == 403


def test_nobody_adds_a_group(superuser: Client, registry: Registry) -> None:
    assert superuser.get(f"{GROUPS}add/").status_code == 403


def test_group_in_the_code_cannot_be_deleted(superuser: Client, stock: ToolGroup) -> None:
    page = superuser.get(group_page(stock))
    refused = superuser.post(group_page(stock, "delete"), {"post": "yes"})

    assert group_page(stock, "delete") not in page.content.decode()
    assert refused.status_code == 403
    assert ToolGroup.objects.filter(pk=stock.pk).exists()


def test_group_whose_code_is_gone_says_so_and_can_be_deleted(
    operator: Client, gone: ToolGroup
) -> None:
    page = operator.get(group_page(gone))
    operator.post(group_page(gone, "delete"), {"post": "yes"})

    assert "Nothing in the code belongs to this group any more." in text_of(page)
    assert not ToolGroup.objects.filter(pk=gone.pk).exists()


def test_delete_action_leaves_groups_that_are_in_the_code(
    operator: Client, stock: ToolGroup, gone: ToolGroup
) -> None:
    question = operator.post(GROUPS, action("delete_selected", stock, gone))
    operator.post(GROUPS, action("delete_selected", stock, gone, post="yes"))

    assert "Invoices & dunning" in text_of(question)
    assert "1 group is still in the code and stays." in text_of(question)
    assert list(ToolGroup.objects.values_list("name", flat=True)) == ["reports", "stock"]


def test_delete_action_on_groups_in_the_code_asks_nothing(
    operator: Client, stock: ToolGroup
) -> None:
    response = operator.post(GROUPS, action("delete_selected", stock), follow=True)

    assert "1 group is still in the code and stays." in text_of(response)
    assert ToolGroup.objects.filter(pk=stock.pk).exists()


def test_page_has_the_tools_first_then_who_may_use_them_then_words_about_them(
    operator: Client, stock: ToolGroup
) -> None:
    text = text_of(operator.get(group_page(stock)))

    parts = ("Enabled", "Read-only", "count_stock", "write_off", "Access", "Description")
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_name_in_the_code_is_shown_beside_a_title(operator: Client, stock: ToolGroup) -> None:
    untitled = text_of(operator.get(group_page(stock)))
    ToolGroup.objects.update(title="The warehouse")
    titled = text_of(operator.get(group_page(stock)))

    assert "Name:" not in untitled
    assert "Name: stock" in titled


def field_of_groups(client: Client, group: ToolGroup) -> str:
    """What the field of the allowed user groups is made of."""
    page = client.get(group_page(group)).content.decode()
    start = page.index('<select name="allowed_groups"')
    return page[start : page.index("</select>", start)]


def test_term_that_no_name_can_contain_finds_no_group(onlooker: Client) -> None:
    assert "0 tool groups" in text_of(onlooker.get(GROUPS, {"q": "n" * 51_000}))


def test_user_groups_are_searched_by_those_who_may_look_at_them(
    superuser: Client, stock: ToolGroup
) -> None:
    Group.objects.create(name="Clerks")
    stock.allowed_groups.add(Group.objects.create(name="Analysts"))

    field = field_of_groups(superuser, stock)

    assert "admin-autocomplete" in field
    assert "Analysts" in field
    assert "Clerks" not in field


def test_user_groups_are_all_shown_to_those_who_may_not_search_them(
    operator: Client, stock: ToolGroup
) -> None:
    Group.objects.create(name="Clerks")

    assert "admin-autocomplete" not in field_of_groups(operator, stock)
    assert "Clerks" in field_of_groups(operator, stock)


@pytest.mark.parametrize("has_admin", [True, False])
def test_user_groups_are_all_shown_where_the_admin_has_no_search_for_them(
    superuser: Client, stock: ToolGroup, monkeypatch: pytest.MonkeyPatch, has_admin: bool
) -> None:
    Group.objects.create(name="Clerks")
    if has_admin:
        monkeypatch.setattr(GroupAdmin, "search_fields", ())
    else:
        registry: dict[Any, Any] = admin.site._registry
        monkeypatch.delitem(registry, Group)

    assert "admin-autocomplete" not in field_of_groups(superuser, stock)
    assert "Clerks" in field_of_groups(superuser, stock)


def test_what_an_operator_decides_is_what_the_policy_reads(
    operator: Client, stock: ToolGroup
) -> None:
    clerks = Group.objects.create(name="Clerks")
    page = operator.get(group_page(stock))

    saved = operator.post(
        group_page(stock),
        submission(
            page,
            title="Stock",
            enabled=None,
            read_only="on",
            allowed_groups=[clerks.pk],
            **{"switches-1-enabled": None},
        ),
    )

    assert saved.status_code == 302
    assert read_snapshot().groups["stock"] == GroupPolicy(
        enabled=False,
        read_only=True,
        allowed_groups=frozenset({clerks.pk}),
        switched_off=frozenset({(Kind.TOOL, "write_off")}),
    )


@pytest.mark.implementation
def test_pages_work_and_say_why_when_tools_cannot_be_served(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ToolGroup.objects.all().delete()
    group = ToolGroup.objects.create(name="stock")
    group.switches.create(name="count_stock")
    with collecting(), monkeypatch.context() as patch:
        # Another test may have built the process's registry already.
        patch.setattr("django_mcp.primitives.registry._registry", None)

        @tool(group="stock")
        def count_stock(sku) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001
            """Count."""
            return 0

        listing = operator.get(GROUPS)
        page = operator.get(group_page(group))
        saved = operator.post(group_page(group), submission(page, enabled="on"))

    assert [row[1:] for row in rows_of(listing)] == [["stock", "1 tool", "disabled"]]
    for response in (listing, page):
        assert "Some tools, resources or prompts cannot be served" in text_of(response)
        assert ".count_stock (tests/admin/groups/test_tool_groups.py:" in text_of(response)
    assert [row[1] for row in rows_of(page)] == ["count_stock"]
    assert saved.status_code == 302
    group.refresh_from_db()
    assert group.enabled


LIMITS = {
    "read_rate": "100/m",
    "write_rate": "5/30s",
    "rows_per_hour": "1000",
    "rows_per_day": "5000",
    "bytes_per_hour": "1048576",
    "bytes_per_day": "9000000000",
}


def test_limits_are_what_the_policy_reads_and_are_in_the_history(
    operator: Client, stock: ToolGroup
) -> None:
    page = operator.get(group_page(stock))

    saved = operator.post(group_page(stock), submission(page, **LIMITS))

    assert saved.status_code == 302
    policy = read_snapshot().groups["stock"]
    assert (policy.read_rate, policy.write_rate) == ("100/m", "5/30s")
    assert policy.budget == {
        "rows_per_hour": 1000,
        "rows_per_day": 5000,
        "bytes_per_hour": 1048576,
        "bytes_per_day": 9000000000,
    }
    changed = LogEntry.objects.get().get_change_message()
    assert changed == (
        "Changed Rate of reads, Rate of writes, Rows per hour, Rows per day, Bytes per hour and "
        "Bytes per day."
    )
    assert [row[3] for row in rows_of(operator.get(GROUPS))] == ["", "limited"]


def test_limits_are_taken_off_by_emptying_them(operator: Client, stock: ToolGroup) -> None:
    ToolGroup.objects.update(read_rate="1/h", rows_per_hour=0)
    page = operator.get(group_page(stock))

    operator.post(group_page(stock), submission(page, read_rate="", rows_per_hour=""))

    policy = read_snapshot().groups["stock"]
    assert (policy.read_rate, policy.budget) == ("", {})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"read_rate": "often"}, "Write a number of calls and a time, such as 100/m or 5/30s"),
        ({"rows_per_day": "-1"}, "Ensure this value is greater than or equal to 0."),
        ({"rows_per_hour": "10", "rows_per_day": "9"}, "More than in a whole day."),
        ({"bytes_per_hour": "10", "bytes_per_day": "9"}, "More than in a whole day."),
    ],
)
def test_limit_that_means_nothing_is_not_saved(
    operator: Client, stock: ToolGroup, wrong: dict[str, str], message: str
) -> None:
    page = operator.get(group_page(stock))

    refused = operator.post(group_page(stock), submission(page, **wrong))

    assert message in text_of(refused)
    assert read_snapshot().groups["stock"].budget == {}


def test_onlooker_reads_the_limits(onlooker: Client, stock: ToolGroup) -> None:
    ToolGroup.objects.filter(pk=stock.pk).update(read_rate="70/m", rows_per_day=5000)

    page = onlooker.get(group_page(stock))

    # Before or after the text of help: that depends on the version of Django.
    text = text_of(page)
    assert "70/m" in text.partition("Rate of reads:")[2].partition("Rate of writes:")[0]
    assert "5000" in text.partition("Rows per day:")[2].partition("Bytes per hour:")[0]
    assert "A change counts within two seconds." in text
    assert b'name="read_rate"' not in page.content
