"""The page on which operators ask what a user sees through an application."""

from collections.abc import Callable

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from django_mcp import tool
from django_mcp.admin.groups.visibility import VisibilityForm
from django_mcp.models import ToolGroup
from django_mcp.policy.snapshot import current_snapshot, forget_snapshot
from django_mcp.primitives.declaration import collecting
from tests.admin.pages import GROUPS, group_page, links_of, rows_of, text_of
from tests.calls import offering
from tests.commands import RunCommand

VISIBILITY = f"{GROUPS}visibility/"


pytestmark = pytest.mark.usefixtures("registry")


def test_page_says_which_tools_a_user_gets_and_why_not_the_others(
    onlooker: Client, ada: User
) -> None:
    ToolGroup.objects.filter(name="reports").update(enabled=False)

    response = onlooker.get(VISIBILITY, {"user": "ada"})

    assert "ada sees 1 of 3 tools" in text_of(response)
    assert rows_of(response) == [
        ["count_stock Count", "stock", "usable", ""],
        ["report", "reports", "hidden", "its group is disabled"],
        [
            "write_off",
            "stock",
            "hidden",
            ("the user lacks a permission that it needs: shop.change_product (Can change product)"),
        ],
    ]


@pytest.mark.parametrize(
    ("asked", "arguments"),
    [
        ({}, []),
        ({"client": "desktop-1"}, ["--client=desktop-1"]),
        ({"client": "other"}, ["--client=other"]),
        ({"scopes": " stock:read  stock:write "}, ["--scopes=stock:read stock:write"]),
    ],
)
def test_answer_is_that_of_the_command(
    onlooker: Client,
    ada: User,
    asked: dict[str, str],
    arguments: list[str],
    run_command: RunCommand,
) -> None:
    clerks = Group.objects.create(name="Clerks")
    ada.groups.add(clerks)
    ada.user_permissions.add(Permission.objects.get(codename="change_product"))
    stock, reports = (ToolGroup.objects.get(name=name) for name in ("stock", "reports"))
    stock.allowed_clients = ["desktop-1"]
    stock.save()
    reports.allowed_groups.add(clerks)

    page = onlooker.get(VISIBILITY, {"user": "ada", **asked})

    forget_snapshot()
    printed = run_command("mcp_catalog", "--user=ada", *arguments)
    said = {
        f"{name.split()[0]} ({group}){': ' if why else ''}{why}": state != "hidden"
        for name, group, state, why in rows_of(page)
    }
    lines = printed.lines
    hidden = next(number for number, line in enumerate(lines) if line.startswith("Hidden"))
    assert said == {
        line.strip().replace(";", ""): number < hidden
        for number, line in enumerate(lines)
        if line.startswith("  ")
    }


def test_tool_that_lacks_a_scope_is_listed_and_says_which(onlooker: Client, ada: User) -> None:
    response = onlooker.get(VISIBILITY, {"user": "ada", "scopes": "stock:write", "group": "stock"})

    assert rows_of(response)[0] == [
        "count_stock Count",
        "stock",
        "lacks scope",
        "usable once the token holds: stock:read",
    ]


def test_tool_whose_requirement_is_not_met_says_which(onlooker: Client, ada: User) -> None:
    def has_plan(user: User) -> bool:
        return user.groups.exists()

    def export() -> None:
        """Export."""

    with offering(export, group="stock", requires=has_plan):
        refused = rows_of(onlooker.get(VISIBILITY, {"user": "ada"}))
        ada.groups.add(Group.objects.create(name="paying"))
        met = rows_of(onlooker.get(VISIBILITY, {"user": "ada"}))

    assert refused == [["export", "stock", "hidden", "its requirement is not met: has_plan"]]
    assert met == [["export", "stock", "usable", ""]]


def test_page_of_a_group_leads_to_its_own_tools(onlooker: Client, ada: User) -> None:
    group = ToolGroup.objects.get(name="stock")

    link = dict(links_of(onlooker.get(group_page(group))))["Visibility of this group"]
    asked = onlooker.get(link)
    answered = onlooker.get(VISIBILITY, {"user": "ada", "group": "stock"})

    assert '<option value="stock" selected>' in asked.content.decode()
    assert rows_of(asked) == []
    assert [row[0] for row in rows_of(answered)] == ["count_stock Count", "write_off"]
    assert dict(links_of(answered))["stock"] == group_page(group)


def test_list_of_groups_leads_to_the_page(onlooker: Client) -> None:
    assert dict(links_of(onlooker.get(GROUPS)))["Visibility"] == VISIBILITY


def test_change_counts_at_once(onlooker: Client, ada: User) -> None:
    current_snapshot()
    ToolGroup.objects.update(enabled=False)

    assert "ada sees 0 of 3 tools" in text_of(onlooker.get(VISIBILITY, {"user": "ada"}))


