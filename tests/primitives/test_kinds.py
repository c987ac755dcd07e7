"""Primitives of another kind than tools: grouped, switched, hidden and scoped as tools are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.test import Client

from django_mcp import Endpoint, Icon, Principal, prompt, resource, tool
from django_mcp.catalog import empty_list_reason, find, survey, visible
from django_mcp.exceptions import ToolRegistrationError, UnknownToolError
from django_mcp.kinds import Kind
from django_mcp.models import ToolGroup, ToolSwitch
from django_mcp.policy.groups import sync_groups
from django_mcp.policy.login_scopes import login_scopes, offered_scopes
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.policy.visibility import Denial
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build, get_registry
from django_mcp.resources.resource import Resource
from django_mcp.testing import MCPClient
from django_mcp.tools.tool import Tool
from tests.admin.pages import GROUPS, group_page, rows_of, text_of
from tests.calls import caller, serving_declared
from tests.commands import RunCommand


def read() -> str:
    """Read something."""
    return "read"


def read_own(owner: User) -> str:
    """Read what is the caller's."""
    return str(owner)


@contextmanager
def declaring(function: Callable[..., Any] = read, **options: Any) -> Iterator[None]:
    """Serve one resource, and a tool of the same name in the same group."""
    with collecting() as declared:
        resource(f"note://{function.__name__}", **options)(function)
        tool(name=function.__name__, group=options.get("group", "default"))(read)
        with serving_declared(declared):
            sync_groups()
            yield


def denials(principal: Principal) -> dict[str, Denial | None]:
    """What hides each primitive, by its kind."""
    forget_snapshot()
    return {entry.primitive.kind: entry.denial for entry in survey(principal)}


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann")


def test_each_kind_has_names_of_its_own(ann: User) -> None:
    with declaring():
        assert list(get_registry().primitives) == [("tool", "read"), ("resource", "read")]
        assert visible(Resource, caller(ann)) == [get_registry().get(Kind.RESOURCE, "read")]
        assert visible(Tool, caller(ann)) == [get_registry().get(Kind.TOOL, "read")]


def test_one_kind_cannot_declare_a_name_twice() -> None:
    with collecting() as declared:
        resource("note://read")(read)
        resource("note://own", name="READ")(read_own)
    with pytest.raises(ToolRegistrationError) as caught:
        build(declared)

    (problem,) = caught.value.problems
    assert problem.startswith(f"{__name__}.read_own (")
    assert "has the name 'READ' already, but for upper and lower case" in problem


def test_problems_of_all_kinds_are_reported_at_once() -> None:
    with collecting() as declared:
        resource("note://read", group="two words")(read)
        tool(scopes=["two words"])(read)
        resource("note://user")(User)
    with pytest.raises(ToolRegistrationError) as caught:
        build(declared)

    assert [problem.partition(": ")[2] for problem in caught.value.problems] == [
        "the group 'two words' is not 1 to 64 of A-Z a-z 0-9 _ . -",
        "the scope 'two words' is not a scope token of RFC 6749",
        "a class cannot be a resource: tag a function that makes an instance of it",
    ]


@pytest.mark.parametrize(
    ("icon", "problem"),
    [
        ("icon.png", "icons must be Icon(src=...) objects, not 'icon.png'"),
        (Icon(src="/static/icon.png"), "the icon '/static/icon.png' is no http(s) or data URL"),
        (Icon(src="javascript:alert(1)"), "the icon 'javascript:alert(1)' is no http(s) or data U"),
        (Icon(src="file:///icon.png"), "the icon 'file:///icon.png' is no http(s) or data URL"),
    ],
)
def test_icon_that_clients_must_reject_is_a_problem_of_every_kind(icon: Any, problem: str) -> None:
    good = [Icon(src="HTTPS://shop.example/a.png"), Icon(src="data:image/png;base64,AA==")]
    with collecting() as declared:
        tool(icons=[*good, icon])(read)
        resource("note://read", icons=[*good, icon])(read)
        prompt(icons=[*good, icon])(read)

    with pytest.raises(ToolRegistrationError) as caught:
        build(declared)

    assert len(caught.value.problems) == 3
    assert all(problem in each for each in caught.value.problems)


