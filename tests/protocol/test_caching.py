"""Caching hints of lists and reads, in both eras."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from pytest_django import Settings

from django_mcp import Principal, ToolContext, prompt, resource, resource_for, tool
from django_mcp.asgi import Application
from django_mcp.models import ToolGroup
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.primitives.declaration import collecting
from tests.keys import PATH
from tests.wire import Client, serving

with collecting() as OPEN:

    @tool(group="open", read_only=True)
    def look() -> str:
        """Look around."""
        return "nothing"

    @prompt(group="open")
    def ask() -> str:
        """Ask."""
        return "What?"

    @resource("shop://hours", group="open")
    def hours() -> str:
        """Read the hours."""
        return "9 to 5"

    @resource("shop://page/{number}", group="open")
    async def page(number: int) -> str:
        """Read a page."""
        return f"page {number}"

    @resource("shop://scoped", group="open", scopes=["shop:read"])
    def scoped() -> str:
        """Read what needs a scope, and is listed for every caller."""
        return "scoped"

    @resource("shop://context", group="open")
    def contextual(context: ToolContext) -> str:
        """Read what may depend on the caller, and is listed for every caller."""
        return str(context.user)


with collecting() as LIMITED:

    @resource("shop://tenant", group="open", cache=60, vary_on=[lambda call: "tenant"])
    def of_tenant() -> str:
        """Read what the project keeps for each tenant, and is listed for every caller."""
        return "tenant"

    @tool(group="limited", read_only=True)
    def own(user: User) -> str:
        """Look at what is one's own."""
        return user.get_username()

    @prompt(group="limited", permissions=["auth.view_user"])
    def review() -> str:
        """Review users."""
        return "Review them."

    @resource("shop://own", group="limited")
    def own_page(user: User) -> str:
        """Read what is one's own."""
        return user.get_username()


LISTS = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"]
READ = ("resources/read", {"uri": "shop://hours"})
CACHEABLE: list[tuple[str, dict[str, Any]]] = [
    *((method, {}) for method in [*LISTS, "server/discover"]),
    READ,
    ("resources/read", {"uri": "shop://page/1"}),
]