def test_inactive_user_is_told_of_as_the_endpoint_takes_it(onlooker: Client, ada: User) -> None:
    ada.is_active = False
    ada.save()

    response = onlooker.get(VISIBILITY, {"user": "ada"})

    assert "The user “ada” is not active: the endpoint refuses it." in text_of(response)
    assert rows_of(response) == []


@pytest.fixture
def directory(sign_in: Callable[..., Client]) -> Client:
    """May look at tool groups and at users."""
    client = sign_in("view_toolgroup")
    User.objects.get(username="olga").user_permissions.add(
        Permission.objects.get(codename="view_user")
    )
    return client


def test_those_who_may_see_users_find_them_by_key_and_email_address_and_read_their_labels(
    directory: Client,
) -> None:
    facts = {"first_name": "Grace", "last_name": "Hopper", "email": "grace@example.com"}
    grace = User.objects.create_user("8a3c1f0e5b7d4f6a9c2e1d0b3a4f5e6c", **facts)

    for text in (grace.username, str(grace.pk), "grace@example.com"):
        assert "Grace Hopper sees 2 of 3 tools" in text_of(
            directory.get(VISIBILITY, {"user": text})
        )


def test_others_find_users_by_username_alone(onlooker: Client) -> None:
    facts = {"first_name": "Grace", "last_name": "Hopper", "email": "grace@example.com"}
    grace = User.objects.create_user("4711", **facts)

    assert "4711 sees 2 of 3 tools" in text_of(onlooker.get(VISIBILITY, {"user": "4711"}))
    for text in (str(grace.pk), "grace@example.com", "grace"):
        page = text_of(onlooker.get(VISIBILITY, {"user": text}))
        assert f"There is no user “{text}”." in page
        assert "Grace" not in page


def test_those_who_may_see_users_are_offered_those_with_similar_names(
    directory: Client, ada: User
) -> None:
    ada.first_name, ada.username = "Ada", "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    ada.save()
    carl = User.objects.create_user("carl")

    response = directory.get(VISIBILITY, {"user": "adda", "client": "d 1"})
    other = directory.get(VISIBILITY, {"user": "karl"})

    text = f"Ada, {ada.username} ({ada.pk})"
    assert "There is no user “adda”. Did you mean" in text_of(response)
    assert dict(links_of(response))[text] == f"?user={ada.username}&client=d+1"
    assert dict(links_of(other))[f"carl ({carl.pk})"] == "?user=carl"


def test_choice_among_several_users_leads_to_each_of_them(directory: Client, ada: User) -> None:
    ada.email = "ada@example.com"
    ada.save()
    impostor = User.objects.create_user("ada@example.com")

    response = directory.get(VISIBILITY, {"user": "ada@example.com"})

    assert "More than one user is called “ada@example.com”. Choose one" in text_of(response)
    links = dict(links_of(response))
    for user in (ada, impostor):
        page = directory.get(f"{VISIBILITY}{links[f'{user.username} ({user.pk})']}")
        assert f"{user.username} sees 2 of 3 tools" in text_of(page)


