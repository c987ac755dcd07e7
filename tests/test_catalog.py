"""The catalog: every tool as it stands for one caller."""

from django.contrib.auth.models import User

from django_mcp.catalog import survey, visible_tools
from django_mcp.models import ToolGroup
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.policy.visibility import Denial
from tests.calling import caller, offering


def hidden(user: User) -> None:
    """Need a permission."""


def shown() -> None:
    """Need nothing."""


def test_a_survey_has_every_tool_in_the_order_of_names(db: None) -> None:
    entries = survey(caller())

    names = [entry.tool.name for entry in entries]
    assert names == sorted(names)
    assert {"add_product", "delete_product", "my_orders"} <= set(names)


def test_a_survey_says_what_hides_a_tool_and_what_scope_it_lacks(db: None) -> None:
    with offering(hidden, shown, scopes=["a", "b"]):
        entries = survey(caller(scopes=["b", "c"]))

    assert [(e.tool.name, e.denial, e.missing_scopes) for e in entries] == [
        ("hidden", Denial.USER_REQUIRED, frozenset({"a"})),
        ("shown", None, frozenset({"a"})),
    ]


def test_visible_tools_are_those_that_nothing_hides(db: None) -> None:
    with offering(hidden, shown, scopes=["a"]):
        assert [tool.name for tool in visible_tools(caller(scopes=()))] == ["shown"]
        ToolGroup.objects.update_or_create(name="default", defaults={"enabled": False})
        forget_snapshot()
        assert visible_tools(caller()) == []
