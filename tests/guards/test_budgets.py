"""Export budgets: what callers may take out in an hour and a day, and what they are told of it."""

import datetime
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from django_mcp import EmbeddedResource, prompt, resource, tool
from django_mcp.asgi import Application
from django_mcp.background.worker import run_task
from django_mcp.endpoints import Endpoint
from django_mcp.models import CallRecord, ToolGroup
from django_mcp.peers import Peer
from django_mcp.policy.groups import sync_groups
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.primitives.declaration import collecting
from django_mcp.principals import Principal
from tests.background import backends
from tests.clients import client as client
from tests.clients import era as era
from tests.clients import modern as modern
from tests.keys import KeyAuthenticator
from tests.shop.models import Product
from tests.wire import Answer, Client, serving

HERE = "tests.guards.test_budgets"
CACHES = "tests.guards.caches"
BOTH = ["list_items", "alist_items"]


computed: list[int] = []


class AppAuthenticator(KeyAuthenticator):
    """Takes the name of the program for the client."""

    def authenticate(self, peer: Peer, endpoint: Endpoint) -> Principal | None:
        principal = super().authenticate(peer, endpoint)
        return principal and replace(principal, client_id=peer.headers.get("user-agent", ""))


with collecting() as DECLARED:

    @tool(group="stock", read_only=True)
    def list_items(count: int) -> list[str]:
        """List some items."""
        return ["item"] * count

    @tool(group="stock", read_only=True)
    async def alist_items(count: int) -> list[str]:
        """List some items, on the loop."""
        return ["item"] * count

    @tool(group="stock")
    def take_items(count: int) -> list[str]:
        """Take some items."""
        Product.objects.create(sku="taken", name="taken", price=1)
        return ["item"] * count

    @tool(group="stock", read_only=True)
    def untyped(count: int):  # type: ignore[no-untyped-def]  # noqa: ANN201
        """List some items, whatever they are."""
        return (f"item {number}" for number in range(count))

    @tool(group="stock", read_only=True)
    def one_item() -> dict[str, list[int]]:
        """Describe one item."""
        return {"sizes": [1, 2, 3]}

    @tool(group="stock", read_only=True, page_size=2, fields=["name"])
    def products() -> list[Product]:
        """List products."""
        return Product.objects.order_by("pk")  # type: ignore[return-value]

    @tool(group="stock", read_only=True, cache=60)
    def kept_items(count: int) -> list[str]:
        """List some items, which are kept."""
        computed.append(count)
        return ["item"] * count

    @tool(group="stock", read_only=True, overflow="truncate")
    def cut_items(count: int) -> list[str]:
        """List some items, as many as there may be."""
        return ["item"] * count

    @tool(group="stock", read_only=True, overflow="link")
    def linked_items(count: int) -> list[str]:
        """List some items, by a link where there are many."""
        return ["item"] * count

    @tool(group="stock", read_only=True)
    def embed() -> EmbeddedResource:
        """Embed all items."""
        return EmbeddedResource(uri="items://3")

    @tool(group="stock", read_only=True, background=True)
    def report(count: int) -> list[str]:
        """List some items, in a while."""
        return ["item"] * count

    @tool(group="other", read_only=True)
    def elsewhere(count: int) -> list[str]:
        """List some items of another group."""
        return ["item"] * count

    @resource("items://{count}", group="stock")
    def items(count: int) -> list[str]:
        """Some items."""
        return ["item"] * count

    @prompt(group="stock")
    def greet() -> list[str]:
        """Greet twice."""
        return ["hello", "world"]


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    computed.clear()
    yield
    caches["default"].clear()


@pytest.fixture
def application(db: None, settings: Settings) -> Iterator[Application]:
    settings.DJANGO_MCP_AUTHENTICATORS = [f"{HERE}.AppAuthenticator"]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.PATH
    backends.held.clear()
    with serving(DECLARED) as application:
        sync_groups()
        yield application


@pytest.fixture
def ann_client(client: Client, ann: User) -> Client:
    return client.with_key("ann")


def limit_group(**columns: int | None) -> None:
    ToolGroup.objects.filter(name="stock").update(**columns)
    forget_snapshot()


def refusal(answer: Answer) -> dict[str, Any]:
    """What an answer says of the error, wherever it stands."""
    message = answer.messages[-1]
    return refusal_in(
        message["result"]["_meta"] if "result" in message else message["error"]["data"]
    )


