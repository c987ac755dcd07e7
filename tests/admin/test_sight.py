"""The page on which operators ask what a user sees through an application."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from django_mcp import tool
from django_mcp.admin.sight import SightForm
from django_mcp.models import ToolGroup
from django_mcp.policy.snapshot import current_snapshot, forget_snapshot
from django_mcp.tools.declaration import collecting
from tests.admin.pages import GROUPS, group_page, links_of, rows_of, text_of
from tests.calling import offering

SIGHT = f"{GROUPS}who-sees-what/"


pytestmark = pytest.mark.usefixtures("registry")


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("ada")


def test_page_says_which_tools_a_user_gets_and_why_not_the_others(
    onlooker: Client, ada: User
) -> None:
    ToolGroup.objects.filter(name="reports").update(enabled=False)

    response = onlooker.get(SIGHT, {"user": "ada"})

    assert "ada sees 1 of 3 tools" in text_of(response)
    assert rows_of(response) == [
        ["count_stock Count", "stock", "callable", ""],
        ["report", "reports", "hidden", "its group is disabled"],
        [
            "write_off",
            "stock",
            "hidden",
            "the user lacks a permission that it needs: shop.change_product",
        ],
    ]


@pytest.mark.parametrize(
    ("asked", "arguments"),
    [
        ({}, []),
        ({"client": "desktop-1"}, ["--client=desktop-1"]),
        ({"client": "other"}, ["--client=other"]),
        ({"scopes": " stock:read  other "}, ["--scopes=stock:read other"]),
    ],
)
def test_answer_is_that_of_the_command(
    onlooker: Client, ada: User, asked: dict[str, str], arguments: list[str]
) -> None:
    clerks = Group.objects.create(name="Clerks")
    ada.groups.add(clerks)
    ada.user_permissions.add(Permission.objects.get(codename="change_product"))
    stock, reports = (ToolGroup.objects.get(name=name) for name in ("stock", "reports"))
    stock.allowed_clients = ["desktop-1"]
    stock.save()
    reports.allowed_groups.add(clerks)

    page = onlooker.get(SIGHT, {"user": "ada", **asked})

    out = StringIO()
    forget_snapshot()
    call_command("mcp_tools", "--user=ada", *arguments, stdout=out)
    said = {
        f"{name.split()[0]} ({group}){': ' if why else ''}{why}": state != "hidden"
        for name, group, state, why in rows_of(page)
    }
    lines = out.getvalue().splitlines()
    hidden = next(number for number, line in enumerate(lines) if line.startswith("Hidden"))
    assert said == {
        line.strip(): number < hidden for number, line in enumerate(lines) if line.startswith("  ")
    }


def test_tool_that_lacks_a_scope_is_listed_and_says_which(onlooker: Client, ada: User) -> None:
    response = onlooker.get(SIGHT, {"user": "ada", "scopes": "other", "group": "stock"})

    assert rows_of(response)[0] == [
        "count_stock Count",
        "stock",
        "listed",
        "callable once the token holds stock:read",
    ]


def test_tool_whose_requirement_is_not_met_says_which(onlooker: Client, ada: User) -> None:
    def has_plan(user: User) -> bool:
        return user.groups.exists()

    def export() -> None:
        """Export."""

    with offering(export, group="stock", requires=has_plan):
        refused = rows_of(onlooker.get(SIGHT, {"user": "ada"}))
        ada.groups.add(Group.objects.create(name="paying"))
        met = rows_of(onlooker.get(SIGHT, {"user": "ada"}))

    assert refused == [["export", "stock", "hidden", "its requirement is not met: has_plan"]]
    assert met == [["export", "stock", "callable", ""]]


def test_page_of_a_group_leads_to_its_own_tools(onlooker: Client, ada: User) -> None:
    group = ToolGroup.objects.get(name="stock")

    link = dict(links_of(onlooker.get(group_page(group))))["Who sees these tools"]
    asked = onlooker.get(link)
    answered = onlooker.get(SIGHT, {"user": "ada", "group": "stock"})

    assert '<option value="stock" selected>' in asked.content.decode()
    assert rows_of(asked) == []
    assert [row[0] for row in rows_of(answered)] == ["count_stock Count", "write_off"]
    assert dict(links_of(answered))["stock"] == group_page(group)


def test_list_of_groups_leads_to_the_page(onlooker: Client) -> None:
    assert dict(links_of(onlooker.get(GROUPS)))["Who sees what"] == SIGHT


def test_change_counts_at_once(onlooker: Client, ada: User) -> None:
    current_snapshot()
    ToolGroup.objects.update(enabled=False)

    assert "ada sees 0 of 3 tools" in text_of(onlooker.get(SIGHT, {"user": "ada"}))


def test_inactive_user_is_told_of_as_the_endpoint_takes_it(onlooker: Client, ada: User) -> None:
    ada.is_active = False
    ada.save()

    response = onlooker.get(SIGHT, {"user": "ada"})

    assert "The user “ada” is not active: the endpoint refuses it." in text_of(response)
    assert rows_of(response) == []


def test_those_who_may_see_users_are_offered_names_that_begin_like_the_one_they_typed(
    onlooker: Client, ada: User
) -> None:
    User.objects.get(username="olga").user_permissions.add(
        Permission.objects.get(codename="view_user")
    )
    User.objects.create_user("ada.left", is_active=False)
    User.objects.bulk_create(User(username=f"adam{number:03}") for number in range(30))

    response = onlooker.get(SIGHT, {"user": "ad", "client": "d 1"})

    offered = {text: link for text, link in links_of(response) if text.startswith("ad")}
    assert "There is no user “ad”." in text_of(response)
    assert list(offered) == ["ada", *(f"adam{number:03}" for number in range(19))]
    assert offered["ada"] == "?user=ada&client=d+1"


def test_others_are_offered_no_names(onlooker: Client, ada: User) -> None:
    response = onlooker.get(SIGHT, {"user": "ad"})

    assert "There is no user “ad”." in text_of(response)
    assert "ada" not in text_of(response)


def test_many_users_take_no_more_queries(superuser: Client, ada: User) -> None:
    with CaptureQueriesContext(connection) as few:
        superuser.get(SIGHT, {"user": "ad"})
    User.objects.bulk_create(User(username=f"user{number:03}") for number in range(100))
    with CaptureQueriesContext(connection) as many:
        superuser.get(SIGHT, {"user": "ad"})

    on_users = [query["sql"] for query in many if "LIKE" in query["sql"]]
    assert len(many) == len(few)
    assert len(on_users) == 1
    assert "LIMIT 20" in on_users[0]


def test_page_is_closed_to_staff_without_the_permission(
    sign_in: Callable[..., Client], ada: User
) -> None:
    client = sign_in("view_callrecord")

    assert client.get(SIGHT).status_code == 403
    assert client.get(SIGHT, {"user": "ada"}).status_code == 403


def test_page_asks_strangers_to_sign_in(client: Client, db: None) -> None:
    assert client.get(SIGHT).status_code == 302


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"user": ""}, "This field is required."),
        ({"user": "ada", "group": "invented"}, "invented is not one of the available choices"),
        ({"user": "ada\0"}, "Null characters are not allowed."),
    ],
)
def test_question_that_makes_no_sense_is_told(
    onlooker: Client, ada: User, asked: dict[str, str], said: str
) -> None:
    response = onlooker.get(SIGHT, asked)

    assert said in text_of(response)
    assert rows_of(response) == []


def test_what_is_asked_is_text_and_never_markup(onlooker: Client) -> None:
    hostile = "</p><script>alert(1)</script>"

    response = onlooker.get(SIGHT, {"user": hostile, "client": hostile, "scopes": hostile})

    assert b"<script>alert" not in response.content
    assert hostile in text_of(response)


def test_missing_address_of_the_endpoint_is_told(
    onlooker: Client, ada: User, settings: Settings
) -> None:
    settings.DJANGO_MCP_URL = ""

    response = onlooker.get(SIGHT, {"user": "ada"})

    assert "Set DJANGO_MCP_URL" in text_of(response)


def test_tools_that_cannot_be_served_are_told(
    onlooker: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collecting(), monkeypatch.context() as patch:
        patch.setattr("django_mcp.tools.registry._registry", None)

        @tool
        def broken(sku) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001
            """Count."""
            return 0

        response = onlooker.get(SIGHT, {"user": "ada"})

    assert "broken: " in text_of(response)
    assert rows_of(response) == []


@override_settings(INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"])
def test_nothing_is_suggested_without_applications() -> None:
    assert list(SightForm(None, groups=[]).fields["client"].widget.suggestions) == []


def test_applications_are_suggested(onlooker: Client) -> None:
    oauth2_models = pytest.importorskip("oauth2_provider.models")
    oauth2_models.get_application_model().objects.create(
        name="Desktop <b>assistant</b>",
        client_id="desktop-1",
        client_type="public",
        authorization_grant_type="authorization-code",
        redirect_uris="http://127.0.0.1/callback",
    )

    page = onlooker.get(SIGHT).content.decode()

    assert (
        '<datalist id="id_client_list"><option value="desktop-1">'
        "Desktop &lt;b&gt;assistant&lt;/b&gt;</option></datalist>"
    ) in page
    assert 'list="id_client_list"' in page
