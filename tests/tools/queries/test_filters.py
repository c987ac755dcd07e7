"""Parameters of `query_tool`: the look-ups of each field, typed and within what columns hold."""

import datetime
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, models
from django.db.models import Count, Sum
from django.test.utils import isolate_apps
from pytest_django import Settings

from django_mcp.tools.tool import Tool
from tests.shop.models import Product, Remark, Shipment, Tag
from tests.tools.queries.shipments import codes, query, querying, shipment

KEY = uuid.UUID(int=7)
ORDERED = ["exact", "gt", "gte", "lt", "lte", "in", "range", "isnull"]
TEXT = ["exact", "iexact", "contains", "icontains", "startswith", "istartswith", "endswith"]
FILTERS = {
    "product": ["exact", "in", "isnull"],
    "product__name": ["icontains", "iendswith"],
    "replaces__code": "exact",
    "replacement": ["exact", "isnull"],
    "tags": ["exact", "in", "isnull"],
    "tags__name": ["exact", "in"],
    "remarks__words": "icontains",
    "status": ["exact", "in"],
    "priority": ["exact", "gte"],
    "code": [*TEXT, "in", "gt"],
    "contact": "exact",
    "fragile": ["exact", "isnull"],
    "weight": ORDERED,
    "fee": ORDERED,
    "double": "gte",
    "packed_on": [*ORDERED, "year", "year__gte", "month__in", "week_day", "quarter"],
    "sent_at": [*ORDERED, "date", "date__lte", "date__year", "year", "hour", "time__gte"],
    "opens": ["gte", "hour"],
    "lasts": "gte",
    "key": ["exact", "in"],
    "address": ["exact", "startswith"],
    "worth": "exact",
    "country": "exact",
    "pieces": ["exact", "gte", "in"],
    "facts": "isnull",
    "seal": "isnull",
    "photo": "isnull",
}


