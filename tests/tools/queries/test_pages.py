"""Pages of `query_tool`: of the caller's own rows, in stable orders, by few queries."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Count, QuerySet, Sum
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from django_mcp import Principal
from django_mcp.asgi import Application
from django_mcp.exceptions import UnknownToolError
from django_mcp.models import CallRecord
from django_mcp.testing import MCPClient
from tests.clients import client as client
from tests.clients import era as era
from tests.keys import PATH
from tests.shop.models import Order, Product, Shelf, Shipment, Tag
from tests.tools.queries.shipments import NAME, codes, declared, query, querying, shipment
from tests.wire import Client, serving


def pages(user: User, **arguments: Any) -> list[str]:
    """The codes of each page, until there is no next."""
    found, cursor = [], None
    while True:
        given = arguments if cursor is None else {**arguments, "cursor": cursor}
        result = query(user, **given)
        found.append(codes(result))
        cursor = result.structured["next"]
        if cursor is None:
            return found


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements on the tables of the shop that the block runs, known at its end."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    found += [each["sql"] for each in captured.captured_queries if "shop_" in each["sql"]]


@pytest.fixture
def shipments(ann: User, bob: User) -> None:
    """Five of Ann's, with ties and nulls, and one of Bob's."""
    days = [datetime.date(2026, 1, 2), None, datetime.date(2026, 1, 1), None]
    for number in range(5):
        parcel = shipment(f"a{number}", fee=number // 2, packed_on=days[number % 4])
        parcel.tags.set([Tag.objects.create(name=f"{number}-{each}") for each in "xy"])
    shipment("b0", owner="bob")


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("packed_on", ["a2 a0", "a4 a1", "a3"]),
        ("-packed_on", ["a4 a0", "a2 a3", "a1"]),
        ("fee", ["a0 a1", "a2 a3", "a4"]),
        ("-fee", ["a4 a3", "a2 a1", "a0"]),
        ("product__name", ["a0 a1", "a2 a3", "a4"]),
        ("-product__name", ["a4 a3", "a2 a1", "a0"]),
        ("product", ["a0 a1", "a2 a3", "a4"]),
    ],
)
def test_pages_in_each_order_have_each_row_once(
    ann: User, shipments: None, order: str, expected: list[str]
) -> None:
    with querying(order_by=["packed_on", "fee", "product__name", "product"]):
        found = pages(ann, order_by=order, limit=2)

    together = " ".join(found).split()
    if "packed_on" in order:  # databases differ in where nulls stand
        with_day = [each for each in together if each in ("a0", "a2", "a4")]
        assert with_day == [each for each in " ".join(expected).split() if each in with_day]
        assert sorted(together) == ["a0", "a1", "a2", "a3", "a4"]
    else:
        assert found == expected


def test_the_first_order_is_the_default(ann: User, shipments: None) -> None:
    with querying(order_by=["-fee", "code"]):
        default, given = pages(ann), pages(ann, order_by="-fee")

    assert default == given == ["a4 a3 a2 a1 a0"]


def test_without_orders_that_of_the_queryset_is_kept(ann: User, shipments: None) -> None:
    def newest(user: User) -> QuerySet[Shipment]:
        return Shipment.objects.order_by("code").reverse()

    with querying(queryset=newest):
        result = query(ann)
        refused = query(ann, order_by="code")

    assert codes(result) == "b0 a4 a3 a2 a1 a0"
    assert refused.error["kind"] == "invalid_arguments"


def test_an_order_replaces_that_of_a_reversed_queryset(ann: User, shipments: None) -> None:
    def newest(user: User) -> QuerySet[Shipment]:
        return Shipment.objects.order_by("fee").reverse()

    with querying(queryset=newest, order_by=["code"]):
        assert pages(ann, limit=4) == ["a0 a1 a2 a3", "a4 b0"]


def test_a_row_that_matches_by_many_others_is_on_one_page_once(ann: User, shipments: None) -> None:
    filters = {"tags__name": ["in", "startswith", "contains"]}

    with querying(filters=filters, order_by=["code"], aggregates={"count": Count("pk")}):
        found = pages(ann, tags__name__contains="-", limit=2)
        count = query(ann, tags__name__contains="-").structured["aggregates"]

    assert (found, count) == (["a0 a1", "a2 a3", "a4"], {"count": 5})


@pytest.mark.parametrize("count", [1, 5])
def test_a_page_costs_two_queries_with_aggregates_and_relations(
    ann: User, shipments: None, count: int
) -> None:
    options: dict[str, Any] = {
        "fields": {"code": "code", "sku": "product__sku", "of": "replaces__product__name"},
        "filters": {"tags__name": "contains", "product__name": "icontains"},
        "order_by": ["product__name"],
    }

    with querying(**options, aggregates={"fees": Sum("fee")}):
        with statements() as found:
            result = MCPClient(ann).call(
                NAME, limit=count, tags__name__contains="-", product__name__icontains="tea"
            )
        rows = len(result.structured["result"])
    with querying(**options), statements() as without:
        query(ann, limit=count)

    assert rows == count
    assert ["SUM" in each for each in found] == [True, False]
    assert len(without) == 1


def test_no_relation_is_joined_that_was_not_named(ann: User, shipments: None) -> None:
    with (
        querying(queryset=lambda user: Shipment.objects.all(), order_by=["code"]),
        statements() as found,
    ):
        query(ann)

    (statement,) = found
    assert "JOIN" not in statement


def test_rows_of_relations_to_many_are_shown_by_one_query_more(ann: User, shipments: None) -> None:
    with querying(fields=["code", "tags__name"], order_by=["code"]), statements() as found:
        result = query(ann, limit=2)

    assert len(found) == 2
    assert result.structured["result"] == [
        {"code": "a0", "tags__name": ["0-x", "0-y"]},
        {"code": "a1", "tags__name": ["1-x", "1-y"]},
    ]


def test_a_cursor_is_of_one_caller_and_one_set_of_arguments(
    ann: User,
    bob: User,
    shipments: None,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with querying(filters={"fee": "gte"}, order_by=["code"]):
        cursor = query(ann, limit=1).structured["next"]
        others = [
            query(bob, cursor=cursor),
            query(ann, cursor=cursor, fee__gte=0),
            query(ann, cursor=cursor, order_by="-code"),
        ]

    assert [each.error["kind"] for each in others] == ["invalid_arguments"] * 3


@pytest.fixture
def application(settings: Settings, shipments: None) -> Iterator[Application]:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    options: dict[str, Any] = {
        "filters": {"code": ["exact", "startswith"]},
        "aggregates": {"count": Count("pk")},
        "order_by": ["code"],
    }
    with serving(declared(**options)) as application:
        yield application


def test_each_user_is_served_and_counted_the_own_rows_in_both_eras(client: Client) -> None:
    found = [
        client.with_key(name).call(NAME, code__startswith="b").result["structuredContent"]
        for name in ("ann", "bob")
    ]

    none, one = found
    assert none == {"result": [], "next": None, "aggregates": {"count": 0}}
    assert one == {"result": [{"code": "b0"}], "next": None, "aggregates": {"count": 1}}


def test_a_queryset_of_the_user_hides_the_tool_from_anonymous_callers(client: Client) -> None:
    listed = client.send("tools/list", {}).result["tools"]
    for_ann = client.with_key("ann").send("tools/list", {}).result["tools"]

    assert listed == []
    (tool,) = for_ann
    assert tool["title"] == "Shipments"
    assert tool["description"] == (
        "List the shipments that the caller may see, all or those that match the arguments."
    )
    assert tool["annotations"]["readOnlyHint"] is True


def test_a_queryset_of_the_principal_or_of_nothing_serves_anonymous_callers(
    db: None, shipments: None
) -> None:
    def of_client(principal: Principal) -> QuerySet[Shipment]:
        return Shipment.objects.filter(code=principal.client_id)

    for queryset, expected in ((of_client, ""), (lambda: Shipment.objects, "a0 a1 a2 a3 a4 b0")):
        with querying(queryset=queryset, order_by=["code"]):
            result = MCPClient().call(NAME)

        assert codes(result) == expected


@pytest.mark.parametrize(
    ("queryset", "reason"),
    [
        (lambda: Order.objects.all(), "returned a queryset of Order, and not a queryset of Shi"),
        (lambda: [1], "returned a list, and not a queryset of Shipment"),
        (lambda: Shipment.objects.values("code"), "returned a queryset of values, and not of Shi"),
        (
            lambda: Shipment.objects.all()[:3],
            "cannot be served in pages: it is sliced",
        ),
        (
            lambda: Shipment.objects.all().union(Shipment.objects.all()),
            "the queryset cannot be served in pages: it is a union or the like",
        ),
    ],
)
def test_a_queryset_that_cannot_be_served_fails_and_tells_its_author(
    ann: User, shipments: None, queryset: Any, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with querying(queryset=queryset, filters=["code"]):
        result = query(ann, code="a0")

    assert result.error["kind"] == "failed"
    assert reason not in result.text
    assert reason in caplog.text


def test_a_page_that_is_too_large_is_shortened_where_the_tool_says_so(
    ann: User, shipments: None, settings: Settings
) -> None:
    settings.DJANGO_MCP_MAX_RESULT_BYTES = 600
    options: dict[str, Any] = {"order_by": ["code"], "aggregates": {"count": Count("pk")}}
    for number in range(40):
        shipment(f"c{number}")

    with querying(**options, overflow="truncate"):
        result = query(ann)
    with querying(**options):
        refused = query(ann)

    shown = codes(result).split()
    assert 0 < len(shown) < 45
    assert result.structured["aggregates"] == {"count": 45}
    assert result.structured["next"] is not None
    assert refused.error["kind"] == "too_large"


def test_results_are_kept_for_each_user_where_the_tool_has_a_cache(
    ann: User,
    bob: User,
    shipments: None,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with querying(order_by=["code"], cache=60, invalidate_on=[Shipment]):
        first = query(ann)
        with statements() as found:
            second = query(ann)
        others = query(bob)
        with django_capture_on_commit_callbacks(execute=True):
            shipment("a5")
        third = query(ann)

    assert not found
    assert codes(first) == codes(second) == "a0 a1 a2 a3 a4"
    assert codes(others) == "b0"
    assert codes(third) == "a0 a1 a2 a3 a4 a5"


def test_options_of_all_tools_apply(ann: User, shipments: None) -> None:
    with (
        querying(order_by=["code"], permissions=["shop.view_shipment"]),
        pytest.raises(UnknownToolError, match=r"lacks a permission.*shop\.view_shipment"),
    ):
        query(ann)
    with querying(order_by=["code"], rate="1/m", name=NAME):
        allowed, refused = query(ann), query(ann)

    assert codes(allowed).startswith("a0")
    assert refused.error["kind"] == "rate_limited"


def test_a_call_is_on_record_with_its_rows(ann: User, shipments: None) -> None:
    with querying(order_by=["code"]):
        query(ann, limit=2)

    record = CallRecord.objects.get()
    assert (record.name, record.outcome) == (NAME, "ok")


def test_rows_of_other_models_have_the_names_of_their_own(db: None) -> None:
    Product.objects.create(sku="tea", name="Tea", price=1)
    Shelf.objects.create(hall="A", number=1, label="top")

    with querying(model=Shelf, fields=["label"], queryset=lambda: Shelf.objects, filters=["hall"]):
        result = MCPClient().call("query_shelf", hall="A")

    assert result.structured == {"result": [{"label": "top"}], "next": None}
