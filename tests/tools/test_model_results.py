"""Django models as results: what is shown of them, and how."""

import datetime
import uuid
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from types import SimpleNamespace
from typing import Annotated, Any, Generic, TypedDict, TypeVar

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Count, F, QuerySet, Value
from django.db.models.functions import Upper
from django.test.utils import isolate_apps
from jsonschema import Draft202012Validator
from pytest_django import DjangoAssertNumQueries

from django_mcp.exceptions import ToolRegistrationError
from django_mcp.testing import MCPClient
from example_project.expenses.models import Category, Expense
from tests.calls import offering
from tests.shop.models import Order, Product, Remark
from tests.tools.single_tools import receive, resolved, returning

pytestmark = pytest.mark.django_db

SECRET = "hunter2-s3cret"
T = TypeVar("T")


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
            def anything(self) -> Any:
                return [1, "a"]

            @property
            def untold(self):  # type: ignore[no-untyped-def]  # noqa: ANN202
                return [1, "a"]

            @property
            def whereabouts(self) -> Depot | None:
                return self.depot  # type: ignore[no-any-return]

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


@pytest.mark.implementation
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
        assert MCPClient().call("add").structured == {"price": "2.00", "stock": 3}


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
        "state": ({**STRING, "enum": ["sent"], "description": "sent: Sent"}, "sent"),
        "get_state_display": (STRING, "Sent"),
        "weight": ({"type": "number"}, 1.5),
        "fee": (STRING, "9.50"),
        "fragile": (optional({"type": "boolean"}), None),
        "due": ({"type": "string", "format": "date-time"}, "2026-01-31T12:00:00Z"),
        "opens": (STRING, "08:30:00"),
        "lasts": (STRING, "PT1H"),
        "facts": ({}, {"a": [1]}),
        "photo": (optional(STRING), "/b.png"),
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
    schema = resolved(returning(Parcel, None), fields=list(expected)).output_schema
    result = receive(Parcel, parcel, fields=list(expected))

    assert schema is not None
    assert schema["properties"] == {name: declared for name, (declared, _) in expected.items()}
    assert result.structured == {name: value for name, (_, value) in expected.items()}


def test_relation_that_is_empty_on_the_way_is_null(parcels: SimpleNamespace) -> None:
    fields = ["depot", "depot__code", "photo"]
    result = receive(parcels.Parcel, parcels.Parcel(), fields=fields)

    assert result.structured == {"depot": None, "depot__code": None, "photo": None}


def test_other_side_of_a_one_to_one_relation_may_be_absent(parcels: SimpleNamespace) -> None:
    parcel = parcels.Parcel(pk=None)
    fields = ["receipt__signed_by"]
    before = receive(parcels.Parcel, parcel, fields=fields)
    parcels.Receipt(parcel=parcel, signed_by="ann")
    after = receive(parcels.Parcel, parcel, fields=fields)

    assert before.structured == {"receipt__signed_by": None}
    assert after.structured == {"receipt__signed_by": "ann"}


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("untold", "field 'untold': the property of Parcel needs a return annotation"),
        ("whereabouts", "field 'whereabouts' has no JSON form: Unable to generate"),
        ("parcel", "field 'parcel': Parcel has no such field or property"),
        ("get_depot_display", "field 'get_depot_display': Parcel has no such field or property"),
        ("get_state_display__x", "Parcel has no field 'get_state_display'"),
        ("receipt__parcel__no", "field 'receipt__parcel__no': Parcel has no such field or"),
        ("depot__parcel_set__depot__parcel_set", "goes through two relations to many"),
    ],
)
def test_what_cannot_be_shown_is_refused(
    field: str, problem: str, parcels: SimpleNamespace
) -> None:
    with pytest.raises(ToolRegistrationError) as caught:
        resolved(returning(parcels.Parcel, None), fields=[field])

    assert problem in str(caught.value)


def test_key_that_may_lead_to_any_model_is_shown_by_its_two_fields() -> None:
    with pytest.raises(ToolRegistrationError) as caught:
        resolved(returning(Remark, None), fields=["about"])
    remark = Remark(object_id=3, content_type_id=4)

    assert str(caught.value).endswith(
        "field 'about': 'about' of Remark may lead to any model; show its key by 'content_type' "
        "and 'object_id', or more of it by a property"
    )
    assert receive(Remark, remark, fields=["content_type", "object_id"]).data == {
        "content_type": 4,
        "object_id": 3,
    }


