"""The catalog: every tool as it stands for one caller."""

from django.contrib.auth.models import User

from django_mcp import tool
from django_mcp.catalog import empty_list_reason, survey, visible
from django_mcp.kinds import Kind
from django_mcp.models import ToolGroup
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.policy.visibility import Denial
from django_mcp.primitives.declaration import collecting
from django_mcp.tools.tool import Tool
from tests.calls import caller, offering, serving_declared


def hidden(user: User) -> None:
    """Need a permission."""


def shown() -> None:
    """Need nothing."""


def test_a_survey_has_every_kind_in_the_order_of_names(db: None) -> None:
    entries = survey(caller())

    kinds = [[e.primitive.name for e in entries if e.primitive.kind == kind] for kind in Kind]
    assert [entry.primitive.name for entry in entries] == [*kinds[0], *kinds[1], *kinds[2]]
    assert kinds == [sorted(names) for names in kinds]
    for names, known in zip(kinds, ("my_orders", "expense", "monthly_review"), strict=True):
        assert known in names


def test_a_survey_says_what_hides_a_tool_and_what_scope_it_lacks(db: None) -> None:
    with offering(hidden, shown, scopes=["a", "b"]):
        entries = survey(caller(scopes=["b", "c"]))

    assert [(e.primitive.name, e.denial, e.missing_scopes) for e in entries] == [
        ("hidden", Denial.USER_REQUIRED, frozenset({"a"})),
        ("shown", None, frozenset({"a"})),
    ]


def test_visible_are_those_that_nothing_hides(db: None) -> None:
    with offering(hidden, shown, scopes=["a"]):
        assert [tool.name for tool in visible(Tool, caller(scopes=()))] == ["shown"]
        ToolGroup.objects.update_or_create(name="default", defaults={"enabled": False})
        forget_snapshot()
        assert visible(Tool, caller()) == []


def test_reason_of_an_empty_list_counts_what_hides_the_tools_and_names_no_user(db: None) -> None:
    ann = User.objects.create_user("ann")
    ToolGroup.objects.update_or_create(name="closed", defaults={"enabled": False})
    with collecting() as declared:
        tool(permissions=["shop.view_order"])(hidden)
        tool(permissions=["shop.view_order"], name="too")(hidden)
        tool(group="closed")(shown)
        with serving_declared(declared):
            reason = empty_list_reason(Kind.TOOL, caller(ann))

    assert reason == (
        "Hidden from this caller: the user lacks a permission that it needs (2); python manage.py "
        "mcp_catalog --user NAME lists what a user is shown, and why not the rest. "
        "The tool group closed is closed, so that no client sees what is in it: open it in the "
        'admin under "Tool groups", or run python manage.py mcp_catalog enable closed'
    )


def test_reason_of_an_empty_list_without_tools_says_where_they_are_looked_for(db: None) -> None:
    with offering():
        assert "INSTALLED_APPS" in empty_list_reason(Kind.TOOL, caller())
