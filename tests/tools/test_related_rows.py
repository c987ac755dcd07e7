"""Relations to many rows in results: their keys or fields, bounded, and in few queries."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Prefetch, QuerySet
from django.test.utils import CaptureQueriesContext

from tests.shop.models import Order, Product, Remark, Shipment, Tag
from tests.tools.single_tools import receive, resolved, returning

pytestmark = pytest.mark.django_db

FIELDS = {
    "tags": "tags",
    "tag_names": "tags__name",
    "remarks": "remarks__words",
    "orders": "product__orders__quantity",
    "buyers": "product__orders__buyer__username",
}


@pytest.fixture
def shipments(django_user_model: Any) -> list[Shipment]:
    """Three shipments of two products: the first has two tags, a remark and two orders."""
    ann = django_user_model.objects.create_user("ann")
    apple, bread = (Product.objects.create(sku=sku, name=sku, price=1) for sku in ("a-1", "b-2"))
    for quantity in (1, 2):
        Order.objects.create(buyer=ann, product=apple, quantity=quantity)
    found = [Shipment.objects.create(product=product) for product in (apple, bread, bread)]
    found[0].tags.set(tags := [Tag.objects.create(name=name) for name in ("cold", "big")])
    found[1].tags.set(tags[1:])
    remark(found[0], "careful")
    return found


def remark(shipment: Shipment, words: str) -> None:
    kind = ContentType.objects.get_for_model(Shipment)
    Remark.objects.create(content_type=kind, object_id=shipment.pk, words=words)


def shown(value: Any, fields: Any = FIELDS, *, annotation: Any = list[Shipment]) -> Any:
    result = receive(annotation, value, fields=fields)
    assert not result.is_error, result.text
    return result.data


EXPECTED: list[dict[str, Any]] = [
    {
        "tag_names": ["cold", "big"],
        "remarks": ["careful"],
        "orders": [1, 2],
        "buyers": ["ann", "ann"],
    },
    {"tag_names": ["big"], "remarks": [], "orders": [], "buyers": []},
    {"tag_names": [], "remarks": [], "orders": [], "buyers": []},
]


def queries(rows: Callable[[], Any], fields: Any = FIELDS) -> int:
    with CaptureQueriesContext(connection) as captured:
        shown(rows, fields)
    return len([each for each in captured.captured_queries if "shop_" in each["sql"]])


@pytest.mark.parametrize(
    "rows",
    [
        lambda: Shipment.objects.order_by("pk"),
        lambda: list(Shipment.objects.order_by("pk")),
        lambda: Shipment.objects.order_by("pk").select_related("product"),
        lambda: Shipment.objects.order_by("pk").prefetch_related("tags", "product__orders"),
    ],
    ids=["queryset", "list", "joined", "prefetched"],
)
def test_rows_of_relations_to_many_are_lists(
    shipments: list[Shipment], rows: Callable[[], Any]
) -> None:
    keys = [[each.pk for each in shipment.tags.order_by("pk")] for shipment in shipments]

    assert shown(rows) == [{**row, "tags": tags} for row, tags in zip(EXPECTED, keys, strict=True)]


def test_one_instance_shows_its_relations_too(shipments: list[Shipment]) -> None:
    fields = dict(list(FIELDS.items())[1:])
    schema = resolved(returning(Shipment, None), fields=fields).output_schema

    assert schema is not None
    assert schema["properties"]["tag_names"] == {"type": "array", "items": {"type": "string"}}
    assert schema["properties"]["orders"] == {"type": "array", "items": {"type": "integer"}}
    assert shown(shipments[0], fields, annotation=Shipment) == EXPECTED[0]
    assert shown(Shipment(), ["tags"], annotation=Shipment) == {"tags": []}


@pytest.mark.implementation
def test_number_of_queries_does_not_grow_with_the_rows(shipments: list[Shipment]) -> None:
    def rows() -> QuerySet[Shipment]:
        return Shipment.objects.select_related("product")

    before = queries(rows)
    for _ in range(5):
        copy = Shipment.objects.create(product=Product.objects.all()[0])
        copy.tags.set(Tag.objects.all())

    assert before == 4  # shipments, tags, remarks and orders with their buyers
    assert queries(rows) == before


def test_names_of_queries_and_of_instances_both_lead_to_the_other_side(
    shipments: list[Shipment],
) -> None:
    kind = ContentType.objects.get_for_model(Shipment)
    fields = ["remark__words"]
    by_query = receive(list[ContentType], lambda: [kind], fields=fields)
    by_attribute = receive(list[ContentType], lambda: [kind], fields=["remark_set__words"])

    assert by_query.data == [{"remark__words": ["careful"]}]
    assert by_attribute.data == [{"remark_set__words": ["careful"]}]


def test_what_the_tool_has_prefetched_is_shown_as_it_is(shipments: list[Shipment]) -> None:
    def rows() -> QuerySet[Shipment]:
        big = Prefetch("tags", Tag.objects.filter(name="big"))
        return Shipment.objects.order_by("pk").prefetch_related(big)

    assert shown(rows, ["tags__name"]) == [
        {"tags__name": ["big"]},
        {"tags__name": ["big"]},
        {"tags__name": []},
    ]


def test_instance_that_outlives_the_call_shows_its_new_rows(shipments: list[Shipment]) -> None:
    shown(lambda: shipments, ["tags__name"])
    shipments[2].tags.through.objects.create(
        shipment=shipments[2], tag=Tag.objects.get(name="cold")
    )

    assert shown(lambda: shipments, ["tags__name"])[2] == {"tags__name": ["cold"]}


@pytest.mark.parametrize("is_many", [True, False])
@pytest.mark.parametrize("relation", ["tags", "remarks"])
def test_more_rows_than_the_limit_are_refused_in_words(
    shipments: list[Shipment], relation: str, is_many: bool
) -> None:
    for number in range(100 - getattr(shipments[0], relation).count()):
        if relation == "tags":
            shipments[0].tags.add(Tag.objects.create(name=str(number)))
        else:
            remark(shipments[0], str(number))
    annotation, value = (
        (list[Shipment], Shipment.objects.all) if is_many else (Shipment, shipments[0])
    )
    just_enough = receive(annotation, value, fields=[relation])
    if relation == "tags":
        shipments[0].tags.add(Tag.objects.create(name="one more"))
    else:
        remark(shipments[0], "one more")
    too_many = receive(annotation, value, fields=[relation])

    first = just_enough.data[0] if is_many else just_enough.data
    assert len(first[relation]) == 100
    assert too_many.is_error
    assert too_many.text.splitlines()[0] == (
        f"A shipment has more than 100 {relation}, which is too many to show with it."
    )


@pytest.mark.implementation
def test_no_more_rows_are_fetched_than_tell_that_there_are_too_many(
    shipments: list[Shipment],
) -> None:
    tags = Tag.objects.bulk_create([Tag(name=str(number)) for number in range(300)])
    shipments[1].tags.set(tags)
    with CaptureQueriesContext(connection) as captured:
        result = receive(list[Shipment], Shipment.objects.all, fields=["tags"])

    (sql,) = [each["sql"] for each in captured.captured_queries if "shop_tag" in each["sql"]]
    assert result.is_error
    assert "ROW_NUMBER()" in sql
    assert "<= 101" in sql