@pytest.fixture
def shipments(ann: User) -> dict[str, Shipment]:
    """Two of Ann's, and one of Bob's that is like both."""
    tags = [Tag.objects.create(name=name) for name in ("gift", "heavy", "urgent")]
    first = shipment(
        "a1",
        weight=1,
        fee=10,
        packed_on=datetime.date(2026, 1, 31),
        sent_at=datetime.datetime(2026, 1, 31, 23, 30, tzinfo=datetime.UTC),
        opens=datetime.time(8),
        lasts=datetime.timedelta(hours=1),
        key=KEY,
        address="10.0.0.1",
        contact="me",
        fragile=True,
        seal=b"x",
    )
    first.tags.set(tags[:2])
    Remark.objects.create(about=first, words="Handle with care")
    Remark.objects.create(about=first, words="With a bow")
    second = shipment(
        "B2",
        product=Product.objects.create(sku="ann-mug", name="Mug", price=1),
        status="sent",
        priority=2,
        replaces=first,
        weight=2,
        fee=20,
        pieces=3,
    )
    second.tags.set(tags[2:])
    hidden = shipment("b2", owner="bob", fragile=True, packed_on=first.packed_on)
    hidden.tags.set(tags)
    return {"first": first, "second": second}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "a1 B2"),
        ({"product__isnull": False}, "a1 B2"),
        ({"product__name__icontains": "TEA"}, "a1"),
        ({"product__name__iendswith": "ug"}, "B2"),
        ({"replaces__code": "a1"}, "B2"),
        ({"replacement__isnull": False}, "a1"),
        ({"tags__name": "gift"}, "a1"),
        ({"tags__name__in": ["gift", "heavy"]}, "a1"),
        ({"tags__name__in": ["gift", "urgent"]}, "a1 B2"),
        ({"tags__isnull": True}, ""),
        ({"remarks__words__icontains": "with"}, "a1"),
        ({"status": "sent"}, "B2"),
        ({"status__in": ["packed", "sent"]}, "a1 B2"),
        ({"priority": 2}, "B2"),
        ({"priority__gte": 0}, "a1 B2"),
        ({"code": "b2"}, ""),
        ({"code__iexact": "b2"}, "B2"),
        ({"code__startswith": "a"}, "a1"),
        ({"code__icontains": "B"}, "B2"),
        ({"code__in": ["a1", "b2"]}, "a1"),
        ({"code__contains": "%"}, ""),
        ({"contact": "ME"}, "a1"),
        ({"fragile": True}, "a1"),
        ({"fragile__isnull": True}, "B2"),
        ({"weight__gt": 1}, "B2"),
        ({"weight__range": [0.5, 1.5]}, "a1"),
        ({"fee": 10}, "a1"),
        ({"fee__gte": "10.01"}, "B2"),
        ({"fee__range": ["10.00", 20]}, "a1 B2"),
        ({"fee__gte": 10, "fee__lt": 20}, "a1"),
        ({"double__gte": 40}, "B2"),
        ({"packed_on": "2026-01-31"}, "a1"),
        ({"packed_on__isnull": True}, "B2"),
        ({"packed_on__year": 2026}, "a1"),
        ({"packed_on__year__gte": 2027}, ""),
        ({"packed_on__month__in": [1, 2]}, "a1"),
        ({"packed_on__week_day": 7}, "a1"),
        ({"packed_on__quarter": 1}, "a1"),
        ({"sent_at__lte": "2026-01-31T23:30:00Z"}, "a1"),
        ({"sent_at__lte": "2026-01-31T23:30:00+01:00"}, ""),
        ({"sent_at__date": "2026-01-31"}, "a1"),
        ({"sent_at__date__lte": "2026-01-30"}, ""),
        ({"sent_at__date__year": 2026}, "a1"),
        ({"sent_at__hour": 23}, "a1"),
        ({"sent_at__time__gte": "23:00:00"}, "a1"),
        ({"opens__gte": "08:00:00"}, "a1"),
        ({"opens__hour": 8}, "a1"),
        ({"lasts__gte": "PT1H"}, "a1"),
        ({"key": str(KEY)}, "a1"),
        ({"key__in": [str(KEY), str(uuid.UUID(int=8))]}, "a1"),
        ({"address": "10.0.0.1"}, "a1"),
        ({"address__startswith": "10."}, "a1"),
        ({"pieces__in": [3]}, "B2"),
        ({"facts__isnull": False}, "a1 B2"),
        ({"seal__isnull": False}, "a1"),
        ({"photo__isnull": True}, ""),
    ],
    ids=str,
)
def test_filters_select_among_the_rows_that_the_caller_may_see(
    ann: User, shipments: dict[str, Shipment], arguments: dict[str, Any], expected: str
) -> None:
    with querying(filters=FILTERS, order_by=["fee"]):
        result = query(ann, **arguments)

    assert codes(result) == expected


def test_relations_are_compared_by_key(ann: User, shipments: dict[str, Shipment]) -> None:
    first, second = shipments["first"], shipments["second"]
    gift = Tag.objects.get(name="gift")

    with querying(filters=FILTERS, order_by=["fee"]):
        found = [
            codes(query(ann, **arguments))
            for arguments in (
                {"product": second.product_id},
                {"product__in": [first.product_id, second.product_id]},
                {"replacement": second.pk},
                {"tags": gift.pk},
                {"tags__in": [gift.pk, gift.pk + 1]},
            )
        ]

    assert found == ["B2", "a1 B2", "a1", "a1", "a1"]


def test_filters_of_one_relation_to_many_must_hold_of_the_same_row(
    ann: User, shipments: dict[str, Shipment]
) -> None:
    gift, heavy = Tag.objects.get(name="gift"), Tag.objects.get(name="heavy")

    with querying(filters=FILTERS):
        same, others = (query(ann, tags__name="gift", tags=tag.pk) for tag in (gift, heavy))

    assert (codes(same), codes(others)) == ("a1", "")