def test_relation_without_a_column_is_shown_by_what_it_leads_to() -> None:
    with isolate_apps("tests.shop"):

        class Spot(models.Model):  # noqa: DJ008
            shelf = models.IntegerField()
            place = models.IntegerField()

            class Meta:
                app_label = "shop"
                unique_together = (("shelf", "place"),)

        class Item(models.Model):  # noqa: DJ008
            shelf = models.IntegerField(default=1)
            place = models.IntegerField(default=2)
            spot = models.ForeignObject(
                Spot,
                models.CASCADE,
                from_fields=["shelf", "place"],
                to_fields=["shelf", "place"],
                related_name="items",
            )

            class Meta:
                app_label = "shop"

        with pytest.raises(ToolRegistrationError) as caught:
            resolved(returning(Item, None), fields=["spot"])
        item = Item(spot=Spot(id=7, shelf=1, place=2))
        schema = resolved(returning(Item, None), fields=["spot__id"]).output_schema

        assert str(caught.value).endswith(
            "field 'spot' of Item has no column of its own: show 'shelf', 'place', or fields of "
            "Spot by 'spot__...'"
        )
        assert schema is not None
        assert schema["properties"] == {"spot__id": optional(INTEGER)}
        assert receive(Item, item, fields=["spot__id"]).data == {"spot__id": 7}


def test_key_of_the_other_side_of_a_one_to_one_relation_is_shown(parcels: SimpleNamespace) -> None:
    parcel = parcels.Parcel(pk=None)
    before = receive(parcels.Parcel, parcel, fields=["receipt"])
    parcels.Receipt(pk=5, parcel=parcel)
    after = receive(parcels.Parcel, parcel, fields=["receipt"])

    assert (before.data, after.data) == ({"receipt": None}, {"receipt": 5})


def test_mapping_names_what_is_shown(order: Order) -> None:
    fields = {"assignee": "buyer__username", "sku": "product__sku", "quantity": "quantity"}
    schema = resolved(returning(Order, None), fields=fields).output_schema
    expected = {"assignee": "ann", "sku": "a-1", "quantity": 2}

    assert schema is not None
    assert schema["properties"] == {"assignee": STRING, "sku": STRING, "quantity": INTEGER}
    assert receive(Order, order, fields=fields).data == expected
    for rows in (
        Order.objects.all,
        lambda: Order.objects.select_related("product", "buyer"),
        lambda: [order],
        lambda: Order.objects.values("buyer__username", "product__sku", "quantity"),
        lambda: Order.objects.values("quantity", assignee=F("buyer__username"), sku=Value("a-1")),
    ):
        assert receive(list[Order], rows, fields=fields).data == [expected]


def counted() -> QuerySet[Product]:
    return Product.objects.annotate(n=Count("orders"))


class Counts(TypedDict):
    n: int


class Annotations(Generic[T]):
    """As django-stubs has it."""


class CountedProduct(Product):
    """A product whose class says what a queryset annotates."""

    n: int

    class Meta:
        proxy = True
        app_label = "shop"


@pytest.mark.parametrize(
    ("annotation", "shown"),
    [
        (list[Product], {}),
        (QuerySet[Product], {}),
        (list[Annotated[Product, Counts]], INTEGER),
        (Sequence[Annotated[Product, "all", Annotations[Counts]]], INTEGER),
    ],
)
def test_annotation_of_a_queryset_is_shown(
    order: Order, annotation: Any, shown: dict[str, Any]
) -> None:
    fields = ["sku", "n"]
    schema = resolved(returning(annotation, None), fields=fields).output_schema
    result = receive(annotation, counted, fields=fields)

    assert schema is not None
    assert schema["properties"]["result"]["items"]["properties"]["n"] == shown
    assert result.data == [{"sku": "a-1", "n": 1}]


def test_annotation_of_one_row_needs_its_type(order: Order) -> None:
    fields = {"count": "n"}
    with pytest.raises(ToolRegistrationError, match="is declared in the body of the class"):
        resolved(returning(Product, None), fields=fields)

    for annotation in (Annotated[Product, Counts], Annotated[Product, Counts] | None):
        assert receive(annotation, lambda: counted().get(), fields=fields).data == {"count": 1}
    declared = receive(
        CountedProduct,
        lambda: CountedProduct.objects.annotate(n=Count("orders")).get(),
        fields=fields,
    )
    assert declared.data == {"count": 1}


def test_field_that_no_queryset_annotated_is_named_in_the_log(
    order: Order, caplog: pytest.LogCaptureFixture
) -> None:
    result = receive(list[Product], Product.objects.all, fields=["sku", "n"])

    assert result.text.startswith("The call failed.")
    assert "Product has no field 'n', and no queryset annotated it" in caplog.text


def test_path_that_no_annotation_has_checked_is_named_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Remark.objects.create(
        object_id=1, content_type=ContentType.objects.get_for_model(Product), words="x"
    )
    result = receive(QuerySet[Remark], Remark.objects.all, fields=["about"])

    assert result.text.startswith("The call failed.")
    assert "'about' of Remark may lead to any model" in caplog.text


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
        f"The call failed. The operators can find the cause under {result.call_id}."
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
