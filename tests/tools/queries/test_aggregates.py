"""Aggregates of `query_tool`: over all rows that match, and no others."""

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Avg, Count, DecimalField, F, Max, Min, Q, QuerySet, Sum

from django_mcp.tools.tool import Tool
from tests.shop.models import Shipment, Tag
from tests.tools.queries.shipments import query, querying, shipment

AGGREGATES: dict[str, Any] = {
    "count": Count("pk"),
    "fees": Sum("fee"),
    "fee": Max("fee"),
    "mean": Avg("weight"),
    "last": Max("sent_at"),
    "lasting": Sum("lasts"),
    "lowest": Min("priority"),
    "code": Min("code"),
    "sent": Count("pk", filter=Q(status="sent")),
    "nothing_less": Sum("fee", default=0),
    "worth": Sum(F("fee") * F("pieces"), output_field=DecimalField(decimal_places=2)),
    "price": Max("product__price"),
}


@pytest.fixture
def shipments(ann: User, bob: User) -> None:
    moment = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
    for number in range(1, 4):
        parcel = shipment(
            f"a{number}",
            fee=f"{number}.50",
            weight=number,
            sent_at=moment,
            lasts=datetime.timedelta(hours=number),
            pieces=2,
            status="sent" if number == 3 else "packed",
        )
        parcel.tags.set([Tag.objects.create(name=each) for each in "xyz"])
    hidden = shipment("b1", owner="bob", fee=1000, weight=1000)
    hidden.tags.set(Tag.objects.filter(name="x"))


def aggregates(user: User, **arguments: Any) -> Any:
    result = query(user, **arguments)
    assert not result.is_error, result.text
    return result.structured["aggregates"]


def test_aggregates_are_of_all_rows_that_the_caller_may_see(ann: User, shipments: None) -> None:
    with querying(aggregates=AGGREGATES, order_by=["code"]):
        found = aggregates(ann, limit=1)

    assert found == {
        "count": 3,
        "fees": "7.50",
        "fee": "3.50",
        "mean": 2.0,
        "last": "2026-01-31T12:00:00Z",
        "lasting": "PT6H",
        "lowest": 1,
        "code": "a1",
        "sent": 1,
        "nothing_less": "7.50",
        "worth": "15.00",
        "price": "1.00",
    }


def test_aggregates_are_the_same_on_every_page(ann: User, shipments: None) -> None:
    with querying(aggregates={"fees": Sum("fee")}, order_by=["code"]):
        first = query(ann, limit=2)
        second = query(ann, limit=2, cursor=first.structured["next"])

    assert first.structured["aggregates"] == second.structured["aggregates"] == {"fees": "7.50"}
    assert second.structured["next"] is None


def test_aggregates_are_of_the_rows_that_match_each_counted_once(
    ann: User, shipments: None
) -> None:
    filters = {"tags__name": "in", "fee": "gte"}

    with querying(aggregates={"count": Count("pk"), "fees": Sum("fee")}, filters=filters):
        found = aggregates(ann, tags__name__in=["x", "y", "z"], fee__gte=2)

    assert found == {"count": 2, "fees": "6.00"}


def test_aggregates_of_no_rows_are_null_or_zero(ann: User, shipments: None) -> None:
    with querying(aggregates=AGGREGATES, filters=["code"]):
        found = aggregates(ann, code="none")

    zero = {"count": 0, "sent": 0, "nothing_less": "0.00"}
    assert found == {**dict.fromkeys(AGGREGATES), **zero}


def test_what_a_queryset_annotates_multiplies_no_aggregate(ann: User, shipments: None) -> None:
    def with_tags(user: User) -> QuerySet[Shipment]:
        own = Shipment.objects.filter(product__sku__startswith=user.username)
        return own.annotate(total=Count("tags")).distinct()

    with querying(queryset=with_tags, aggregates={"count": Count("pk"), "total": Sum("fee")}):
        found = aggregates(ann)

    assert found == {"count": 3, "total": "7.50"}


def test_the_output_schema_has_the_types_of_aggregates() -> None:
    with querying(aggregates=AGGREGATES) as registry:
        (tool,) = registry.of(Tool).values()

    assert tool.output_schema is not None
    assert tool.output_schema["required"] == ["result", "next", "aggregates"]
    found = tool.output_schema["properties"]["aggregates"]
    text, number = {"type": "string"}, {"type": "number"}

    def nullable(schema: dict[str, str]) -> dict[str, Any]:
        return {"anyOf": [schema, {"type": "null"}]}

    assert found["required"] == list(AGGREGATES)
    assert found["properties"] == {
        "count": {"type": "integer"},
        "fees": nullable(text),
        "fee": nullable(text),
        "mean": nullable(number),
        "last": nullable({"type": "string", "format": "date-time"}),
        "lasting": nullable(text),
        "lowest": nullable({"type": "integer"}),
        "code": nullable(text),
        "sent": {"type": "integer"},
        "nothing_less": text,
        "worth": nullable(text),
        "price": nullable(text),
    }
