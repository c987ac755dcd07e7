"""Who sees a tool, and which reason operators are given when somebody does not."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext, isolate_apps
from pytest_django import Settings

from django_mcp import Endpoint, Principal
from django_mcp.catalog import survey, visible
from django_mcp.exceptions import UnknownToolError
from django_mcp.models import CallRecord, ToolGroup
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.policy.visibility import Denial
from django_mcp.testing import MCPClient
from django_mcp.tools.tool import Tool
from tests.calls import caller


def denial_of(name: str, principal: Principal) -> Denial | None:
    forget_snapshot()
    return next(entry.denial for entry in survey(principal) if entry.primitive.name == name)


def test_an_open_group_shows_its_tools(ann: User, shop_group: ToolGroup) -> None:
    assert denial_of("list_products", caller(ann)) is None


def test_a_disabled_group_hides_its_tools(ann: User, shop_group: ToolGroup) -> None:
    ToolGroup.objects.filter(name="shop").update(enabled=False)

    assert denial_of("list_products", caller(ann)) is Denial.GROUP_DISABLED


def test_a_switched_off_tool_is_hidden_alone(ann: User, shop_group: ToolGroup) -> None:
    shop_group.switches.filter(name="list_products").update(enabled=False)

    assert denial_of("list_products", caller(ann)) is Denial.SWITCHED_OFF
    assert denial_of("get_product", caller(ann)) is None


def test_a_read_only_group_keeps_the_tools_that_are_declared_so(
    ann: User, shop_group: ToolGroup
) -> None:
    ToolGroup.objects.filter(name="shop").update(read_only=True)

    assert denial_of("list_products", caller(ann)) is None
    assert denial_of("add_product", caller(ann)) is Denial.GROUP_READ_ONLY


def test_an_endpoint_that_serves_some_groups_hides_the_others(ann: User) -> None:
    endpoint = Endpoint(url="http://testserver/mcp", groups=frozenset({"desk"}))
    principal = Principal(endpoint=endpoint, user=ann)

    assert denial_of("list_products", principal) is Denial.OTHER_ENDPOINT
    assert {tool.group for tool in visible(Tool, principal)} == {"desk"}


@pytest.mark.parametrize(
    ("client_id", "expected"),
    [("till", None), ("Till", Denial.CLIENT_NOT_ALLOWED), ("", Denial.CLIENT_NOT_ALLOWED)],
)
def test_a_group_may_be_limited_to_applications(
    ann: User, shop_group: ToolGroup, client_id: str, expected: Denial | None
) -> None:
    ToolGroup.objects.filter(name="shop").update(allowed_clients=["till", "kiosk"])

    assert denial_of("list_products", caller(ann, client_id=client_id)) is expected


def test_a_group_may_be_limited_to_user_groups(ann: User, shop_group: ToolGroup) -> None:
    clerks, owners = Group.objects.create(name="clerks"), Group.objects.create(name="owners")
    shop_group.allowed_groups.set([clerks, owners])

    assert denial_of("list_products", caller(ann)) is Denial.USER_NOT_ALLOWED
    ann.groups.add(owners)
    assert denial_of("list_products", caller(ann)) is None


def test_a_superuser_is_in_no_user_group_by_birth(shop_group: ToolGroup) -> None:
    shop_group.allowed_groups.add(Group.objects.create(name="clerks"))

    assert (
        denial_of("list_products", caller(User.objects.create_superuser("root")))
        is Denial.USER_NOT_ALLOWED
    )


def test_user_groups_and_applications_must_both_be_met(ann: User, shop_group: ToolGroup) -> None:
    clerks = Group.objects.create(name="clerks")
    shop_group.allowed_groups.add(clerks)
    ToolGroup.objects.filter(name="shop").update(allowed_clients=["till"])
    ann.groups.add(clerks)

    assert denial_of("list_products", caller(ann)) is Denial.CLIENT_NOT_ALLOWED
    assert denial_of("list_products", caller(ann, client_id="till")) is None


def test_a_tool_hides_from_users_without_its_permissions(ann: User) -> None:
    assert denial_of("delete_product", caller(ann)) is Denial.PERMISSION_MISSING

    ann.user_permissions.add(Permission.objects.get(codename="delete_product"))

    assert denial_of("delete_product", caller(User.objects.get(pk=ann.pk))) is None


def test_permissions_of_a_user_group_count(ann: User) -> None:
    clerks = Group.objects.create(name="clerks")
    clerks.permissions.add(Permission.objects.get(codename="delete_product"))
    ann.groups.add(clerks)

    assert denial_of("delete_product", caller(ann)) is None


def test_a_superuser_holds_every_permission(db: None) -> None:
    assert denial_of("delete_product", caller(User.objects.create_superuser("root"))) is None


def test_a_superuser_who_is_not_active_holds_none(db: None) -> None:
    root = User.objects.create_superuser("root", is_active=False)

    assert denial_of("delete_product", caller(root)) is Denial.PERMISSION_MISSING


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("opening_hours", None),
        ("greet", None),
        ("list_products", None),
        ("my_orders", Denial.USER_REQUIRED),
        ("delete_product", Denial.PERMISSION_MISSING),
    ],
)
def test_anonymous_callers_see_what_needs_no_user(
    db: None, name: str, expected: Denial | None
) -> None:
    assert denial_of(name, caller(None)) is expected


def test_anonymous_callers_are_in_no_user_group(shop_group: ToolGroup) -> None:
    shop_group.allowed_groups.add(Group.objects.create(name="clerks"))

    assert denial_of("list_products", caller(None)) is Denial.USER_NOT_ALLOWED


def test_operators_are_told_the_first_reason(shop_group: ToolGroup) -> None:
    """The order is: what operators decided, who calls from where, what the user lacks."""
    endpoint = Endpoint(url="http://testserver/mcp", groups=frozenset({"desk"}))
    shop_group.allowed_groups.add(Group.objects.create(name="clerks"))
    shop_group.switches.filter(name="delete_product").update(enabled=False)
    row = ToolGroup.objects.filter(name="shop")
    row.update(enabled=False, read_only=True, allowed_clients=["till"])
    elsewhere, here = Principal(endpoint=endpoint), caller(None)
    found = [denial_of("delete_product", elsewhere)]

    row.update(enabled=True)
    found.append(denial_of("delete_product", elsewhere))
    found.append(denial_of("delete_product", here))
    shop_group.switches.update(enabled=True)
    found.append(denial_of("delete_product", here))
    row.update(read_only=False)
    found.append(denial_of("delete_product", here))
    row.update(allowed_clients=[])
    found.append(denial_of("delete_product", here))
    shop_group.allowed_groups.clear()
    found.append(denial_of("delete_product", here))

    assert found == [
        Denial.GROUP_DISABLED,
        Denial.OTHER_ENDPOINT,
        Denial.SWITCHED_OFF,
        Denial.GROUP_READ_ONLY,
        Denial.CLIENT_NOT_ALLOWED,
        Denial.USER_NOT_ALLOWED,
        Denial.PERMISSION_MISSING,
    ]


@pytest.mark.parametrize(("is_open", "expected"), [(True, None), (False, Denial.GROUP_DISABLED)])
def test_a_group_without_a_row_is_as_new_groups_are(
    ann: User, settings: Settings, is_open: bool, expected: Denial | None
) -> None:
    settings.DJANGO_MCP_ENABLE_NEW_GROUPS = is_open
    ToolGroup.objects.filter(name="shop").delete()

    assert denial_of("list_products", caller(ann)) is expected


def test_a_tool_that_lacks_only_a_scope_is_listed_and_its_scopes_are_told(ann: User) -> None:
    entries = {entry.primitive.name: entry for entry in survey(caller(ann, scopes=["shop:read"]))}

    assert entries["place_order"].denial is None
    assert entries["place_order"].missing_scopes == {"shop:write"}
    assert entries["my_orders"].missing_scopes == frozenset()


@pytest.mark.implementation
def test_a_list_asks_for_the_users_rights_once(ann: User, shop_group: ToolGroup) -> None:
    clerks = Group.objects.create(name="clerks")
    ann.groups.add(clerks)
    for group in ToolGroup.objects.all():
        group.allowed_groups.add(clerks)
    principal = caller(User.objects.get(pk=ann.pk))
    survey(caller(None))  # the snapshot is fresh now

    with CaptureQueriesContext(
        connection,
    ) as queries:
        survey(principal)

    # The user's groups, the permissions of the user and of the groups, and the names of those that
    # are missing.
    assert len(queries) == 4


class TestHidingFromCallers:
    """A hidden tool is listed nowhere and answers like one that does not exist."""

    @pytest.fixture(
        params=["group", "tool", "read-only", "client", "user group", "permission", "endpoint"]
    )
    def hide(self, request: pytest.FixtureRequest, shop_group: ToolGroup) -> Callable[[], str]:
        name = "delete_product" if request.param == "permission" else "add_product"
        row = ToolGroup.objects.filter(name="shop")

        def hide() -> str:
            match request.param:
                case "group":
                    row.update(enabled=False)
                case "tool":
                    shop_group.switches.filter(name=name).update(enabled=False)
                case "read-only":
                    row.update(read_only=True)
                case "client":
                    row.update(allowed_clients=["till"])
                case "user group":
                    shop_group.allowed_groups.add(Group.objects.create(name="clerks"))
                case "endpoint":
                    row.delete()
            return name

        return hide

    def test_hidden_tools_answer_like_missing_ones(
        self, hide: Callable[[], str], ann: User, settings: Settings
    ) -> None:
        settings.DJANGO_MCP_ENABLE_NEW_GROUPS = False
        client = MCPClient(ann)
        name = hide()
        answers: list[tuple[Any, ...]] = []

        for each in (name, "nothing_like_it"):
            with pytest.raises(UnknownToolError) as refusal:
                client.call(each, anything="at all")
            record = CallRecord.objects.latest()
            answers.append(
                (
                    type(refusal.value),
                    str(refusal.value).replace(each, "NAME"),
                    record.outcome,
                    record.error_class,
                )
            )

        assert name not in {tool.name for tool in client.list_tools()}
        assert answers[0] == answers[1]


class TestUnusualUsers:
    """The project's user model need not have Django's permissions or groups."""

    @isolate_apps("tests.shop")
    def test_a_user_without_permissions_and_groups_holds_none(self, shop_group: ToolGroup) -> None:
        class Visitor(AbstractBaseUser):
            class Meta:
                app_label = "shop"

        principal = caller(Visitor(pk=1))

        assert denial_of("list_products", principal) is None
        assert denial_of("delete_product", principal) is Denial.PERMISSION_MISSING
        shop_group.allowed_groups.add(Group.objects.create(name="clerks"))
        assert denial_of("list_products", principal) is Denial.USER_NOT_ALLOWED

    @isolate_apps("tests.shop")
    def test_groups_of_another_kind_are_not_taken_for_djangos(self, shop_group: ToolGroup) -> None:
        clerks = Group.objects.create(name="clerks")
        shop_group.allowed_groups.add(clerks)

        class Visitor(AbstractBaseUser):
            groups = Permission.objects.filter(pk=clerks.pk) | Permission.objects.all()

            class Meta:
                app_label = "shop"

        class Guest(AbstractBaseUser):
            groups = ["clerks"]

            class Meta:
                app_label = "shop"

        assert denial_of("list_products", caller(Visitor(pk=1))) is Denial.USER_NOT_ALLOWED
        assert denial_of("list_products", caller(Guest(pk=1))) is Denial.USER_NOT_ALLOWED
