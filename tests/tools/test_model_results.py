"""Django models as results: what is shown of them, and how."""

import datetime
import uuid
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import models
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Upper
from django.test.utils import isolate_apps
from jsonschema import Draft202012Validator
from pytest_django import DjangoAssertNumQueries

from django_mcp.exceptions import ToolRegistrationError
from django_mcp.testing import MCPClient
from example_project.expenses.models import Category, Expense
from tests.calling import offering
from tests.shop.models import Order, Product
from tests.tools.serving import receive, resolved, returning

pytestmark = pytest.mark.django_db

SECRET = "hunter2-s3cret"


@pytest.fixture
def product() -> Product:
    return Product.objects.create(sku="a-1", name="Apple", price="1.50", stock=3)


@pytest.fixture
def order(product: Product) -> Order:
    buyer = User.objects.create_user("ann", password=SECRET, email=SECRET)
    return Order.objects.create(buyer=buyer, product=product, quantity=2)


@pytest.fixture
def parcels() -> Iterator[SimpleNamespace]:
    """Models with a field of every kind, which exist for one test."""
    with isolate_apps("tests.shop"):

        class State(models.TextChoices):
            SENT = "sent"

        class Depot(models.Model):  # noqa: DJ008
            code = models.CharField(max_length=3, primary_key=True)

            class Meta:
                app_label = "shop"

        class Parcel(models.Model):  # noqa: DJ008
            key = models.UUIDField(primary_key=True, default=uuid.UUID(int=1))
            depot = models.ForeignKey(Depot, models.CASCADE, null=True)
            state = models.CharField(max_length=9, choices=State.choices, default=State.SENT)
            weight = models.FloatField(default=1.5)
            fee = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal("1.50"))
            fragile = models.BooleanField(null=True)
            due = models.DateTimeField(
                default=datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
            )
            opens = models.TimeField(default=datetime.time(8, 30))
            lasts = models.DurationField(default=datetime.timedelta(hours=1))
            facts = models.JSONField(default=dict)
            photo = models.FileField(null=True)
            address = models.GenericIPAddressField(default="127.0.0.1")
            shout = models.GeneratedField(
                expression=Upper("state"),
                output_field=models.CharField(max_length=9),
                db_persist=True,
            )

            class Meta:
                app_label = "shop"

            @property
            def double_weight(self) -> float:
                return 2 * self.weight

            @cached_property
            def label(self) -> str:
                return f"to {self.address}"

            @property
            def anything(self):  # type: ignore[no-untyped-def]  # noqa: ANN202
                return [1, "a"]

        class Receipt(models.Model):  # noqa: DJ008
            parcel = models.OneToOneField(Parcel, models.CASCADE, related_name="receipt")
            signed_by = models.CharField(max_length=9, blank=True)

            class Meta:
                app_label = "shop"

        yield SimpleNamespace(Depot=Depot, Parcel=Parcel, Receipt=Receipt, State=State)


INTEGER, STRING = {"type": "integer"}, {"type": "string"}


def optional(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_instance_shows_the_named_fields_alone(order: Order, is_async: bool) -> None:
    fields = ["id", "quantity", "product", "product__sku", "buyer__username", "deliver_on"]
    schema = resolved(returning(Order, None), fields=fields).output_schema
    result = receive(Order, order, is_async=is_async, fields=fields)

    assert schema == {
        "type": "object",
        "title": "Order",
        "properties": {
            "id": INTEGER,
            "quantity": INTEGER,
            "product": INTEGER,
            "product__sku": STRING,
            "buyer__username": STRING,
            "deliver_on": optional({"type": "string", "format": "date"}),
        },
        "required": fields,
    }
    assert result.structured == {
        "id": order.pk,
        "quantity": 2,
        "product": order.product_id,
        "product__sku": "a-1",
        "buyer__username": "ann",
        "deliver_on": None,
    }
    assert SECRET not in result.text


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    "annotation",
    [
        QuerySet,
        QuerySet[Product],
        list[Product],
        Sequence[Product],
        Annotated[list[Product], "all"],
    ],
)
def test_rows_of_a_queryset_or_list_are_shown(
    annotation: Any, is_async: bool, product: Product
) -> None:
    result = receive(annotation, Product.objects.all, is_async=is_async, fields=["sku", "price"])
    schema = resolved(returning(annotation, None), fields=["sku", "price"]).output_schema

    assert result.structured == {"result": [{"sku": "a-1", "price": "1.50"}]}
    assert schema is not None
    Draft202012Validator(schema).validate(result.structured)


@pytest.mark.parametrize(
    ("value", "structured"),
    [(lambda: None, {"result": None}), (lambda: Product(sku="b"), {"result": {"sku": "b"}})],
)
def test_optional_instance_is_wrapped(value: Any, structured: dict[str, Any]) -> None:
    assert receive(Product | None, value, fields=["sku"]).structured == structured