def test_admin_of_users_says_which_of_them_are_told_of(
    directory: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = User.objects.create_user("ben", email="ada@example.com")
    User.objects.filter(pk=ada.pk).update(email="ada@example.com")
    page = admin.site.get_model_admin(User)

    monkeypatch.setattr(page, "get_queryset", lambda request: User.objects.exclude(pk=ben.pk))
    for text in ("ben", str(ben.pk), "bem"):
        said = text_of(directory.get(VISIBILITY, {"user": text}))
        assert f"There is no user “{text}”." in said
        assert f"({ben.pk})" not in said
    found = text_of(directory.get(VISIBILITY, {"user": "ada@example.com"}))

    monkeypatch.setattr(page, "has_view_permission", lambda request, obj=None: obj != ada)
    hidden = text_of(directory.get(VISIBILITY, {"user": "ada"}))

    assert "ada sees 2 of 3 tools" in found
    assert "There is no user “ada”." in hidden


def test_others_are_offered_no_names(onlooker: Client, ada: User) -> None:
    response = onlooker.get(VISIBILITY, {"user": "ad"})

    assert "There is no user “ad”." in text_of(response)
    assert "ada" not in text_of(response)


@pytest.mark.implementation
def test_many_users_take_no_more_queries(superuser: Client, ada: User) -> None:
    def looked_up() -> tuple[int, int]:
        forget_snapshot()
        with CaptureQueriesContext(connection) as captured:
            page = superuser.get(VISIBILITY, {"user": "ad"})
        return len(captured), sum(link.startswith("?user=ad") for _, link in links_of(page))

    few, _ = looked_up()
    User.objects.bulk_create(User(username=f"adam{number:03}") for number in range(200))

    assert looked_up() == (few, 10)


def test_breadcrumbs_lead_back_to_the_tool_groups(onlooker: Client) -> None:
    links = links_of(onlooker.get(VISIBILITY))

    way = [("Home", "/admin/"), ("MCP", "/admin/django_mcp/"), ("Tool groups", GROUPS)]
    assert links[(start := links.index(way[0])) : start + 3] == way


def test_groups_are_called_by_their_titles(onlooker: Client, ada: User) -> None:
    ToolGroup.objects.filter(name="stock").update(title="Stock and prices")

    response = onlooker.get(VISIBILITY, {"user": "ada"})

    assert '<option value="stock">Stock and prices</option>' in response.content.decode()
    assert rows_of(response)[0][1] == "Stock and prices"


def test_every_reason_has_a_line_of_its_own(onlooker: Client, ada: User) -> None:
    ToolGroup.objects.filter(name="stock").update(read_only=True)

    response = onlooker.get(VISIBILITY, {"user": "ada", "scopes": "stock:read"})

    reasons = (
        "its group is read-only and it is not",
        "the user lacks a permission that it needs: shop.change_product (Can change product)",
        "the token lacks a scope that it needs: stock:write",
    )
    assert rows_of(response)[2] == ["write_off", "stock", "hidden", " ".join(reasons)]
    for reason in reasons:
        assert f"<div>{reason}</div>" in response.content.decode()


def test_page_is_closed_to_staff_without_the_permission(
    sign_in: Callable[..., Client], ada: User
) -> None:
    client = sign_in("view_callrecord")

    assert client.get(VISIBILITY).status_code == 403
    assert client.get(VISIBILITY, {"user": "ada"}).status_code == 403


def test_page_asks_strangers_to_sign_in(client: Client, db: None) -> None:
    assert client.get(VISIBILITY).status_code == 302


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"user": ""}, "This field is required."),
        ({"user": "ada", "kind": "note"}, "note is not one of the available choices"),
        ({"user": "ada", "group": "invented"}, "invented is not one of the available choices"),
        (
            {"user": "ada", "scopes": "stock:read stokc:read"},
            (
                "No tool, resource or prompt asks for: stokc:read. "
                "The scopes are: stock:read stock:write."
            ),
        ),
        ({"user": "ada\0"}, "Null characters are not allowed."),
    ],
)
def test_question_that_makes_no_sense_is_told(
    onlooker: Client, ada: User, asked: dict[str, str], said: str
) -> None:
    response = onlooker.get(VISIBILITY, asked)

    assert said in text_of(response)
    assert rows_of(response) == []


def test_what_is_asked_is_text_and_never_markup(onlooker: Client) -> None:
    hostile = "</p><script>alert(1)</script>"

    response = onlooker.get(VISIBILITY, {"user": hostile, "client": hostile, "scopes": hostile})

    assert b"<script>alert" not in response.content
    assert hostile in text_of(response)


def test_missing_address_of_the_endpoint_is_told(
    onlooker: Client, ada: User, settings: Settings
) -> None:
    settings.DJANGO_MCP_URL = ""

    response = onlooker.get(VISIBILITY, {"user": "ada"})

    assert "Set DJANGO_MCP_URL" in text_of(response)


@pytest.mark.implementation
def test_tools_that_cannot_be_served_are_told(
    onlooker: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collecting(), monkeypatch.context() as patch:
        patch.setattr("django_mcp.primitives.registry._registry", None)

        @tool
        def broken(sku) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001
            """Count."""
            return 0

        response = onlooker.get(VISIBILITY, {"user": "ada"})

    assert ".broken (tests/admin/groups/test_visibility.py:" in text_of(response)
    assert rows_of(response) == []


@override_settings(INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"])
def test_nothing_is_suggested_without_applications() -> None:
    assert (
        list(VisibilityForm(None, groups={}, scopes=[]).fields["client"].widget.suggestions) == []
    )


@pytest.mark.oauth
def test_applications_are_suggested_to_those_who_may_search_them(onlooker: Client) -> None:
    apps.get_model("oauth2_provider", "Application").objects.create(
        name="Desktop <b>assistant</b>",
        client_id="desktop-1",
        client_type="public",
        authorization_grant_type="authorization-code",
        redirect_uris="http://127.0.0.1/callback",
    )

    before = onlooker.get(VISIBILITY).content.decode()
    olga = User.objects.get(username="olga")
    olga.user_permissions.add(Permission.objects.get(codename="change_toolgroup"))
    page = onlooker.get(VISIBILITY).content.decode()

    assert "desktop-1" not in before
    assert (
        '<datalist id="id_client_list"><option value="desktop-1">'
        "Desktop &lt;b&gt;assistant&lt;/b&gt;</option></datalist>"
    ) in page
    assert 'list="id_client_list"' in page
