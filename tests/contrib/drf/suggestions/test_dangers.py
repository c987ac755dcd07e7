"""Dangers that suggestions mark, each at the actions that have it and at no other."""

import pytest

from tests.commands import RunCommand
from tests.contrib.drf.suggestions.pasting import printed_actions, reasons_of

VIEWS = "tests.contrib.drf.suggestions.views"

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.contrib.drf.suggestions.urls")]

OPEN = "no permission class"
DELETES = "deletes"
SETS = "mass assignment"
ROWS = "other users' rows"
WHOLE = "unbounded list"
SHOWS = "credentials"


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (
            "OpenViewSet",
            {
                "list": [OPEN],
                "retrieve": [OPEN],
                "#create": [OPEN],
                "#update": [OPEN],
                "#partial_update": [OPEN],
                "#destroy": [OPEN, DELETES],
            },
        ),
        ("BareView", {"get": [OPEN], "#post": [OPEN]}),
        ("ReadableView", {"get": [OPEN], "post": []}),
        ("EitherView", {"#post": [OPEN]}),
        ("BothView", {"post": []}),
        ("MoodyView", {"#post": ["permissions"]}),
        ("ObjectsOnlyViewSet", {"list": [OPEN], "retrieve": [], "#create": [OPEN]}),
    ],
)
def test_marks_what_no_permission_class_guards(
    view: str, expected: dict[str, list[str]], run_command: RunCommand
) -> None:
    assert printed_actions(run_command("mcp_suggest", f"{VIEWS}.{view}").stdout) == expected


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("EveryFieldView", {"#post": [SETS]}),
        ("ExcludingView", {"#post": [SETS]}),
        ("BuyerView", {"#post": [SETS]}),
        ("AccountView", {"#post": [SETS, SHOWS]}),
        ("NestingView", {"#post": [SETS]}),
        ("HiddenBuyerView", {"post": []}),
        ("PasswordView", {"#get": [SHOWS]}),
        ("DeepView", {"#get": [SHOWS, "nested rows"]}),
    ],
)
def test_marks_fields_that_callers_should_not_set_or_see(
    view: str, expected: dict[str, list[str]], run_command: RunCommand
) -> None:
    assert printed_actions(run_command("mcp_suggest", f"{VIEWS}.{view}").stdout) == expected


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (
            "EveryFieldView",
            "EveryFieldSerializer has fields = '__all__': what the model gets later",
        ),
        ("ExcludingView", "ExcludingSerializer has exclude: what the model gets later"),
        ("BuyerView", "it sets 'buyer', which may say whose the row is"),
        ("AccountView", "it sets 'is_staff', 'is_active', 'password', which may be rights"),
        ("NestingView", "it sets 'lines.owner', which may say whose the row is"),
        ("DeepView", "it shows 'buyer.password'"),
        ("WholeListView", "there is no pagination: all rows come in one result"),
        ("SizelessView", "SizelessPages has no size of its own"),
        ("AnySizeView", "AnySize has no limit: who calls it may ask for any size"),
        ("SharedOrderViewSet", "may read the rows of all users ('buyer' says whose they are)"),
        (
            "ManagedView",
            "unless between() of its manager does, what chooses the rows does not look",
        ),
        ("EitherView", "IsAdminUser | AllowAny lets everybody in"),
    ],
)
def test_says_why_it_is_dangerous(view: str, reason: str, run_command: RunCommand) -> None:
    assert reason in reasons_of(run_command("mcp_suggest", f"{VIEWS}.{view}").stdout)


@pytest.mark.parametrize("view", ["WholeListView", "SizelessView", "AnySizeView"])
def test_marks_lists_without_a_bound(view: str, run_command: RunCommand) -> None:
    printed = run_command("mcp_suggest", f"{VIEWS}.{view}").stdout

    assert printed_actions(printed) == {"get": [WHOLE]}


SAFE = {
    "list": [],
    "retrieve": [],
    "create": [],
    "update": [],
    "partial_update": [],
    "#destroy": [DELETES],
}


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (
            "SharedOrderViewSet",
            {
                "list": [ROWS],
                "retrieve": [ROWS],
                "create": [],
                "#update": [ROWS],
                "#partial_update": [ROWS],
                "#destroy": [DELETES, ROWS],
            },
        ),
        ("SharedProductViewSet", {"list": [], "retrieve": []}),
        ("StaffOrdersView", SAFE),
        ("FilteredOrdersView", SAFE),
        ("JudgedOrdersView", {**SAFE, "list": [ROWS]}),
        # Without a change of its own, this class asks for no permission to read.
        ("ModelPermissionsView", {**SAFE, "list": [ROWS], "retrieve": [ROWS]}),
        ("ManagedView", {"get": [ROWS], "put": [ROWS], "patch": [ROWS]}),
    ],
)
def test_marks_rows_that_are_the_same_for_every_caller(
    view: str, expected: dict[str, list[str]], run_command: RunCommand
) -> None:
    assert printed_actions(run_command("mcp_suggest", f"{VIEWS}.{view}").stdout) == expected


def test_marks_what_the_code_of_an_action_says(run_command: RunCommand) -> None:
    printed = run_command("mcp_suggest", f"{VIEWS}.ChoresViewSet").stdout

    assert printed_actions(printed) == {
        "recent": [WHOLE],
        "note:get": [],
        "note:post": [],
        "#visit": ["writes by GET"],
        "#purge_old": [DELETES],
        "#cancel": [DELETES],
    }


def test_withholds_what_cannot_be_examined(run_command: RunCommand) -> None:
    printed = run_command("mcp_suggest", f"{VIEWS}.BrokenView").stdout

    assert printed_actions(printed) == {"#get": ["unknown"]}
    assert "cannot be examined without a request (KeyError)" in reasons_of(printed)