def test_rows_of_switches_have_the_kind(ann: User) -> None:
    with declaring(group="notes"):
        rows = ToolSwitch.objects.filter(group__name="notes").order_by("kind")

        assert [row.key for row in rows] == [("resource", "read"), ("tool", "read")]
        assert sync_groups() == []


def test_what_the_sync_created_is_told_with_its_kind(ann: User) -> None:
    with declaring(group="notes"):
        ToolGroup.objects.filter(name="notes").delete()

        assert sync_groups() == ["notes", "notes/read", "notes/read (resource)"]


def test_switch_is_for_one_kind(ann: User) -> None:
    with declaring():
        ToolSwitch.objects.filter(kind=Kind.RESOURCE, name="read").update(enabled=False)

        assert denials(caller(ann)) == {"resource": Denial.SWITCHED_OFF, "tool": None}


def test_closed_group_hides_every_kind(ann: User) -> None:
    with declaring(group="notes"):
        ToolGroup.objects.filter(name="notes").update(enabled=False)

        assert set(denials(caller(ann)).values()) == {Denial.GROUP_DISABLED}
        assert "The tool group notes is closed" in empty_list_reason(Kind.RESOURCE, caller(ann))


def test_read_only_group_keeps_what_changes_nothing(ann: User) -> None:
    with declaring(group="notes"):
        ToolGroup.objects.filter(name="notes").update(read_only=True)

        assert denials(caller(ann)) == {"resource": None, "tool": Denial.GROUP_READ_ONLY}


def test_endpoint_that_serves_other_groups_hides_every_kind(ann: User) -> None:
    endpoint = Endpoint(url="http://testserver/mcp", groups=frozenset({"desk"}))
    with declaring():
        found = denials(Principal(endpoint=endpoint, user=ann))

    assert set(found.values()) == {Denial.OTHER_ENDPOINT}


def test_permission_hides_it_until_the_user_holds_it(ann: User) -> None:
    with declaring(permissions=["shop.view_order"]):
        assert denials(caller(ann))["resource"] is Denial.PERMISSION_MISSING
        ann.user_permissions.add(Permission.objects.get(codename="view_order"))
        assert denials(caller(User.objects.get(pk=ann.pk)))["resource"] is None


def test_requirement_hides_it_until_it_is_met(ann: User) -> None:
    def is_staff(user: User) -> bool:
        return user.is_staff

    with declaring(requires=is_staff):
        assert denials(caller(ann))["resource"] is Denial.REQUIREMENT_UNMET
        ann.is_staff = True
        assert denials(caller(ann))["resource"] is None


def test_what_takes_the_caller_is_hidden_from_anonymous_ones(ann: User) -> None:
    with declaring(read_own):
        assert denials(caller(None))["resource"] is Denial.USER_REQUIRED
        assert denials(caller(ann))["resource"] is None


def test_scopes_are_asked_for_and_offered(ann: User) -> None:
    with declaring(scopes=["notes:read"]):
        entry = survey(caller(ann, scopes=()))[1]

        assert entry.missing_scopes == {"notes:read"}
        assert entry.reasons == ("usable once the token holds: notes:read",)
        assert get_registry().scopes == {"notes:read": "default"}
        endpoint = caller(ann).endpoint
        assert offered_scopes([endpoint]) == login_scopes(endpoint) == {"notes:read"}


def test_prompt_without_scopes_leaves_the_first_login_those_of_tools(ann: User) -> None:
    with collecting() as declared:
        tool(name="write", scopes=["notes:write"])(read)
        prompt(name="greet")(read)
        with serving_declared(declared):
            assert login_scopes(caller(ann).endpoint) == {"notes:write"}


def test_first_login_asks_for_the_scopes_of_resources_and_not_for_those_that_write(
    ann: User,
) -> None:
    with collecting() as declared:
        tool(name="write", scopes=["notes:write"])(read)
        resource("note://read", scopes=["notes:read"])(read)
        with serving_declared(declared):
            assert login_scopes(caller(ann).endpoint) == {"notes:read"}