INVALID = "The arguments are invalid.\n- "


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("product", "a", "must be an integer"),
        ("product", 2**63, "must be a whole number of at most 64 bits"),
        ("tags__in", [2**63], "must be a whole number of at most 64 bits"),
        ("product__in", [], "must have at least 1 item"),
        ("product__in", [1] * 101, "must have at most 100 items"),
        ("product__isnull", 1, "must be true or false"),
        ("product__isnull", "true", "must be true or false"),
        ("status", "lost", "must be one of 'packed' or 'sent'"),
        ("status__in", ["lost"], "must be one of 'packed' or 'sent'"),
        ("priority", 3, "must be one of 1 or 2"),
        ("code", "a\0", "must not hold the character U+0000"),
        ("code__contains", "a\0", "must not hold the character U+0000"),
        ("code__contains", "", "must have at least 1 character"),
        ("code__contains", "a" * 51, "must have at most 50 characters"),
        ("weight__range", [1], "must have at least 2 items"),
        ("weight__range", [1, 2, 3], "must have at most 2 items"),
        ("fee__gte", "9.999", "must have at most 2 decimal places"),
        ("fee__lte", "1e30", "must have at most 7 digits"),
        ("fee", "NaN", "must be a finite number"),
        ("packed_on", "2026-02-30", "must be a date such as 2026-01-31"),
        ("packed_on__year", 10000, "must be at most 9998"),
        ("packed_on__month__in", [13], "must be at most 12"),
        ("sent_at__gte", "0001-01-01T00:00:00+14:00", "must be at least 0001-01-03T00:00:00Z"),
        ("sent_at__lte", "9999-12-31T23:00:00-12:00", "must be at most 9999-12-29T00:00:00Z"),
        ("opens__gte", "08:00:00+02:00", "must have no offset from UTC"),
        ("lasts__gte", "P999999999D", "must be at most 106751991 days and 4 hours and"),
        ("key", "seven", "must be a UUID"),
        ("address", "nowhere", "is no value of this field"),
        ("worth", "one euro", "is no value of this field"),
    ],
)
def test_a_value_that_a_column_cannot_have_is_refused_before_any_query(
    ann: User, name: str, value: Any, reason: str
) -> None:
    with querying(filters=FILTERS):
        result = query(ann, **{name: value})

    assert result.is_error
    assert result.error["kind"] == "invalid_arguments"
    path, _, said = result.text.removeprefix(INVALID).partition(": ")
    assert path.startswith(name)
    assert said.startswith(reason)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("product", 2**63 - 1),
        ("product__in", [-(2**63)]),
        ("weight__gte", 1.7e308),
        ("packed_on__gte", "0001-01-01"),
        ("packed_on__lte", "9999-12-31"),
        ("packed_on__year", 2),
        ("packed_on__year", 9998),
        ("sent_at__year", 2),
        ("sent_at__year", 9998),
        ("sent_at__date", "9999-12-31"),
        ("sent_at__gte", "0001-01-03T00:00:00Z"),
        ("sent_at__lte", "9999-12-29T00:00:00Z"),
        ("lasts__gte", "-P106751990D"),
        ("lasts__gte", "P106751990D"),
        ("code", "a" * 100_000),
        ("code__contains", "%" * 50),
        ("remarks__words__icontains", "😀" * 200),
        ("address", "::1"),
        ("fee__gte", "-99999.99"),
        ("country", "zz"),
    ],
)
def test_values_at_the_edge_of_a_column_are_compared(ann: User, name: str, value: Any) -> None:
    with querying(filters=FILTERS):
        result = query(ann, **{name: value})

    assert codes(result) == ""


@pytest.mark.skipif(connection.vendor == "sqlite", reason="its columns hold 64 bits")
@pytest.mark.parametrize("name", ["pieces", "pieces__gte", "pieces__in", "priority__gte"])
def test_a_number_out_of_the_range_of_its_column_is_refused(ann: User, name: str) -> None:
    with querying(filters=FILTERS):
        result = query(ann, **{name: [2**31] if name.endswith("in") else 2**31})

    assert result.text.partition(": ")[2] == "must be at most 2147483647"