def test_key_of_a_relation_costs_no_query(
    order: Order, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fetched = Order.objects.get()
    output = resolved(returning(Order, None), fields=["product", "pk"]).output
    with django_assert_num_queries(0):
        rendered = output.render(fetched)

    assert rendered.structured == {"product": order.product.pk, "pk": order.pk}


def test_what_was_just_saved_is_shown_as_the_database_has_it() -> None:
    def add() -> Product:
        """Add a product."""
        return Product.objects.create(
            sku="c",
            name="C",
            price=2,
            stock="3",
            added="2026-01-31",  # overwritten by auto_now_add
        )

    with offering(add, fields=["price", "stock"]):
        assert MCPClient().call("add").structured == {"price": "2", "stock": 3}


def test_property_of_a_model_is_shown(parcels: SimpleNamespace) -> None:
    fields = ["double_weight", "label", "anything"]
    schema = resolved(returning(parcels.Parcel, None), fields=fields).output_schema

    assert schema is not None
    assert schema["properties"] == {
        "double_weight": {"type": "number"},
        "label": STRING,
        "anything": {},
    }
    assert receive(parcels.Parcel, parcels.Parcel(), fields=fields).structured == {
        "double_weight": 3.0,
        "label": "to 127.0.0.1",
        "anything": [1, "a"],
    }


def test_fields_of_every_kind_have_their_json_form(parcels: SimpleNamespace) -> None:
    expected: dict[str, tuple[dict[str, Any], Any]] = {
        "pk": ({"type": "string", "format": "uuid"}, str(uuid.UUID(int=1))),
        "depot": (optional(STRING), "ABC"),
        "depot__code": (optional(STRING), "ABC"),
        "state": (STRING, "sent"),
        "weight": ({"type": "number"}, 1.5),
        "fee": (STRING, "9.50"),
        "fragile": (optional({"type": "boolean"}), None),
        "due": ({"type": "string", "format": "date-time"}, "2026-01-31T12:00:00Z"),
        "opens": (STRING, "08:30:00"),
        "lasts": (STRING, "PT1H"),
        "facts": ({}, {"a": [1]}),
        "photo": (optional(STRING), "b.png"),
        "address": (STRING, "127.0.0.1"),
        "shout": (STRING, "SENT"),
    }
    Parcel, Depot = parcels.Parcel, parcels.Depot  # noqa: N806
    parcel = Parcel(
        depot=Depot(code="ABC"),
        facts={"a": [1]},
        photo="b.png",
        fee="9.50",
        state=parcels.State.SENT,
    )
    parcel.shout = "SENT"
    schema = resolved(returning(Parcel, None), fields=expected).output_schema
    result = receive(Parcel, parcel, fields=expected)

    assert schema is not None
    assert schema["properties"] == {name: declared for name, (declared, _) in expected.items()}
    assert result.structured == {name: value for name, (_, value) in expected.items()}


def test_relation_that_is_empty_on_the_way_is_null(parcels: SimpleNamespace) -> None:
    fields = ["depot", "depot__code", "photo"]
    result = receive(parcels.Parcel, parcels.Parcel(), fields=fields)

    assert result.structured == {"depot": None, "depot__code": None, "photo": ""}


def test_other_side_of_a_one_to_one_relation_may_be_absent(parcels: SimpleNamespace) -> None:
    parcel = parcels.Parcel(pk=None)
    fields = ["receipt__signed_by"]
    before = receive(parcels.Parcel, parcel, fields=fields)
    parcels.Receipt(parcel=parcel, signed_by="ann")
    after = receive(parcels.Parcel, parcel, fields=fields)

    assert before.structured == {"receipt__signed_by": None}
    assert after.structured == {"receipt__signed_by": "ann"}


@pytest.mark.parametrize("field", ["receipt", "parcel", "parcel_set"])
def test_what_is_not_one_value_cannot_be_shown(field: str, parcels: SimpleNamespace) -> None:
    model = parcels.Depot if field.startswith("parcel") else parcels.Parcel
    with pytest.raises(ToolRegistrationError) as caught:
        resolved(returning(model, None), fields=[field])

    assert f"field {field!r}" in str(caught.value)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Group, lambda: None),
        (Group, lambda: User(username=SECRET)),
        (Group, lambda: [Group(name=SECRET)]),
        (Group, lambda: SECRET),
        (Group, lambda: {"id": 3, "secret": SECRET}),
        (list[Group], lambda: Group(name=SECRET)),
        (list[Group], lambda: None),
        (list[Group], lambda: [User(id=3, username=SECRET)]),
        (list[Group], lambda: [None]),
        (QuerySet, lambda: [SECRET]),
        (Group | None, lambda: User(username=SECRET)),
        (Group, lambda: Group(id=F("id") + Value(1), name=SECRET)),
    ],
)
def test_anything_else_than_the_declared_model_is_our_failure(annotation: Any, value: Any) -> None:
    result = receive(annotation, value, fields=["id", "name"])

    assert result.text == (
        f"The tool failed. The operators can find the cause under {result.call_id}."
    )


def test_rows_of_values_show_the_named_fields_alone(product: Product) -> None:
    result = receive(list[Product], lambda: Product.objects.values(), fields=["sku"])

    assert result.structured == {"result": [{"sku": "a-1"}]}


def test_rows_of_another_querysets_method_are_shown() -> None:
    category = Category.objects.create(name="Test food")
    owner = User.objects.create_user("ann")
    Expense.objects.create(owner=owner, category=category, amount=Decimal("3.20"), payee="Shop")
    result = receive(
        QuerySet[Expense],
        lambda: Expense.objects.of(owner),
        fields=["amount", "category__name", "category"],
    )

    assert result.data == [
        {
            "amount": "3.20",
            "category__name": "Test food",
            "category": category.pk,
        }
    ]
