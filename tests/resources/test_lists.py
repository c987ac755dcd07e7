"""`resources/list` with the instances of models, in pages of each user's own."""

import asyncio
import datetime
import logging
import threading
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from django_mcp import conf, resource, resource_for
from django_mcp.asgi import Application
from django_mcp.models import CallRecord, ToolGroup
from django_mcp.primitives.declaration import Declaration, collecting
from django_mcp.threads.executors import run_in_worker
from tests.keys import PATH
from tests.resources.guards import PRODUCTS
from tests.resources.models import EVERY, ORDERS, SECRET, broken, orders_of, wrong
from tests.shop.models import Order, Product, Shelf, Shipment
from tests.wire import PATIENCE, Answer, Client, serving

BUSY = "The server is busy.\nWait 1 second before you try again."
INVALID = {"code": -32602, "message": "Invalid cursor"}


@pytest.fixture
def application(db: None, settings: Settings) -> Iterator[Application]:
    """Ann and Bob may read; the group `closed` is off."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    ToolGroup.objects.update_or_create(name="closed", defaults={"enabled": False})
    User.objects.create_user("ann")
    User.objects.create_user("bob")
    with serving(EVERY) as application:
        yield application


@pytest.fixture
def ann(client: Client) -> Client:
    return client.with_key("ann")


@pytest.fixture
def bob(client: Client) -> Client:
    return client.with_key("bob")


@contextmanager
def offering(client: Client, declared: Iterable[Declaration]) -> Iterator[Client]:
    """The same client of a site with other resources."""
    with serving(list(declared)) as application:
        yield client.having(application=application)


def product(sku: str = "tea", **values: Any) -> Product:
    found, _ = Product.objects.get_or_create(
        sku=sku, defaults={"name": sku.title(), "price": 1, **values}
    )
    return found


def orders(username: str, count: int, sku: str = "tea") -> list[Order]:
    buyer, bought = User.objects.get(username=username), product(sku)
    return [
        Order.objects.create(buyer=buyer, product=bought, quantity=number)
        for number in range(count)
    ]


def page(client: Client, cursor: str | None = None) -> dict[str, Any]:
    params = {} if cursor is None else {"cursor": cursor}
    return client.send("resources/list", params).result


def pages(client: Client) -> list[list[dict[str, Any]]]:
    """The resources on each page, read to the end as a client does."""
    found: list[list[dict[str, Any]]] = []
    cursor = None
    while len(found) < 100:
        result = page(client, cursor)
        found.append(result["resources"])
        cursor = result.get("nextCursor")
        if cursor is None:
            return found
    raise AssertionError("the pages never end")


def uris(found: Sequence[Sequence[dict[str, Any]]]) -> list[str]:
    return [each["uri"] for page in found for each in page]


def test_list_has_the_instances_that_a_caller_may_read(ann: Client, bob: Client) -> None:
    (order,), (other,) = orders("ann", 1), orders("bob", 1)
    Shelf.objects.create(hall="north", number=1, label="key-client's")
    Shelf.objects.create(hall="north", number=2, label="of another")
    plain = ["shop://about", "shop://hours"]
    common = ["product://tea", "shelf://north/1"]

    assert uris(pages(ann)) == [*plain, f"order://{order.pk}", *common]
    assert uris(pages(bob)) == [*plain, f"order://{other.pk}", *common]


def test_anonymous_callers_are_listed_what_needs_no_user(client: Client) -> None:
    orders("ann", 1)

    assert uris(pages(client)) == ["shop://about", "shop://hours", "product://tea"]


def test_entry_says_what_its_instance_is(client: Client) -> None:
    (order,) = orders("ann", 1)
    shipped = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    day = datetime.date(2026, 1, 2)
    shipment = Shipment.objects.create(product=order.product, packed_on=day)
    Shipment.objects.filter(pk=shipment.pk).update(changed_at=shipped)

    found = {each["name"]: each for each in page(client.with_key("ann parcels"))["resources"]}

    assert found[f"order/{order.pk}"] == {
        "uri": f"order://{order.pk}",
        "name": f"order/{order.pk}",
        "title": "Tea",
        "description": "0 pieces",
        "mimeType": "application/json",
        "annotations": {"audience": ["user"], "priority": 0.5},
    }
    assert found["product/tea"] == {
        "uri": "product://tea",
        "name": "product/tea",
        "title": "Tea",
        "mimeType": "application/vnd.shop+json",
    }
    assert found[f"parcel/tea/{shipment.key}/2026-01-02"] == {
        "uri": f"parcel://tea/{shipment.key}/2026-01-02",
        "name": f"parcel/tea/{shipment.key}/2026-01-02",
        "title": "shipment of Tea",
        "mimeType": "application/json",
        "annotations": {"lastModified": "2026-01-02T03:04:05+00:00"},
    }


def test_every_entry_can_be_read(client: Client) -> None:
    orders("ann", 2)
    for sku in ("a/b", "c d", "ü", "50%", "?x=1", "#", "a,b", "..", "/etc", "a\x7f", "x" * 40):
        product(sku)
    ann = client.with_key("ann parcels about")

    listed = uris(pages(ann))

    assert len(listed) == 2 + 2 + 12 - 2  # not `..` and `/etc`, which no URI names
    for uri in listed:
        assert "contents" in ann.send("resources/read", {"uri": uri}).result


def test_instances_without_a_value_for_the_uri_are_not_listed(client: Client) -> None:
    Shipment.objects.create(product=product(), packed_on=None)
    product("")

    found = uris(pages(client.with_key("ann parcels")))

    assert found == ["shop://about", "shop://hours", "product://tea"]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 8, 9, 100])
def test_pages_hold_every_resource_once_in_a_fixed_order(
    ann: Client, settings: Settings, size: int
) -> None:
    orders("ann", 3)
    orders("bob", 3)
    for sku in ("a", "b", "c"):
        product(sku)
    whole = pages(ann)
    settings.DJANGO_MCP_LIST_PAGE_SIZE = size

    found = pages(ann)

    assert uris(found) == uris(whole)
    assert len(set(uris(found))) == 9
    assert all(len(each) == size for each in found[:-1])
    assert 0 < len(found[-1]) <= size


def test_pages_follow_the_order_of_the_queryset(client: Client, settings: Settings) -> None:
    made = orders("ann", 5)
    settings.DJANGO_MCP_LIST_PAGE_SIZE = 2
    with collecting() as declared:
        resource_for(
            Order,
            uri="order://{pk}",
            fields=["pk"],
            queryset=lambda user: orders_of(user).order_by("-quantity"),
        )
    with offering(client.with_key("ann"), declared) as ann:
        assert uris(pages(ann)) == [f"order://{each.pk}" for each in reversed(made)]


def test_pages_are_stable_while_rows_come_and_go(ann: Client, settings: Settings) -> None:
    first, second, third, fourth, fifth = orders("ann", 5)
    settings.DJANGO_MCP_LIST_PAGE_SIZE = 4
    begun = page(ann)
    assert begun["resources"][-1]["uri"] == f"order://{second.pk}"
    for each in (first, second, third):
        each.delete()
    (sixth,) = orders("ann", 1)

    rest = page(ann, begun["nextCursor"])

    listed = [f"order://{each.pk}" for each in (fourth, fifth, sixth)]
    assert uris([rest["resources"]]) == [*listed, "product://tea"]


def test_page_after_a_model_that_is_gone_goes_on_with_the_next(
    ann: Client, settings: Settings
) -> None:
    orders("ann", 2)
    settings.DJANGO_MCP_LIST_PAGE_SIZE = 3
    begun = page(ann)
    with offering(ann, [each for each in EVERY if each.key[1] != "order"]) as rest:
        assert uris([page(rest, begun["nextCursor"])["resources"]]) == ["product://tea"]


def test_rows_are_not_listed_without_the_scopes_to_read_them(client: Client) -> None:
    Shipment.objects.create(product=product(), packed_on=datetime.date(2026, 1, 2))

    without, with_scope = pages(client.with_key("ann")), pages(client.with_key("ann parcels"))

    assert len(uris(with_scope)) == len(uris(without)) + 1
    assert "shop://about" in uris(without)  # tells of no row


@pytest.mark.implementation
@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"scopes": ["orders"]}, "ann"),
        ({"permissions": ["shop.view_order"]}, "ann"),
        ({"group": "closed"}, "ann"),
        ({"requires": lambda user: False}, "ann"),
        ({"listed": False}, "ann"),
        ({}, "-"),
    ],
)
def test_no_row_is_looked_for_without_the_rights(
    client: Client, options: dict[str, Any], key: str
) -> None:
    orders("ann", 1)
    with collecting() as declared:
        resource_for(Order, uri="order://{pk}", fields=["pk"], queryset=orders_of, **options)
    with offering(client, declared) as other, CaptureQueriesContext(connection) as queries:
        found = other.with_key(key).send("resources/list").result

    assert found["resources"] == []
    assert not [each for each in queries if "shop_order" in each["sql"]]


@pytest.mark.implementation
def test_page_is_one_query_of_its_rows(ann: Client, settings: Settings) -> None:
    orders("ann", 60)
    with offering(ann, ORDERS) as other:
        other.send("resources/list")  # the snapshot of groups is read
        for size in (5, 50):
            settings.DJANGO_MCP_LIST_PAGE_SIZE = size
            with CaptureQueriesContext(connection) as queries:
                result = other.send("resources/list").result
            rows = [each["sql"] for each in queries if "shop_order" in each["sql"]]

            assert len(result["resources"]) == size
            assert len(rows) == 1
            assert f"LIMIT {size + 1}" in rows[0]


@pytest.mark.implementation
def test_what_entries_show_of_relations_is_joined(ann: Client) -> None:
    for number in range(5):
        orders("ann", 1, sku=str(number))
    ann.send("resources/list")
    with CaptureQueriesContext(connection) as queries:
        ann.send("resources/list")

    assert len([each for each in queries if "shop_order" in each["sql"]]) == 1
    assert len([each for each in queries if "shop_product" in each["sql"]]) == 2  # and their own


def test_cursor_of_another_user_is_invalid(
    ann: Client, bob: Client, client: Client, settings: Settings
) -> None:
    orders("ann", 3)
    settings.DJANGO_MCP_LIST_PAGE_SIZE = 3
    cursor = page(ann)["nextCursor"]

    for other in (bob, client):
        answer = other.send("resources/list", {"cursor": cursor})
        assert answer.error == INVALID


def test_cursor_of_another_list_is_invalid(ann: Client, settings: Settings) -> None:
    orders("ann", 3)
    settings.DJANGO_MCP_LIST_PAGE_SIZE = 3
    cursor = page(ann)["nextCursor"]

    answer = ann.send("resources/templates/list", {"cursor": cursor})

    assert answer.error == INVALID


def test_cursor_that_was_changed_is_invalid(ann: Client, settings: Settings) -> None:
    orders("ann", 3)
    settings.DJANGO_MCP_LIST_PAGE_SIZE = 3
    cursor = page(ann)["nextCursor"]

    for other in (
        cursor[:-1],
        cursor + "A",
        cursor[:40] + ("B" if cursor[40] == "A" else "A") + cursor[41:],
        cursor.lower(),
    ):
        answer = ann.send("resources/list", {"cursor": other})
        assert answer.error == INVALID


def test_cursor_of_another_order_is_invalid(ann: Client, settings: Settings) -> None:
    orders("ann", 3)
    settings.DJANGO_MCP_LIST_PAGE_SIZE = 3
    cursor = page(ann)["nextCursor"]
    with collecting() as declared:
        resource_for(
            Order,
            uri="order://{pk}",
            fields=["pk"],
            queryset=lambda user: orders_of(user).order_by("-quantity"),
        )
    with offering(ann, declared) as other:
        answer = other.send("resources/list", {"cursor": cursor})

    assert answer.error == INVALID


def test_cursor_shows_nothing_of_the_rows(ann: Client, settings: Settings) -> None:
    orders("ann", 3)
    settings.DJANGO_MCP_LIST_PAGE_SIZE = 3

    plain = urlsafe_b64decode(page(ann)["nextCursor"])

    assert b"order" not in plain


def titled(order: Order) -> str:
    raise RuntimeError(SECRET)


def exits(user: User) -> Any:
    raise SystemExit(SECRET)


@pytest.mark.parametrize(
    "options",
    [
        {"queryset": broken},
        {"queryset": wrong},
        {"queryset": exits},
        {"queryset": lambda user: Product.objects.all()[:1]},
        {"queryset": lambda user: Product.objects.values("pk")},
        {"queryset": lambda user: Product.objects.all(), "entry_title": titled},
    ],
)
def test_list_that_cannot_be_made_whole_fails_and_tells_nothing_but_an_id(
    ann: Client, options: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    product()
    with collecting() as declared:
        resource_for(Product, uri="product://{pk}", fields=["sku"], **options)

        @resource("shop://hours")
        def hours() -> str:
            """Opening hours."""
            return "Nine to five"

    with offering(ann, declared) as other, caplog.at_level(logging.ERROR):
        answer = other.send("resources/list")

    assert answer.error["code"] == -32603
    assert answer.error["message"].startswith("Internal error; reference ")
    assert answer.error["message"].rpartition(" ")[2] in caplog.text
    assert SECRET not in answer.text


def test_lists_are_not_on_record(ann: Client) -> None:
    orders("ann", 1)

    page(ann)

    assert not CallRecord.objects.exists()


def test_guards_stand_around_the_rows_of_a_list(
    ann: Client, bob: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_GUARDS = ["tests.resources.guards.Tenant"]
    product("ann-1")
    product("bob-1")
    with offering(ann, PRODUCTS) as of_ann, offering(bob, PRODUCTS) as of_bob:
        assert uris(pages(of_ann)) == ["product://ann-1"]
        assert uris(pages(of_bob)) == ["product://bob-1"]


def test_guard_that_fails_fails_the_list(ann: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_GUARDS = ["tests.resources.guards.Failing"]
    with offering(ann, PRODUCTS) as other:
        answer = other.send("resources/list")

    assert answer.error["message"].startswith("Internal error; reference ")


@pytest.mark.django_db(transaction=True)
def test_list_that_finds_no_thread_is_busy_and_may_be_asked_for_again(
    ann: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_BUSY_AFTER = 0.05
    release, started = threading.Event(), threading.Semaphore(0)

    def hold() -> None:
        started.release()
        assert release.wait(PATIENCE)

    async def scenario() -> Answer:
        threads = [asyncio.create_task(run_in_worker(hold)) for _ in range(conf.settings.THREADS)]
        for _ in threads:
            assert await asyncio.to_thread(started.acquire, timeout=PATIENCE)
        try:
            return await ann.asend("resources/list")
        finally:
            release.set()
            await asyncio.gather(*threads)

    error = asyncio.run(scenario()).error

    assert (error["code"], error["message"]) == (-32603, BUSY)
    assert error["data"]["django-mcp/error"]["kind"] == "busy"