def test_a_naive_datetime_is_one_in_the_time_zone_of_the_project(
    ann: User, shipments: dict[str, Shipment], settings: Settings
) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"

    with querying(filters=FILTERS):
        before, after = (
            query(ann, sent_at__lt=f"2026-02-01T08:{minute}:00") for minute in ("30", "31")
        )

    assert (codes(before), codes(after)) == ("", "a1")


def test_a_look_up_that_is_called_like_a_parameter_of_pages_keeps_its_own_name(db: None) -> None:
    with isolate_apps("tests.shop"):

        class Rule(models.Model):
            limit = models.IntegerField()
            order_by = models.CharField(max_length=9)

            class Meta:
                app_label = "shop"

            def __str__(self) -> str:
                return "a rule"

        with querying(model=Rule, fields=["limit"], filters=["limit", "order_by"]) as registry:
            (tool,) = registry.of(Tool).values()

    names = list(tool.signature.input_schema["properties"])
    assert names == ["limit__exact", "order_by__exact", "limit", "cursor"]


def test_parameters_are_described_for_the_agent(ann: User) -> None:
    filters = {
        "product__name": "icontains",
        "remarks__words": "exact",
        "packed_on": ["year__gte", "range"],
        "status": "in",
        "pieces": "isnull",
    }

    with querying(filters=filters, order_by=["-packed_on", "fee"], page_size=5) as registry:
        (tool,) = registry.of(Tool).values()

    schema = tool.signature.input_schema
    assert "required" not in schema
    assert schema["additionalProperties"] is False
    assert dict(list(schema["properties"].items())[:-1]) == {
        "product__name__icontains": {
            "description": "name of product: with this in it, whatever its case",
            "type": "string",
            "minLength": 1,
            "maxLength": 200,
        },
        "remarks__words": {"description": "words of remarks", "type": "string"},
        "packed_on__year__gte": {
            "description": "year of packed on: at least this",
            "type": "integer",
            "minimum": 2,
            "maximum": 9998,
        },
        "packed_on__range": {
            "description": "packed on: from the first to the second, both included",
            "type": "array",
            "items": {"type": "string", "format": "date"},
            "minItems": 2,
            "maxItems": 2,
        },
        "status__in": {
            "description": "status: any of these",
            "type": "array",
            "items": {
                "description": "packed: Ready to go; sent: On its way",
                "type": "string",
                "enum": ["packed", "sent"],
            },
            "minItems": 1,
            "maxItems": 100,
        },
        "pieces__isnull": {
            "description": "pieces: true for rows without a value, false for those with one",
            "type": "boolean",
        },
        "order_by": {
            "description": "The order of the rows, descending with a `-`.",
            "type": "string",
            "enum": ["-packed_on", "packed_on", "fee", "-fee"],
            "default": "-packed_on",
        },
        "limit": {
            "description": "How many rows to return at most.",
            "type": "integer",
            "minimum": 1,
            "maximum": 5,
            "default": 5,
        },
    }


def test_rows_of_others_are_not_found_by_what_a_relation_says_of_them(ann: User) -> None:
    own = shipment("a1", fee=1)
    shipment("b1", owner="bob", fee=7, replaces=own)

    with querying(
        filters={"product__name": "icontains", "replaces__code": "exact"},
        order_by=["product__name"],
        aggregates={"count": Count("pk"), "fees": Sum("fee")},
    ):
        ordered = query(ann, order_by="-product__name")
        probes = [
            query(ann, product__name__icontains="bob").structured,
            query(ann, replaces__code="a1").structured,
            query(ann, product__name__icontains="nobody").structured,
        ]

    assert codes(ordered) == "a1"
    assert ordered.structured["aggregates"] == {"count": 1, "fees": "1.00"}
    assert probes[0] == probes[1] == probes[2]
    assert probes[0]["result"] == []
