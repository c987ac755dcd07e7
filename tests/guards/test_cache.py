"""The cache of results: who shares one, when it is computed anew, and that it is computed once."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.db import transaction
from django.utils import timezone, translation
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from django_mcp import Principal, invalidate
from django_mcp.asgi import Application
from django_mcp.endpoints import Endpoint, get_endpoints, using_endpoints
from django_mcp.guards import Call, Guard, Rendered, result_cache
from django_mcp.line_throttle import LineThrottle
from django_mcp.models import CallRecord, ToolGroup
from django_mcp.peers import Peer
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.primitives.declaration import collecting
from tests.clients import client as client
from tests.clients import era as era
from tests.clients import modern as modern
from tests.guards import cached_tools
from tests.guards.cached_tools import computed
from tests.keys import KeyAuthenticator
from tests.shop.models import Product, Shipment, Tag
from tests.wire import PATIENCE, Answer, Client, serving

HERE = "tests.guards.test_cache"

WAYS = ("expenses", "aexpenses", "yearly")


class ClientAuthenticator(KeyAuthenticator):
    """Believes what the client says of itself, too."""

    def authenticate(self, peer: Peer, endpoint: Endpoint) -> Principal | None:
        known = super().authenticate(peer, endpoint)
        if known is None:
            return None
        return Principal(
            endpoint=endpoint,
            user=known.user,
            client_id=peer.headers.get("x-client", "desk"),
            scopes=known.scopes,
        )


class Translating(Guard):
    """Serves every call in the language and time zone of a test."""

    language = "en-gb"
    zone = "UTC"

    def may_block(self, call: Call) -> bool:
        return False

    @contextmanager
    def around(self, call: Call) -> Iterator[None]:
        with translation.override(self.language), timezone.override(self.zone):
            yield


class Hiding(Guard):
    """Filters what leaves, however it came about."""

    def after(self, call: Call, result: Rendered) -> Rendered:
        return result.with_meta("test/for", str(call.principal.user))


class OldCache(LocMemCache):
    """A cache that another version of the package has written to."""

    kept: list[Any] = []

    def set(self, key: Any, value: Any, *arguments: Any, **options: Any) -> None:
        if isinstance(value, tuple) and self.kept:
            value = (value[0], self.kept.pop())
        super().set(key, value, *arguments, **options)


class BrokenCache(LocMemCache):
    """A cache that is away."""

    def get_many(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        raise ConnectionError("the cache is away")

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        raise ConnectionError("the cache is away")


class LateCache(LocMemCache):
    """A cache in which another process stores a result just after it was looked for."""

    is_late = False

    def get_many(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        found = super().get_many(*args, **kwargs)
        if LateCache.is_late:
            LateCache.is_late = False
            return {key: each for key, each in found.items() if not isinstance(each, tuple)}
        return found


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(result_cache.outage, "_throttle", LineThrottle())
    computed.clear()
    cached_tools.failing.clear()


@pytest.fixture
def site(settings: Settings) -> Iterator[Application]:
    settings.DJANGO_MCP_AUTHENTICATORS = [f"{HERE}.ClientAuthenticator"]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    settings.DJANGO_MCP_ENABLE_NEW_GROUPS = True
    with collecting() as declared:
        declared += cached_tools.DECLARED
        with serving(declared) as application:
            yield application


@pytest.fixture
def application(db: None, site: Application) -> Application:
    return site


@pytest.fixture
def served(transactional_db: None, site: Application) -> Client:
    """A client of a site on real threads."""
    return Client(application=site)


def ask(client: Client, name: str, **arguments: Any) -> str:
    """The text of the result of a tool, or of the resource."""
    if name == "yearly":
        uri = f"cached://expenses/{arguments.get('year', 2026)}"
        contents: str = client.send("resources/read", {"uri": uri}).result["contents"][0]["text"]
        return contents
    return text_of(client.call(name, **arguments))


def text_of(answer: Answer) -> str:
    text: str = answer.result["content"][0]["text"]
    return text


@pytest.mark.parametrize("name", WAYS)
def test_result_is_computed_once_for_the_same_call_and_each_call_is_on_record(
    client: Client, ada: User, name: str
) -> None:
    ada_s = client.with_key("ada")

    answers = [ask(ada_s, name), ask(ada_s, name)]

    assert answers == ["1", "1"]
    assert computed[name] == 1
    outcomes = CallRecord.objects.values_list("name", "outcome", "username")
    assert list(outcomes) == [(name, "ok", "ada")] * 2


@pytest.mark.parametrize("name", WAYS)
def test_other_arguments_and_other_users_have_results_of_their_own(
    client: Client, ada: User, bob: User, name: str
) -> None:
    asked = [
        ask(client.with_key("ada"), name),
        ask(client.with_key("bob"), name),
        ask(client, name),
        ask(client.with_key("ada"), name, year=2025),
        ask(client.with_key("bob"), name),
        ask(client, name),
    ]

    assert asked == ["1", "2", "3", "4", "2", "3"]


def test_user_is_given_the_same_by_whatever_client(modern: Client, ada: User) -> None:
    desk = modern.with_key("ada")

    assert ask(desk, "expenses") == ask(desk.having(headers={"X-Client": "phone"}), "expenses")


def test_structured_content_comes_from_the_cache_as_well(client: Client, ada: User) -> None:
    first, second = [client.with_key("ada").call("expenses").result for _ in range(2)]

    assert second["structuredContent"] == {"result": 1} == first["structuredContent"]


def test_result_that_varies_on_nothing_is_the_same_for_everybody(
    modern: Client, ada: User, bob: User
) -> None:
    keys = [modern.with_key("ada"), modern.with_key("bob"), modern]

    assert [ask(each, "shared") for each in keys] == ["1", "1", "1"]


def test_result_varies_on_the_client_alone_where_that_is_declared(
    modern: Client, ada: User, bob: User
) -> None:
    phone = modern.with_key("ada").having(headers={"X-Client": "phone"})
    keys = [modern.with_key("ada"), modern.with_key("bob"), phone]

    assert [ask(each, "by_client") for each in keys] == ["1", "1", "2"]


def test_result_varies_on_the_scopes_alone_where_that_is_declared(
    modern: Client, ada: User, bob: User
) -> None:
    keys = [modern.with_key("ada a b"), modern.with_key("bob b a"), modern.with_key("ada a")]

    assert [ask(each, "by_scopes") for each in keys] == ["1", "1", "2"]


def test_result_varies_on_what_a_function_of_the_project_returns(
    modern: Client, ada: User, ann: User, bob: User
) -> None:
    keys = [modern.with_key("ada"), modern.with_key("ann"), modern.with_key("bob")]

    assert [ask(each, "by_tenant") for each in keys] == ["1", "1", "2"]


def test_function_that_returns_no_string_fails_the_call(
    modern: Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = modern.call("by_number")

    assert answer.result["isError"]
    assert computed["by_number"] == 0
    assert "no_text() returned int to vary_on, and not a string" in caplog.text


def test_what_a_context_shows_is_part_of_what_a_result_varies_on(modern: Client, ada: User) -> None:
    keys = [
        modern.with_key("ada"),
        modern.with_key("ada a"),
        modern.with_key("ada").having(headers={"X-Client": "phone"}),
        modern.with_key("ada"),
    ]

    assert [ask(each, "of_context") for each in keys] == ["1", "2", "3", "1"]


def test_language_and_time_zone_of_the_project_s_guards_have_results_of_their_own(
    modern: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DJANGO_MCP_GUARDS = [f"{HERE}.Translating"]
    seen = []

    for language, zone in [("de", "UTC"), ("en-gb", "UTC"), ("de", "Asia/Tokyo"), ("de", "UTC")]:
        monkeypatch.setattr(Translating, "language", language)
        monkeypatch.setattr(Translating, "zone", zone)
        seen.append(ask(modern, "local"))

    assert seen == ["de UTC", "en-gb UTC", "de Asia/Tokyo", "de UTC"]
    assert computed["local"] == 3


def test_endpoints_share_nothing(modern: Client, settings: Settings) -> None:
    other = Endpoint(name="other", url="https://testserver/other")
    with using_endpoints(get_endpoints().default, other), collecting() as declared:
        declared += cached_tools.DECLARED
        with serving(declared) as application:
            here = Client(application=application)
            asked = [ask(here, "shared"), ask(here.having(path="/other"), "shared")]

    assert asked == ["1", "2"]


def test_guards_of_the_project_filter_what_comes_from_the_cache(
    modern: Client, settings: Settings, ada: User, bob: User
) -> None:
    settings.DJANGO_MCP_GUARDS = [f"{HERE}.Hiding"]

    results = [modern.with_key(each).call("shared").result for each in ("ada", "bob")]

    assert [text["content"][0]["text"] for text in results] == ["1", "1"]
    assert [each["_meta"]["test/for"] for each in results] == ["ada", "bob"]


@pytest.mark.parametrize("name", WAYS)
def test_error_is_not_kept(client: Client, name: str) -> None:
    cached_tools.failing.add(name)
    if name == "yearly":
        assert client.send("resources/read", {"uri": "cached://expenses/2026"}).error
    else:
        assert client.call(name).result["isError"]

    assert ask(client, name) == "2"


def test_tool_without_the_option_is_computed_for_every_call(modern: Client) -> None:
    assert [ask(modern, "uncached"), ask(modern, "uncached")] == ["1", "2"]


def test_result_larger_than_the_setting_is_computed_for_every_call(
    modern: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_MAX_CACHED_BYTES = 1000

    for size in (10, 10, 1000, 1000):
        ask(modern, "large", size=size)

    assert computed["large"] == 3


@pytest.mark.parametrize("name", ["embedding", "linking"])
def test_result_that_shows_another_resource_is_judged_for_every_call(
    modern: Client, name: str
) -> None:
    modern.call(name)
    modern.call(name)

    assert computed[name] == 2


# Invalidation.


@pytest.mark.parametrize("name", WAYS)
def test_invalidate_counts_for_every_user_and_argument(
    client: Client, ada: User, name: str, django_capture_on_commit_callbacks: Any
) -> None:
    ask(client, name)
    ask(client.with_key("ada"), name, year=2025)

    with django_capture_on_commit_callbacks(execute=True):
        invalidate(name, kind="resource" if name == "yearly" else "tool")

    assert ask(client, name) == "3"
    assert ask(client.with_key("ada"), name, year=2025) == "4"


def test_invalidate_of_a_user_leaves_what_others_have(
    modern: Client,
    ada: User,
    bob: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    for key in ("ada", "bob"):
        ask(modern.with_key(key), "expenses")

    with django_capture_on_commit_callbacks(execute=True):
        invalidate("expenses", user=ada)

    assert [ask(modern.with_key(key), "expenses") for key in ("ada", "bob")] == ["3", "2"]


def test_invalidate_of_a_user_counts_for_all_who_share_the_result(
    modern: Client,
    ada: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    ask(modern, "shared")

    with django_capture_on_commit_callbacks(execute=True):
        invalidate("shared", user=ada)

    assert ask(modern, "shared") == "2"


def test_invalidate_of_what_is_not_declared_says_so() -> None:
    with pytest.raises(LookupError, match="There is no tool named 'expnses'"):
        invalidate("expnses")


def test_invalidate_counts_after_the_commit_and_not_after_a_rollback(
    served: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_RECORD = False  # on SQLite it would wait for the end of the transaction

    def during(client: Client) -> str:
        return text_of(asyncio.run(client.acall("shared")))

    seen = [during(served)]
    with transaction.atomic():
        invalidate("shared")
        seen.append(during(served))
    seen.append(during(served))
    with transaction.atomic():
        invalidate("shared")
        transaction.set_rollback(True)
    seen.append(during(served))

    assert seen == ["1", "1", "2", "2"]


def test_result_that_was_computed_before_it_became_invalid_is_not_kept(served: Client) -> None:
    answers = [text_of(asyncio.run(served.acall("stale"))) for _ in range(2)]

    assert answers == ["1", "2"]


def add_tag() -> None:
    Shipment.objects.get().tags.add(Tag.objects.get())


def add_shipment() -> None:
    Tag.objects.get().shipments.add(Shipment.objects.get())


@pytest.mark.parametrize(
    "change",
    [
        lambda: Product.objects.get(sku="tea").delete(),
        lambda: Product.objects.create(sku="salt", name="Salt", price=1),
        lambda: Product.objects.get(sku="tea").save(),
        lambda: Shipment.objects.get().delete(),
        lambda: Shipment.objects.all().delete(),
        add_tag,
        add_shipment,
    ],
    ids=["delete", "create", "save", "named", "of many", "relation", "other side"],
)
def test_change_of_a_declared_model_counts_after_its_commit(
    modern: Client,
    change: Any,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    Tag.objects.create(name="new")
    Product.objects.create(sku="tea", name="Tea", price=3)
    Shipment.objects.create(product=Product.objects.create(sku="oil", name="Oil", price=9))
    ask(modern, "stock")

    with django_capture_on_commit_callbacks() as hooks:
        change()
    before = ask(modern, "stock")
    for hook in hooks:
        hook()

    assert (before, ask(modern, "stock")) == ("1", "2")


def test_change_of_another_model_leaves_what_is_kept(
    modern: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    ask(modern, "stock")

    with django_capture_on_commit_callbacks(execute=True):
        Tag.objects.create(name="new")

    assert ask(modern, "stock") == "1"


# What the caller may see.


def test_change_of_the_group_s_policy_serves_nothing_old(modern: Client, ada: User) -> None:
    members = Group.objects.create(name="staff")
    ada.groups.add(members)
    ada_s = modern.with_key("ada")
    group, _ = ToolGroup.objects.update_or_create(name="default", defaults={"enabled": True})
    forget_snapshot()
    seen = [ask(ada_s, "shared")]

    group.allowed_groups.add(members)
    forget_snapshot()
    seen.append(ask(ada_s, "shared"))

    assert seen == ["1", "2"]


def grant(user: User, group: Group, permission: Permission) -> None:
    user.user_permissions.add(permission)


def join(user: User, group: Group, permission: Permission) -> None:
    user.groups.add(group)


def let_join(user: User, group: Group, permission: Permission) -> None:
    group.user_set.add(user)


def promote(user: User, group: Group, permission: Permission) -> None:
    User.objects.filter(pk=user.pk).update(is_superuser=True)


@pytest.mark.parametrize("change", [grant, join, let_join, promote])
def test_change_of_a_user_s_rights_serves_nothing_old_to_that_user(
    modern: Client,
    ada: User,
    bob: User,
    change: Any,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    for key in ("ada", "bob"):
        ask(modern.with_key(key), "expenses")

    with django_capture_on_commit_callbacks(execute=True):
        change(ada, Group.objects.create(name="staff"), Permission.objects.all()[0])

    assert [ask(modern.with_key(key), "expenses") for key in ("ada", "bob")] == ["3", "2"]


def test_change_of_a_group_s_rights_serves_nothing_old(
    modern: Client,
    ada: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    staff = Group.objects.create(name="staff")
    seen = [ask(modern.with_key("ada"), "expenses")]

    for change in (lambda: staff.permissions.add(Permission.objects.all()[0]), staff.delete):
        with django_capture_on_commit_callbacks(execute=True):
            change()
        seen.append(ask(modern.with_key("ada"), "expenses"))

    assert seen == ["1", "2", "3"]


# The cache is away.


def test_without_the_cache_every_call_is_computed_and_one_line_is_logged(
    client: Client, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CACHES = {"default": {"BACKEND": f"{HERE}.BrokenCache"}}

    answers = [ask(client, "shared"), ask(client, "shared")]
    invalidate("shared")

    assert answers == ["1", "2"]
    lines = [each.getMessage() for each in caplog.records if "cache" in each.name]
    assert lines == ["The cache of results is away: they are computed for every call"]


@pytest.mark.parametrize("text", ['{"content": [{"kind": "Hologram"}], "structured": {}}', "{", 7])
def test_what_another_version_has_kept_is_computed_anew(
    modern: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, text: Any
) -> None:
    settings.CACHES = {"default": {"BACKEND": f"{HERE}.OldCache", "LOCATION": "old"}}
    cache.clear()
    monkeypatch.setattr(OldCache, "kept", [text])

    assert [ask(modern, "shared") for _ in range(3)] == ["1", "2", "2"]


# Many at once.


def test_result_that_another_has_stored_a_moment_ago_is_not_computed_again(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CACHES = {"default": {"BACKEND": f"{HERE}.LateCache"}}
    first = ask(client, "shared")
    monkeypatch.setattr(LateCache, "is_late", True)

    second = ask(client, "shared")
    third = ask(client, "shared")

    assert not LateCache.is_late
    assert (first, second, third) == ("1", "1", "1")


@pytest.mark.parametrize("name", ["slow", "aslow"])
def test_many_who_ask_at_once_are_given_one_result(served: Client, name: str) -> None:
    async def scenario() -> list[str]:
        async with asyncio.timeout(PATIENCE):
            asked = [asyncio.create_task(served.acall(name)) for _ in range(50)]
            await cached_tools.latch.arrival()
            cached_tools.latch.open()
            return [text_of(each) for each in await asyncio.gather(*asked)]

    with cached_tools.latch.closed():
        answers = asyncio.run(scenario())

    assert answers == ["1"] * 50


@pytest.mark.parametrize("name", ["slow", "aslow"])
def test_next_one_computes_when_the_first_fails(served: Client, name: str) -> None:
    async def scenario() -> list[bool]:
        async with asyncio.timeout(PATIENCE):
            cached_tools.failing.add(name)
            first = asyncio.create_task(served.acall(name))
            await cached_tools.latch.arrival()
            others = [asyncio.create_task(served.acall(name)) for _ in range(5)]
            cached_tools.latch.open()
            answers = await asyncio.gather(first, *others)
            return [each.result["isError"] for each in answers]

    with cached_tools.latch.closed():
        answers = asyncio.run(scenario())

    assert answers == [True, *[False] * 5]
    assert computed[name] == 2


def test_tool_without_the_option_asks_the_cache_nothing(
    modern: Client, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CACHES = {"default": {"BACKEND": f"{HERE}.BrokenCache"}}

    ask(modern, "uncached")

    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]
