"""`manage.py mcp_catalog`; its `sync` is tested with the rows that it makes."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from django_mcp import Breaker, Retry, prompt, resource, tool
from django_mcp.models import ToolGroup
from django_mcp.policy.groups import sync_groups
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build, using_registry
from tests.calls import offering
from tests.commands import CommandResult, RunCommand


@pytest.fixture(autouse=True)
def _tools(db: None) -> Iterator[None]:
    ToolGroup.objects.all().delete()
    with collecting() as declared:

        @tool(group="desk", read_only=True)
        def hours() -> str:
            """Say when."""
            return ""

        @tool(
            group="shop",
            scopes=["shop:write", "shop:read"],
            permissions=["shop.delete_product"],
            destructive=True,
            idempotent=True,
            open_world=True,
        )
        def clear(user: User) -> None:
            """Clear it."""

        @tool(group="shop", scopes=["shop:read"])
        def note(user: User) -> None:
            """Note it."""

        with using_registry(build(declared)):
            sync_groups()
            forget_snapshot()
            yield
    forget_snapshot()


@pytest.fixture
def run(run_command: RunCommand) -> RunCommand:
    def run(*arguments: str, **options: Any) -> CommandResult:
        forget_snapshot()
        return run_command("mcp_catalog", *arguments, **options)

    return run


def test_it_lists_every_tool_with_all_that_matters(run: RunCommand) -> None:
    ToolGroup.objects.filter(name="shop").update(enabled=False, read_only=True)
    ToolGroup.objects.get(name="shop").switches.filter(name="note").update(enabled=False)

    assert run().lines == [
        "desk (enabled)",
        "  hours",
        "    read-only, scopes: none, permissions: none",
        "shop (disabled, read-only)",
        "  clear",
        (
            "    destructive, idempotent, open world, scopes: shop:read shop:write, "
            "permissions: shop.delete_product"
        ),
        "  note [switched off]",
        "    scopes: shop:read, permissions: none",
        "3 tools",
        (
            "The tool group shop is closed, so that no client sees what is in it: open it in the "
            'admin under "Tool groups", or run python manage.py mcp_catalog enable shop'
        ),
    ]


def test_it_lists_the_limits_of_each_declaration(run: RunCommand) -> None:
    with collecting() as declared:

        @tool(
            group="desk",
            read_only=True,
            rate=["3/m", "20/d"],
            max_concurrent=1,
            timeout=5,
            retry=Retry(times=2),
            breaker=Breaker(name="ledger"),
            cache=60,
            vary_on=(),
        )
        def report() -> str:
            """Report it."""
            return ""

        @tool(group="desk", idempotency_key="reference", breaker=Breaker())
        def pay(reference: str) -> list[str]:
            """Pay it."""
            return []

        @tool(group="desk", overflow="truncate", read_only=True)
        def search() -> list[str]:
            """Search it."""
            return []

    with using_registry(build(declared)):
        lines = run().lines

    assert lines[1:-1] == [
        "  pay",
        "    scopes: none, permissions: none",
        "    breaker of its own, idempotency key: reference",
        "  report",
        "    read-only, scopes: none, permissions: none",
        (
            "    rate: 3 per minute, rate: 20 per day, at once: 1, timeout: 5 s, runs again: 2, "
            "breaker: ledger, cache: 60 s"
        ),
        "  search",
        "    read-only, scopes: none, permissions: none",
        "    overflow: truncate",
    ]


def test_what_it_says_to_type_opens_the_groups(settings: Settings, run: RunCommand) -> None:
    settings.DJANGO_MCP_ENABLE_NEW_GROUPS = False
    ToolGroup.objects.update(enabled=False)
    ToolGroup.objects.filter(name="desk").delete()
    User.objects.create_superuser("root")
    advice = run("--user", "root").lines[-1]

    typed = advice.partition("python manage.py mcp_catalog ")[2].split()

    assert typed == ["enable", "desk", "shop"]
    assert run(*typed).lines == ["enabled desk", "enabled shop"]
    assert run(*typed).lines == []  # it says what it has changed
    assert run("--user", "root").lines[0] == "Visible to root: 3"


def test_groups_are_closed_as_they_are_opened(run: RunCommand) -> None:
    assert run("disable", "shop", "desk").lines == ["disabled desk", "disabled shop"]
    assert run("disable", "shop").lines == []  # it says what it has changed
    assert run("enable", "shop").lines == ["enabled shop"]
    assert dict(ToolGroup.objects.values_list("name", "enabled")) == {"desk": False, "shop": True}


def test_new_group_is_closed_before_anything_has_made_its_row(
    settings: Settings, run: RunCommand
) -> None:
    settings.DJANGO_MCP_ENABLE_NEW_GROUPS = True
    ToolGroup.objects.all().delete()

    assert run("disable", "desk").lines == ["disabled desk"]
    assert run().lines[0] == "desk (disabled)"


def test_tools_that_run_in_the_background_are_listed_as_such(run: RunCommand) -> None:
    def recompute() -> None:
        """Compute it again."""

    with offering(recompute, group="desk", background=True, idempotent=True):
        found = run().lines

    assert found[2] == "    idempotent, in the background, scopes: none, permissions: none"


def test_resources_and_prompts_are_listed_with_what_they_have(run: RunCommand) -> None:
    with collecting() as declared:

        @prompt(group="desk")
        def review(month: str, tone: str = "kind") -> str:
            """Review a month."""
            return month

        @prompt(group="desk", scopes=["desk:read"])
        def greet() -> str:
            """Greet."""
            return "Hello"

        @resource("desk://{key}", group="desk", mime_type="text/html", permissions=["shop.x"])
        def page(key: str) -> str:
            """A page."""
            return key

        @resource("desk://index", group="desk")
        async def index() -> str:
            """The index."""
            return ""

        @tool(group="desk")
        def write() -> None:
            """Write."""

        with using_registry(build(declared)):
            listed, shown = run().lines, run("--kind=prompt").lines

    assert listed == [
        "desk (enabled)",
        "  write",
        "    scopes: none, permissions: none",
        "  resource index",
        "    desk://index, scopes: none, permissions: none",
        "  resource page",
        "    desk://{key}, text/html, scopes: none, permissions: shop.x",
        "  prompt greet",
        "    arguments: none, scopes: desk:read, permissions: none",
        "  prompt review",
        "    arguments: month [tone], scopes: none, permissions: none",
        "1 tool, 2 resources, 2 prompts",
    ]
    assert shown == [listed[0], *listed[7:11], "2 prompts"]


def test_project_without_tools_is_told_where_they_are_looked_for(run: RunCommand) -> None:
    with offering():
        found = run().lines

    assert found == [
        "0 tools",
        (
            "No tool, resource or prompt is declared: tag a function with @tool, @resource or "
            "@prompt in a services.py or mcp_tools.py (DJANGO_MCP_AUTODISCOVER) of an app that "
            "INSTALLED_APPS names."
        ),
    ]


def test_it_shows_what_one_user_sees_and_why_not_the_rest(run: RunCommand) -> None:
    User.objects.create_user("ann")

    assert run("--user", "ann").lines == [
        "Visible to ann: 2",
        "  hours (desk)",
        "  note (shop)",
        "Hidden from ann: 1",
        (
            "  clear (shop): the user lacks a permission that it needs: "
            "shop.delete_product (Can delete product)"
        ),
    ]


def test_it_names_only_the_permissions_that_the_user_lacks(run: RunCommand) -> None:
    def close() -> None:
        """Close it."""

    ann = User.objects.create_user("ann")
    ann.user_permissions.add(Permission.objects.get(codename="change_product"))
    wanted = ["shop.delete_product", "shop.change_product", "shop.delete_prodcut"]

    with offering(close, group="desk", permissions=wanted):
        found = run("--user", "ann").lines

    assert found[-1] == (
        "  close (desk): the user lacks a permission that it needs: "
        "shop.delete_product (Can delete product), shop.delete_prodcut"
    )


def test_it_tells_which_scopes_a_token_would_lack(run: RunCommand) -> None:
    User.objects.create_superuser("root")

    assert run("--user", "root", "--scopes", "shop:read").lines[:4] == [
        "Visible to root: 3",
        "  clear (shop): usable once the token holds: shop:write",
        "  hours (desk)",
        "  note (shop)",
    ]
    assert (
        "  note (shop): usable once the token holds: shop:read"
        in run("list", "--user", "root", "--scopes", "").lines
    )


def test_it_names_everything_that_hides_a_tool(run: RunCommand) -> None:
    def close() -> None:
        """Close it."""

    def has_plan(user: User) -> bool:
        return False

    User.objects.create_user("ann")
    shop = ToolGroup.objects.get(name="shop")
    shop.allowed_groups.set([Group.objects.create(name=f"Clerks {n}") for n in range(1, 8)])
    shop.enabled, shop.read_only = False, True
    shop.save()

    with offering(
        close,
        group="shop",
        permissions=["shop.delete_product"],
        requires=has_plan,
        scopes=["shop:write", "shop:close", "shop:read"],
    ):
        found = run("--user", "ann", "--scopes", "shop:read").lines

    assert found[-2] == (
        "  close (shop): its group is disabled; its group is read-only and it is not; "
        "the user is in none of the user groups allowed in its group: "
        "Clerks 1, Clerks 2, Clerks 3, Clerks 4, Clerks 5, …; "
        "the user lacks a permission that it needs: shop.delete_product (Can delete product); "
        "its requirement is not met: has_plan; "
        "the token lacks a scope that it needs: shop:close, shop:write"
    )


@pytest.mark.implementation
def test_number_of_queries_does_not_grow_with_the_tools(run: RunCommand) -> None:
    def tools(number: int) -> list[Callable[[], None]]:
        def make(index: int) -> Callable[[], None]:
            def close() -> None:
                """Close it."""

            close.__name__ = f"close_{index}"
            return close

        return [make(index) for index in range(number)]

    def queries(number: int) -> int:
        with (
            offering(*tools(number), group="shop", permissions=["shop.delete_product"]),
            CaptureQueriesContext(connection) as captured,
        ):
            assert run("--user", "ann").exit_code == 0
        return len(captured)

    User.objects.create_user("ann")
    ToolGroup.objects.get(name="shop").allowed_groups.add(Group.objects.create(name="Clerks"))

    assert queries(20) == queries(1)


def test_it_judges_by_the_application(run: RunCommand) -> None:
    User.objects.create_superuser("root")
    ToolGroup.objects.filter(name="shop").update(allowed_clients=["till"])

    hidden = "  note (shop): the application is not allowed in its group"
    assert hidden in run("--user", "root").lines
    assert hidden in run("--user", "root", "--client", "kiosk").lines
    assert "  note (shop)" in run("--user", "root", "--client", "till").lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--user", "bob"], "There is no user 'bob'"),
        (["--user", "gone"], r"The user gone \(\d+\) is not active"),
        (["--client", "till"], "need --user"),
        (["--scopes", ""], "need --user"),
        (["sync", "--database", "nowhere"], "nowhere"),
        (["tidy"], "tidy"),
        (["enable"], "Name the groups to open. The groups are: desk shop"),
        (["enable", "shop", "shpo"], "There is no group 'shpo'. .* desk shop"),
        (["disable"], "Name the groups to close. The groups are: desk shop"),
        (["disable", "shpo"], "There is no group 'shpo'. .* desk shop"),
        (["sync", "--kind", "tool"], "Only list takes --kind, and sync is about whole groups"),
        (["--kind", "note"], "invalid choice: 'note'"),
        (["sync", "shop"], "Only enable and disable take groups: mcp_catalog enable shop"),
        (
            ["--user", "gone", "--scopes", "shop:read shpo:read"],
            "No tool, resource or prompt asks for: shpo:read. The scopes are: shop:read shop:write",
        ),
    ],
)
def test_what_is_wrong_is_told(arguments: list[str], message: str, run: RunCommand) -> None:
    User.objects.create_user("gone", is_active=False)

    assert re.search(message, run(*arguments).error)


def test_an_endpoint_without_a_url_is_told(settings: Settings, run: RunCommand) -> None:
    User.objects.create_user("ann")
    settings.DJANGO_MCP_URL = ""

    assert "Set DJANGO_MCP_URL" in run("--user", "ann").error