def refusal_in(place: dict[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = place["django-mcp/error"]
    return facts


def budget_of(answer: Answer) -> list[dict[str, Any]] | None:
    found: list[dict[str, Any]] | None = answer.result["_meta"].get("django-mcp/budget")
    return found


def midnight() -> datetime.datetime:
    today = timezone.now().astimezone(datetime.UTC)
    return today.replace(hour=0, minute=0, second=0, microsecond=0) + datetime.timedelta(days=1)


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("period", ["DAY", "HOUR"])
def test_caller_who_is_past_a_budget_is_told_when_to_go_on(
    ann_client: Client, settings: Settings, name: str, period: str
) -> None:
    setattr(settings, f"DJANGO_MCP_EXPORT_ROWS_PER_{period}", 5)

    delivered = [ann_client.call(name, count=count) for count in (3, 2)]
    refused = ann_client.call(name, count=1)

    assert [each.result["isError"] for each in delivered] == [False, False]
    facts = refusal(refused)
    seconds = {"DAY": 86_400, "HOUR": 3_600}[period]
    retry_after = facts.pop("retry_after")
    assert 0 < retry_after <= seconds
    now = timezone.now().timestamp()
    renews = datetime.datetime.fromtimestamp((now // seconds + 1) * seconds, datetime.UTC)
    assert facts == {
        "kind": "over_budget",
        "error": f"You may take out 5 rows in each {period.lower()}, and have taken out 5.",
        "retryable": True,
        "hint": f"The next {period.lower()} begins on {renews:%Y-%m-%d at %H:%M} UTC.",
    }
    assert CallRecord.objects.latest("pk").outcome == "over_budget"


@pytest.mark.parametrize("name", BOTH)
def test_result_of_a_read_that_would_exceed_the_budget_is_not_delivered_and_not_counted(
    ann_client: Client, settings: Settings, name: str
) -> None:
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 5
    ann_client.call(name, count=3)

    refused = ann_client.call(name, count=3)
    fits = ann_client.call(name, count=2)

    facts = refusal(refused)
    assert facts["error"] == (
        "You may take out 5 rows in each day, and have taken out 3. "
        "This result has 3, and was not delivered."
    )
    assert facts["hint"] == (
        "Ask for less: a narrower search or a smaller page. "
        f"The next day begins on {midnight():%Y-%m-%d at %H:%M} UTC."
    )
    assert b'"item"' not in refused.body
    assert fits.result["structuredContent"] == {"result": ["item", "item"]}


def test_result_that_no_budget_would_ever_hold_is_not_worth_a_wait(
    ann_client: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_EXPORT_ROWS_PER_HOUR = 5
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 20
    for _ in range(4):
        ann_client.call("list_items", count=4)

    facts = refusal(ann_client.call("list_items", count=6))

    assert (facts["kind"], facts["retryable"], facts["retry_after"]) == ("over_budget", False, None)
    assert facts["hint"] == "Ask for less: a narrower search or a smaller page."


def test_budget_of_nothing_lets_nothing_out(ann_client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_EXPORT_BYTES_PER_HOUR = 0

    facts = refusal(ann_client.call("list_items", count=0))

    assert (facts["kind"], facts["retryable"], facts["retry_after"]) == ("over_budget", False, None)


def test_result_of_a_write_is_delivered_and_counted(ann_client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 5

    delivered = ann_client.call("take_items", count=7)
    refused = ann_client.call("take_items", count=1)

    assert delivered.result["structuredContent"] == {"result": ["item"] * 7}
    assert budget_of(delivered) == [
        {
            "unit": "rows",
            "period": "day",
            "scope": "all",
            "used": 7,
            "limit": 5,
            "renews": midnight().isoformat(),
        }
    ]
    assert refusal(refused)["kind"] == "over_budget"
    assert Product.objects.count() == 1


@pytest.mark.parametrize("name", BOTH)
def test_warning_comes_when_four_fifths_are_used(
    ann_client: Client, settings: Settings, name: str
) -> None:
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 10
    settings.DJANGO_MCP_EXPORT_BYTES_PER_DAY = 1_000_000

    answers = [ann_client.call(name, count=count) for count in (7, 1)]

    assert [budget_of(each) for each in answers] == [
        None,
        [
            {
                "unit": "rows",
                "period": "day",
                "scope": "all",
                "used": 8,
                "limit": 10,
                "renews": midnight().isoformat(),
            }
        ],
    ]


EXPORTS: list[tuple[str, str, dict[str, Any], int]] = [
    ("tools/call", "list_items", {"count": 4}, 4),
    ("tools/call", "alist_items", {"count": 0}, 0),
    ("tools/call", "untyped", {"count": 3}, 3),
    ("tools/call", "one_item", {}, 1),
    ("tools/call", "products", {}, 2),
    ("tools/call", "embed", {}, 4),
    ("resources/read", "items://3", {}, 3),
    ("prompts/get", "greet", {}, 1),
]


@pytest.mark.parametrize(("method", "name", "arguments", "rows"), EXPORTS)
def test_rows_are_items_of_lists_and_pages_and_one_for_anything_else(
    ann_client: Client,
    settings: Settings,
    method: str,
    name: str,
    arguments: dict[str, Any],
    rows: int,
) -> None:
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 100
    for number in range(3):
        Product.objects.create(sku=f"{number}", name="product", price=1)
    ann_client.call("list_items", count=80)

    params = {"uri": name} if method == "resources/read" else {"name": name}
    if arguments:
        params["arguments"] = arguments  # type: ignore[assignment]
    answer = ann_client.send(method, params)

    (usage,) = budget_of(answer) or [{}]
    assert usage["used"] == 80 + rows


def test_bytes_are_those_of_text_in_utf8(ann_client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_EXPORT_BYTES_PER_DAY = 32

    (answer, refused) = (ann_client.call("list_items", count=4) for _ in range(2))

    (block,) = answer.result["content"]
    (usage,) = budget_of(answer) or [{}]
    assert (usage["unit"], usage["used"]) == ("bytes", len(block["text"].encode()))
    assert "bytes in each day" in refusal(refused)["error"]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("resources/read", {"uri": "items://3"}),
        ("prompts/get", {"name": "greet"}),
        ("tools/call", {"name": "list_items", "arguments": {"count": 3}}),
    ],
)
def test_reads_gets_and_calls_share_one_budget(
    ann_client: Client, settings: Settings, method: str, params: dict[str, Any]
) -> None:
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 4
    ann_client.call("list_items", count=4)

    refused = ann_client.send(method, params)

    assert refusal(refused)["kind"] == "over_budget"
    assert "You may take out 4 rows" in refusal(refused)["error"]


def test_group_has_a_budget_of_its_own_and_the_strictest_counts(
    ann_client: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 6
    limit_group(rows_per_day=3)

    ann_client.call("list_items", count=3)
    of_group = ann_client.call("list_items", count=1)
    other = ann_client.call("elsewhere", count=3)
    of_all = ann_client.call("elsewhere", count=1)

    assert refusal(of_group)["error"] == (
        "You may take out 3 rows in each day from this group of tools, and have taken out 3."
    )
    assert other.result["structuredContent"] == {"result": ["item"] * 3}
    assert refusal(of_all)["error"] == (
        "You may take out 6 rows in each day, and have taken out 6."
    )


def test_budget_that_an_operator_takes_off_limits_nothing_more(ann_client: Client) -> None:
    limit_group(rows_per_day=1)
    ann_client.call("list_items", count=1)
    refused = ann_client.call("list_items", count=1)
    limit_group(rows_per_day=None)

    assert refusal(refused)["kind"] == "over_budget"
    assert not ann_client.call("list_items", count=1).result["isError"]


def test_users_and_clients_are_counted_apart(
    client: Client, settings: Settings, ann: User, bob: User
) -> None:
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 2
    callers = [
        client.with_key("ann"),
        client.with_key("bob"),
        client.with_key("ann").having(headers={"User-Agent": "other/1"}),
        client,
        client.having(scope={"client": ("203.0.113.10", 40000)}),
    ]

    answers = [[each.call("list_items", count=2) for each in callers] for _ in range(2)]

    assert all(not each.result["isError"] for each in answers[0])
    assert {refusal(each)["kind"] for each in answers[1]} == {"over_budget"}


def test_answer_from_the_cache_counts_as_well(ann_client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 5

    answers = [ann_client.call("kept_items", count=2) for _ in range(3)]

    assert len(computed) == 1
    assert answers[1].result["structuredContent"] == {"result": ["item"] * 2}
    assert refusal(answers[2])["kind"] == "over_budget"
    assert b'"item"' not in answers[2].body


def test_repeated_answer_counts_as_well(ann_client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 10
    params = {"name": "take_items", "arguments": {"count": 4}}
    meta = {"django-mcp/idempotency-key": "one"}

    answers = [ann_client.send("tools/call", params, meta=meta) for _ in range(4)]

    assert Product.objects.count() == 1
    assert answers[1].result["_meta"]["django-mcp/repeated"] is True
    (usage,) = budget_of(answers[1]) or [{}]
    assert usage["used"] == 8
    assert [each.result["isError"] for each in answers] == [False, False, False, True]
    assert refusal(answers[3])["kind"] == "over_budget"


def test_rows_that_were_cut_off_do_not_count(ann_client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 4
    settings.DJANGO_MCP_MAX_ROWS = 4

    answer = ann_client.call("cut_items", count=9)

    assert answer.result["structuredContent"] == {"result": ["item"] * 4}
    (usage,) = budget_of(answer) or [{}]
    assert usage["used"] == 4


def test_rows_of_a_stored_result_count_with_the_link_and_its_bytes_when_it_is_read(
    ann_client: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 10
    settings.DJANGO_MCP_EXPORT_BYTES_PER_DAY = 1_000
    settings.DJANGO_MCP_MAX_ROWS = 4

    linked = ann_client.call("linked_items", count=9)
    (link,) = (each for each in linked.result["content"] if each["type"] == "resource_link")
    settings.DJANGO_MCP_EXPORT_BYTES_PER_DAY = 1
    unread = ann_client.send("resources/read", {"uri": link["uri"]})
    settings.DJANGO_MCP_EXPORT_BYTES_PER_DAY = 1_000_000
    read = ann_client.send("resources/read", {"uri": link["uri"]})
    refused = ann_client.call("linked_items", count=1)

    (usage,) = budget_of(linked) or [{}]
    assert usage["used"] == 9
    assert refusal(unread)["kind"] == "over_budget"
    assert read.result["contents"][0]["text"].count("item") == 9
    assert refusal(refused)["kind"] == "over_budget"


def test_background_call_counts_where_it_is_run(
    modern: Client, settings: Settings, ann: User
) -> None:
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 5
    tasker = modern.with_key("ann").with_tasks()

    tasks = [tasker.call("report", count=count).result["taskId"] for count in (2, 4)]
    for key, _ in backends.held:
        run_task(key, worker="a worker")
    found = [tasker.send("tasks/get", {"taskId": each}).result for each in tasks]
    following = [tasker.call("list_items", count=count) for count in (3, 1)]

    assert [each["status"] for each in found] == ["completed", "failed"]
    assert refusal_in(found[1]["error"]["data"])["kind"] == "over_budget"
    assert not following[0].result["isError"]
    assert refusal(following[1])["kind"] == "over_budget"


@pytest.mark.parametrize("cache", ["BrokenCache", "LosingCache"])
@pytest.mark.parametrize(
    ("policy", "name", "is_served"),
    [
        ("reads", "list_items", True),
        ("all", "list_items", True),
        ("none", "list_items", False),
        ("all", "take_items", True),
    ],
)
def test_calls_pass_as_the_setting_says_while_the_cache_is_away(
    ann_client: Client,
    settings: Settings,
    cache: str,
    policy: str,
    name: str,
    is_served: bool,
) -> None:
    settings.CACHES = {"default": {"BACKEND": f"{CACHES}.{cache}"}}
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 5
    settings.DJANGO_MCP_RATES_FAIL_OPEN = policy

    answer = ann_client.call(name, count=3)

    assert answer.result["isError"] != is_served
    if not is_served:
        assert refusal(answer)["kind"] == "busy"
        assert b'"item"' not in answer.body


@pytest.mark.parametrize("cache", [f"{CACHES}.BrokenCache", f"{CACHES}.SilentCache"])
def test_write_is_refused_before_it_is_run_while_the_cache_is_away(
    ann_client: Client, settings: Settings, cache: str
) -> None:
    settings.CACHES = {"default": {"BACKEND": cache}}
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 5

    answer = ann_client.call("take_items", count=3)

    assert refusal(answer)["kind"] == "busy"
    assert not Product.objects.exists()


def test_write_that_was_run_is_delivered_although_the_cache_went_away(
    ann_client: Client, settings: Settings
) -> None:
    settings.CACHES = {"default": {"BACKEND": f"{CACHES}.LosingCache"}}
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 5

    answer = ann_client.call("take_items", count=3)

    assert answer.result["structuredContent"] == {"result": ["item"] * 3}
    assert Product.objects.count() == 1


@pytest.mark.implementation
@pytest.mark.parametrize("name", BOTH)
def test_without_a_budget_nothing_touches_the_cache_and_nothing_more_is_queried(
    ann_client: Client, settings: Settings, name: str
) -> None:
    def queries() -> int:
        forget_snapshot()
        with CaptureQueriesContext(connection) as captured:
            assert not ann_client.call(name, count=1).result["isError"]
        return len(captured)

    queries()
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 100
    limited = queries()
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = None
    settings.CACHES = {"default": {"BACKEND": f"{CACHES}.BrokenCache"}}
    settings.DJANGO_MCP_RATES_FAIL_OPEN = "none"

    assert queries() == limited