@pytest.mark.parametrize("name", ["read", "absent"])
def test_it_is_found_by_its_class_alone(ann: User, name: str) -> None:
    with collecting() as declared:
        resource("note://read")(read)
    with serving_declared(declared):
        found = async_to_sync(find)(Resource, name, caller(ann))

        assert (found is not None) == (name == "read")
        assert async_to_sync(find)(Tool, name, caller(ann)) is None


@pytest.mark.django_db
def test_clients_are_shown_it_as_no_tool() -> None:
    with collecting() as declared:
        resource("note://read")(read)
    with serving_declared(declared):
        assert MCPClient().list_tools() == []
        with pytest.raises(UnknownToolError):
            MCPClient().call("read")


def test_operators_switch_it_on_the_page_of_its_group(admin_client: Client) -> None:
    with declaring(group="notes"):
        group = ToolGroup.objects.get(name="notes")
        listed = admin_client.get(GROUPS)
        page = admin_client.get(group_page(group))

    assert ["notes", "1 tool and 1 resource"] in [row[1:3] for row in rows_of(listed)]
    tool, resource = rows_of(page)
    assert tool[1].startswith("read changes data Read something. Input schema {")
    assert resource[1].startswith("read resource Read something. URI: note://read")
    assert "Tools, resources and prompts Enabled" in text_of(page)

    forms = page.context["inline_admin_formsets"][0].formset.initial_forms
    assert [form.instance.get_kind_display() for form in forms] == ["tool", "resource"]
    assert b'<mark class="mcp-mark mcp-quiet">resource</mark>' in page.content


@pytest.mark.parametrize(
    ("chosen", "counts", "rows"),
    [
        ({}, "ann sees 1 of 1 tool and 0 of 1 resource", [["read"], ["read resource"]]),
        ({"kind": "tool"}, "ann sees 1 of 1 tool", [["read"]]),
        ({"kind": "resource"}, "ann sees 0 of 1 resource", [["read resource"]]),
        ({"kind": "prompt"}, "ann sees 0 of 0 prompts", []),
    ],
)
def test_operators_read_who_sees_it(
    admin_client: Client, ann: User, chosen: dict[str, str], counts: str, rows: list[list[str]]
) -> None:
    with declaring(group="notes", permissions=["shop.view_order"]):
        page = admin_client.get(f"{GROUPS}visibility/", {"user": "ann", **chosen})

    assert counts in text_of(page)
    assert [row[:1] for row in rows_of(page)] == rows


@pytest.mark.django_db
def test_command_lists_it_with_its_kind(capsys: pytest.CaptureFixture[str]) -> None:
    with declaring(group="notes"):
        call_command("mcp_catalog")

    printed = capsys.readouterr().out
    assert "\n  resource read\n    note://read, scopes: none, permissions: none\n" in printed
    assert printed.endswith("1 tool, 1 resource\n")


@pytest.mark.parametrize("action", [[], ["list"]])
@pytest.mark.parametrize(
    ("kind", "printed"),
    [
        (
            "resource",
            [
                *["notes (enabled)", "  resource read"],
                *["    note://read, scopes: none, permissions: none", "1 resource"],
            ],
        ),
        (
            "prompt",
            [
                "0 prompts",
                (
                    "No prompt is declared: tag a function with @prompt in a services.py or "
                    "mcp_tools.py (DJANGO_MCP_AUTODISCOVER) of an app that INSTALLED_APPS names."
                ),
            ],
        ),
    ],
)
def test_command_lists_one_kind(
    ann: User, run_command: RunCommand, action: list[str], kind: str, printed: list[str]
) -> None:
    with declaring(group="notes"):
        assert run_command("mcp_catalog", *action, "--kind", kind).lines == printed


def test_command_lists_one_kind_as_a_user_sees_it(ann: User, run_command: RunCommand) -> None:
    with declaring(group="notes", permissions=["shop.view_order"]):
        printed = run_command("mcp_catalog", "--kind=resource", "--user=ann").lines

    assert printed == [
        "Visible to ann: 0",
        "Hidden from ann: 1",
        (
            "  resource read (notes): the user lacks a permission that it needs: "
            "shop.view_order (Can view order)"
        ),
    ]