@pytest.fixture
def application(db: None, settings: Settings) -> Iterator[Application]:
    """Anybody may call what every caller sees alike."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    User.objects.create_user("alice")
    with serving(OPEN) as application:
        yield application


def hints(client: Client, method: str, params: dict[str, Any]) -> tuple[Any, Any]:
    result = client.send(method, params).result
    return result.get("ttlMs"), result.get("cacheScope")


@pytest.mark.parametrize(("method", "params"), CACHEABLE)
def test_nothing_is_kept_unless_a_setting_says_so(
    modern: Client, method: str, params: dict[str, Any]
) -> None:
    assert hints(modern, method, params) == (0, "private")


@pytest.mark.parametrize(("method", "params"), CACHEABLE)
def test_settings_say_how_long_and_by_whom_a_result_is_kept(
    modern: Client, settings: Settings, method: str, params: dict[str, Any]
) -> None:
    settings.DJANGO_MCP_LIST_TTL = 300
    settings.DJANGO_MCP_READ_TTL = 5
    ttl = 5000 if method == "resources/read" else 300_000

    assert hints(modern, method, params) == (ttl, "private")

    settings.DJANGO_MCP_CACHE_SCOPE = "public"

    assert hints(modern, method, params) == (ttl, "public")
    assert hints(modern.with_key("alice shop:read"), method, params) == (ttl, "public")


@pytest.mark.parametrize(("method", "params"), CACHEABLE)
def test_2025_revisions_know_no_hints(
    legacy: Client, settings: Settings, method: str, params: dict[str, Any]
) -> None:
    settings.DJANGO_MCP_LIST_TTL = settings.DJANGO_MCP_READ_TTL = 300
    settings.DJANGO_MCP_CACHE_SCOPE = "public"

    if method == "server/discover":
        assert "ttlMs" not in legacy.initialize().result
    else:
        assert hints(legacy, method, params) == (None, None)


@pytest.mark.parametrize(
    ("method", "params"),
    [("tools/call", {"name": "look"}), ("prompts/get", {"name": "ask"}), ("tasks/get", {})],
)
def test_nothing_else_has_hints(
    modern: Client, settings: Settings, method: str, params: dict[str, Any]
) -> None:
    settings.DJANGO_MCP_LIST_TTL = settings.DJANGO_MCP_READ_TTL = 300

    answer = modern.send(method, params)

    assert "ttlMs" not in answer.text


@pytest.mark.parametrize("method", LISTS)
def test_every_page_of_a_list_has_the_same_hints(
    modern: Client, settings: Settings, method: str
) -> None:
    settings.DJANGO_MCP_LIST_TTL = 60
    settings.DJANGO_MCP_LIST_PAGE_SIZE = 1
    settings.DJANGO_MCP_CACHE_SCOPE = "public"
    pages = [modern.send(method).result]
    while cursor := pages[-1].get("nextCursor"):
        pages.append(modern.send(method, {"cursor": cursor}).result)
    found = [(page["ttlMs"], page["cacheScope"]) for page in pages]

    assert found == [(60_000, "public")] * (3 if method == "resources/list" else 1)


@pytest.mark.parametrize("method", LISTS)
@pytest.mark.parametrize("key", [None, "alice"])
def test_list_that_differs_between_callers_is_never_public(
    modern: Client, settings: Settings, method: str, key: str | None
) -> None:
    settings.DJANGO_MCP_CACHE_SCOPE = "public"
    with serving([*OPEN, *LIMITED]) as application:
        client = modern.having(application=application)
        client = client if key is None else client.with_key(key)

        assert hints(client, method, {}) == (0, "private")
        assert hints(client, *READ) == (0, "public")


@pytest.mark.parametrize("limit", ["groups", "clients"])
@pytest.mark.parametrize(("method", "params"), [(method, {}) for method in LISTS] + [READ])
def test_group_that_operators_have_limited_is_never_public(
    modern: Client, settings: Settings, limit: str, method: str, params: dict[str, Any]
) -> None:
    settings.DJANGO_MCP_CACHE_SCOPE = "public"
    group = ToolGroup.objects.get_or_create(name="open", defaults={"enabled": True})[0]
    if limit == "clients":
        group.allowed_clients = ["key-client"]
        group.save()
    else:
        group.allowed_groups.add(Group.objects.create(name="staff"))
        User.objects.get().groups.add(Group.objects.get())
    forget_snapshot()

    assert hints(modern.with_key("alice"), method, params) == (0, "private")


def members(principal: Principal) -> QuerySet[Group]:
    """The groups of the caller, if it is a user."""
    return Group.objects.filter(user=getattr(principal.user, "pk", None))


def groups() -> QuerySet[Group]:
    """All groups."""
    return Group.objects.all()


@pytest.mark.parametrize(
    ("queryset", "listed", "scope"),
    [(members, True, "private"), (members, False, "public"), (groups, True, "public")],
)
def test_list_with_instances_of_the_caller_is_never_public(
    modern: Client, settings: Settings, queryset: Any, listed: bool, scope: str
) -> None:
    settings.DJANGO_MCP_CACHE_SCOPE = "public"
    with collecting() as declared:
        resource_for(
            Group,
            uri="shop://group/{pk}",
            group="open",
            fields=["name"],
            queryset=queryset,
            listed=listed,
        )
    with serving(declared) as application:
        client = modern.having(application=application)

        assert hints(client, "resources/list", {}) == (0, scope)
        assert hints(client, "resources/templates/list", {}) == (0, "public")


@pytest.mark.parametrize("uri", ["shop://scoped", "shop://context", "shop://tenant", "shop://own"])
def test_read_that_may_depend_on_the_caller_is_never_public(
    modern: Client, settings: Settings, uri: str
) -> None:
    settings.DJANGO_MCP_CACHE_SCOPE = "public"
    with serving([*OPEN, *LIMITED]) as application:
        client = modern.having(application=application).with_key("alice shop:read")

        assert hints(client, "resources/read", {"uri": uri}) == (0, "private")


def test_read_that_depends_on_answers_of_the_user_is_not_kept(
    modern: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_READ_TTL = 300
    method, params = READ

    assert hints(modern, method, {**params, "inputResponses": {}}) == (0, "private")
