"""Query parameters of filter backends, compared with what the views make of them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import django_filters
import jsonschema_rs
import pytest
from django import forms
from django.db.models import F
from django_filters import rest_framework as filters
from rest_framework import generics, serializers
from rest_framework.filters import BaseFilterBackend, OrderingFilter, SearchFilter

from tests.contrib.drf.parameters.views import call, get, query_of, schema_of
from tests.shop.models import Product, Shipment, Tag

KEYS = [UUID(int=number) for number in range(1, 4)]


class ShipmentSerializer(serializers.ModelSerializer[Shipment]):
    class Meta:
        model = Shipment
        fields = ("code", "fee", "status", "double")


class ShipmentList(generics.ListAPIView[Shipment]):
    """The shipments by their codes; `filterset_class` is the tests' own."""

    queryset = Shipment.objects.order_by("code")
    serializer_class = ShipmentSerializer
    pagination_class = None
    filter_backends: Any = (filters.DjangoFilterBackend,)


@pytest.fixture(autouse=True)
def shipments(db: None) -> list[Shipment]:
    """Three shipments that differ in everything."""
    made = []
    tags = [Tag.objects.create(name=name) for name in ("red", "blue", "green")]
    for number in (1, 2, 3):
        product = Product.objects.create(sku=f"P{number}", name=f"Tea {number}", price=number)
        shipment = Shipment.objects.create(
            product=product,
            code=f"s{number}",
            contact="" if number == 3 else f"box{number}",
            status="sent" if number == 3 else "packed",
            priority=number % 2 + 1,
            fragile=(True, False, None)[number - 1],
            weight=number + 0.5,
            fee=Decimal(number * 10),
            packed_on=date(2026, number, 1),
            sent_at=datetime(2026, 1, number, 12, tzinfo=UTC),
            opens=f"0{number}:00",
            lasts=timedelta(hours=number),
            key=KEYS[number - 1],
        )
        shipment.tags.set(tags[: number - 1])
        made.append(shipment)
    return made


def view(filterset: Any = None, **attributes: Any) -> Any:
    """A view with a FilterSet."""
    return type("View", (ShipmentList,), {"filterset_class": filterset, **attributes})


def codes(data: Any) -> list[str]:
    return [row["code"] for row in data]


class LookUps(filters.FilterSet):
    class Meta:
        model = Shipment
        fields = {
            "code": ["exact", "icontains", "in"],
            "fee": ["exact", "gte", "lt", "range", "in"],
            "weight": ["gt"],
            "priority": ["exact", "in"],
            "status": ["exact"],
            "fragile": ["exact", "isnull"],
            "packed_on": ["exact", "gte", "year", "in", "range"],
            "sent_at": ["exact", "gte", "date"],
            "opens": ["exact", "lte"],
            "lasts": ["exact", "gt"],
            "key": ["exact", "in"],
            "product": ["exact"],
            "product__price": ["gte"],
            "tags": ["exact"],
        }


@pytest.mark.parametrize(
    ("arguments", "query", "expected"),
    [
        ({"code": "s2"}, "code=s2", ["s2"]),
        ({"code__icontains": "S"}, "code__icontains=S", ["s1", "s2", "s3"]),
        ({"code__in": ["s1", "s3"]}, "code__in=s1,s3", ["s1", "s3"]),
        ({"fee": 20}, "fee=20", ["s2"]),
        ({"fee__gte": 20.0}, "fee__gte=20.0", ["s2", "s3"]),
        ({"fee__lt": 10.5}, "fee__lt=10.5", ["s1"]),
        ({"fee__range": [15, 25]}, "fee__range=15,25", ["s2"]),
        ({"fee__in": [10, 30]}, "fee__in=10,30", ["s1", "s3"]),
        ({"weight__gt": 2.5}, "weight__gt=2.5", ["s3"]),
        ({"priority": 2}, "priority=2", ["s1", "s3"]),
        ({"priority__in": [1]}, "priority__in=1", ["s2"]),
        ({"status": "sent"}, "status=sent", ["s3"]),
        ({"fragile": True}, "fragile=true", ["s1"]),
        ({"fragile": False}, "fragile=false", ["s2"]),
        ({"fragile__isnull": True}, "fragile__isnull=true", ["s3"]),
        ({"packed_on": "2026-02-01"}, "packed_on=2026-02-01", ["s2"]),
        ({"packed_on__gte": "2026-02-01"}, "packed_on__gte=2026-02-01", ["s2", "s3"]),
        ({"packed_on__year": 2025}, "packed_on__year=2025", []),
        (
            {"packed_on__in": ["2026-01-01", "2026-03-01"]},
            "packed_on__in=2026-01-01,2026-03-01",
            ["s1", "s3"],
        ),
        (
            {"packed_on__range": ["2026-01-15", "2026-03-01"]},
            "packed_on__range=2026-01-15,2026-03-01",
            ["s2", "s3"],
        ),
        (
            {"sent_at": "2026-01-02T14:00:00+02:00"},
            "sent_at=2026-01-02T14:00:00%2B02:00",
            ["s2"],
        ),
        ({"sent_at__gte": "2026-01-02T12:00:00Z"}, "sent_at__gte=2026-01-02T12:00Z", ["s2", "s3"]),
        ({"sent_at__date": "2026-01-03"}, "sent_at__date=2026-01-03", ["s3"]),
        ({"opens": "02:00:00"}, "opens=02:00", ["s2"]),
        ({"opens__lte": "02:00"}, "opens__lte=02:00", ["s1", "s2"]),
        ({"lasts": "PT2H"}, "lasts=02:00:00", ["s2"]),
        ({"key": str(KEYS[0])}, f"key={KEYS[0]}", ["s1"]),
        ({"key__in": [str(key) for key in KEYS[:2]]}, f"key__in={KEYS[0]},{KEYS[1]}", ["s1", "s2"]),
        ({"product__price__gte": 2.0}, "product__price__gte=2", ["s2", "s3"]),
        ({"fee__gte": 20, "status": "packed"}, "fee__gte=20&status=packed", ["s2"]),
        ({"code": None}, "", ["s1", "s2", "s3"]),
        ({}, "", ["s1", "s2", "s3"]),
    ],
)
def test_arguments_filter_as_the_query_of_the_rest_api_does(
    arguments: dict[str, Any], query: str, expected: list[str]
) -> None:
    filtered = view(LookUps)
    given = {name: value for name, value in arguments.items() if value is not None}

    rows = call(filtered, **given)

    assert rows == get(filtered, query)
    assert codes(rows) == expected


def test_keys_of_related_rows_are_taken(shipments: list[Shipment]) -> None:
    tag = Tag.objects.get(name="blue")

    assert codes(call(view(LookUps), product=shipments[1].product.pk)) == ["s2"]
    assert codes(call(view(LookUps), tags=[tag.pk])) == ["s3"]


def test_look_ups_are_typed() -> None:
    properties = schema_of(view(LookUps))["properties"]

    bare = {
        name: {key: value for key, value in each.items() if key != "description"}
        for name, each in properties.items()
    }
    assert bare == {
        "code": {"type": "string"},
        "code__icontains": {"type": "string"},
        "code__in": {
            "type": "array",
            "items": {"type": "string", "pattern": "^[^,]*$"},
            "minItems": 1,
        },
        "fee": {"type": "number"},
        "fee__gte": {"type": "number"},
        "fee__lt": {"type": "number"},
        "fee__range": {
            "type": "array",
            "items": {"type": "number"},
            "minItems": 2,
            "maxItems": 2,
        },
        "fee__in": {"type": "array", "items": {"type": "number"}, "minItems": 1},
        "weight__gt": {"type": "number"},
        "priority": {"type": "integer", "enum": [1, 2]},
        "priority__in": {"type": "array", "items": {"type": "number"}, "minItems": 1},
        "status": {"type": "string", "enum": ["packed", "sent"]},
        "fragile": {"type": "boolean"},
        "fragile__isnull": {"type": "boolean"},
        "packed_on": {"type": "string", "format": "date"},
        "packed_on__gte": {"type": "string", "format": "date"},
        "packed_on__year": {"type": "number"},
        "packed_on__in": {
            "type": "array",
            "items": {"type": "string", "format": "date"},
            "minItems": 1,
        },
        "packed_on__range": {
            "type": "array",
            "items": {"type": "string", "format": "date"},
            "minItems": 2,
            "maxItems": 2,
        },
        "sent_at": {"type": "string", "format": "date-time"},
        "sent_at__gte": {"type": "string", "format": "date-time"},
        "sent_at__date": {"type": "string", "format": "date"},
        "opens": {"type": "string", "format": "time"},
        "opens__lte": {"type": "string", "format": "time"},
        "lasts": {"type": "string", "format": "duration"},
        "lasts__gt": {"type": "string", "format": "duration"},
        "key": {"type": "string", "format": "uuid"},
        "key__in": {"type": "array", "items": {"type": "string", "format": "uuid"}, "minItems": 1},
        "product": {"type": "integer"},
        "product__price__gte": {"type": "number"},
        "tags": {"type": "array", "items": {"type": "integer"}, "minItems": 1},
    }
    assert properties["fee__gte"]["description"] == "Fee is greater than or equal to"
    assert properties["status"]["description"] == ("Status. packed: Ready to go; sent: On its way")


class Declared(filters.FilterSet):
    fee = filters.RangeFilter()
    packed = filters.DateFromToRangeFilter(field_name="packed_on")
    sent = filters.IsoDateTimeFromToRangeFilter(field_name="sent_at")
    opens = filters.TimeRangeFilter()
    statuses = filters.MultipleChoiceFilter(field_name="status", choices=Shipment.Status.choices)
    separated = filters.MultipleChoiceFilter(
        field_name="status",
        choices=Shipment.Status.choices,
        widget=django_filters.widgets.CSVWidget,
    )
    urgency = filters.TypedChoiceFilter(
        field_name="priority", choices=Shipment.Priority.choices, coerce=int
    )
    weight = filters.LookupChoiceFilter(
        field_class=forms.DecimalField, lookup_choices=["exact", "gt", "lt"]
    )
    by = filters.OrderingFilter(fields=(("fee", "price"), ("code", "code")))
    nickname = filters.CharFilter(method="named", help_text="What <b>people</b> call it.")
    day = filters.DateFilter(field_name="packed_on", input_formats=["%d.%m.%Y"])

    class Meta:
        model = Shipment
        fields: list[str] = []

    def named(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(code=f"s{value}")


@pytest.mark.parametrize(
    ("arguments", "query", "expected"),
    [
        ({"fee_min": 15}, "fee_min=15", ["s2", "s3"]),
        ({"fee_min": 15, "fee_max": 25.5}, "fee_min=15&fee_max=25.5", ["s2"]),
        ({"packed_after": "2026-02-01"}, "packed_after=2026-02-01", ["s2", "s3"]),
        ({"packed_before": "2026-02-01"}, "packed_before=2026-02-01", ["s1", "s2"]),
        ({"sent_after": "2026-01-02T13:00:00Z"}, "sent_after=2026-01-02T13:00:00Z", ["s3"]),
        ({"opens_before": "01:30:00"}, "opens_before=01:30", ["s1"]),
        ({"statuses": ["packed", "sent"]}, "statuses=packed&statuses=sent", ["s1", "s2", "s3"]),
        ({"separated": ["packed"]}, "separated=packed", ["s1", "s2"]),
        ({"separated": ["packed", "sent"]}, "separated=packed,sent", ["s1", "s2", "s3"]),
        ({"urgency": 1}, "urgency=1", ["s2"]),
        ({"weight": 2, "weight_lookup": "gt"}, "weight=2&weight_lookup=gt", ["s2", "s3"]),
        ({"by": "-price"}, "by=-price", ["s3", "s2", "s1"]),
        ({"nickname": "2"}, "nickname=2", ["s2"]),
        ({"day": "2026-02-01"}, "day=01.02.2026", ["s2"]),
    ],
)
def test_filters_of_several_widgets_and_methods_are_taken(
    arguments: dict[str, Any], query: str, expected: list[str]
) -> None:
    rows = call(view(Declared), **arguments)

    assert rows == get(view(Declared), query)
    assert codes(rows) == expected


def test_each_widget_is_a_parameter_and_an_order_is_one_that_is_applied() -> None:
    properties = schema_of(view(Declared))["properties"]

    assert properties["fee_min"] == {"type": "number", "description": "Fee (min)"}
    assert properties["packed_after"] == {
        "type": "string",
        "format": "date",
        "description": "Packed on (after)",
    }
    assert properties["weight_lookup"] == {
        "type": "string",
        "enum": ["exact", "gt", "lt"],
        "description": "Weight (lookup). exact: Exact; gt: Gt; lt: Lt",
    }
    assert properties["by"] == {
        "type": "string",
        "enum": ["price", "-price", "code", "-code"],
        "description": "Ordering",
    }
    assert properties["nickname"]["description"] == "What people call it"


def test_a_refusal_of_the_view_stays_its_own() -> None:
    assert "Select a lookup." in str(call(view(Declared), weight=2))


def test_what_depends_on_who_asks_is_typed_by_the_model() -> None:
    class Mine(filters.FilterSet):
        product = filters.ModelChoiceFilter(queryset=lambda request: request.user.products.all())
        tags = filters.ModelMultipleChoiceFilter(queryset=lambda request: request.user.tags.all())
        code = filters.AllValuesFilter()
        codes = filters.AllValuesMultipleFilter(field_name="code")
        fee = filters.NumberFilter()
        note = filters.ChoiceFilter(choices=lambda: [("a", "A")], method="any")

        class Meta:
            model = Shipment
            fields: list[str] = []

    properties = schema_of(view(Mine))["properties"]

    # Nothing was queried, or these would be the codes.
    assert "enum" not in str(properties)
    types = {name: each.get("items", each)["type"] for name, each in properties.items()}
    assert types == {
        "product": "integer",
        "tags": "integer",
        "code": ["string", "number", "boolean"],
        "codes": ["string", "number", "boolean"],
        "fee": "number",
        "note": "string",
    }


def test_a_filterset_that_needs_a_user_is_read_from_its_class() -> None:
    class Personal(LookUps):
        def __init__(self, *args: Any, request: Any, **kwargs: Any) -> None:
            super().__init__(*args, request=request, **kwargs)
            self.filters["fee"].extra["help_text"] = request.user.email  # nobody has none

    properties = schema_of(view(Personal))["properties"]

    assert properties["fee"] == {"type": "number", "description": "Fee"}
    assert properties.keys() == schema_of(view(LookUps))["properties"].keys()


def test_the_key_of_rows_without_a_related_one_may_be_given() -> None:
    class Replaced(filters.FilterSet):
        replaces = filters.ModelChoiceFilter(
            queryset=Shipment.objects.all(), null_label="none", null_value="none"
        )

        class Meta:
            model = Shipment
            fields: list[str] = []

    rows = call(view(Replaced), replaces="none")

    assert codes(rows) == ["s1", "s2", "s3"]
    assert schema_of(view(Replaced))["properties"]["replaces"]["anyOf"] == [
        {"type": "integer"},
        {"const": "none"},
    ]


def test_fields_without_a_filterset_make_parameters_too() -> None:
    plain = view(filterset_fields={"fee": ["gte"], "status": ["exact"]})

    assert codes(call(plain, fee__gte=20, status="packed")) == ["s2"]
    assert schema_of(plain)["properties"].keys() == {"fee__gte", "status"}


def test_a_required_filter_is_required() -> None:
    class Required(filters.FilterSet):
        status = filters.ChoiceFilter(choices=Shipment.Status.choices, required=True)
        fee = filters.RangeFilter(required=True)

        class Meta:
            model = Shipment
            fields: list[str] = []

    assert schema_of(view(Required))["required"] == ["status", "fee_min", "fee_max"]


def test_a_value_that_would_be_two_is_refused() -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        query_of(view(LookUps), code__in=["a,b"])


class Searchable(ShipmentList):
    filter_backends: Any = (SearchFilter, OrderingFilter)
    search_fields = ("code", "contact")
    ordering_fields = ("fee", "code")
    ordering = ("-fee", "code")


def test_search_and_order_are_those_of_the_view() -> None:
    assert codes(call(Searchable, search="box")) == ["s2", "s1"]
    assert codes(call(Searchable, search="box 1", ordering="code")) == ["s1"]
    assert schema_of(Searchable)["properties"] == {
        "search": {"type": "string", "description": "A search term."},
        "ordering": {
            "type": "string",
            "enum": ["fee", "-fee", "code", "-code"],
            "description": ("Which field to use when ordering the results. Default: -fee, code."),
        },
    }


def test_every_order_of_the_enum_is_applied() -> None:
    class Annotated(Searchable):
        queryset = Shipment.objects.annotate(total=F("fee") * -1).order_by("code")
        ordering_fields: Any = "__all__"

    class BySerializer(Searchable):
        ordering_fields: Any = None

    for cls, name in ((Annotated, "total"), (BySerializer, "double")):
        terms = schema_of(cls)["properties"]["ordering"]["enum"]
        assert {name, f"-{name}"} <= set(terms)
        for term in terms:
            assert call(cls, ordering=term) == get(cls, f"ordering={term}")
    assert codes(call(Annotated, ordering="-total")) == ["s1", "s2", "s3"]
    assert "total" not in schema_of(BySerializer)["properties"]["ordering"]["enum"]


def test_backends_without_fields_have_no_parameter() -> None:
    class Bare(Searchable):
        search_fields: Any = ()
        ordering_fields: Any = ()

    assert schema_of(Bare)["properties"] == {}


def test_fields_that_a_request_decides_leave_the_order_to_the_view() -> None:
    class ByUser(OrderingFilter):
        def get_valid_fields(self, queryset: Any, view: Any, context: Any = None) -> Any:
            return [(context["request"].user.favourite, "favourite")]

    class Personal(Searchable):
        filter_backends = (ByUser,)

    assert schema_of(Personal)["properties"]["ordering"]["type"] == "string"
    assert "enum" not in schema_of(Personal)["properties"]["ordering"]


class CodesBackend(BaseFilterBackend):
    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        texts = request.query_params.get("codes", "")
        least = request.query_params.get("least")
        queryset = queryset.filter(code__in=texts.split(",")) if texts else queryset
        return queryset.filter(fee__gte=least) if least else queryset

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "codes",
                "in": "query",
                "required": False,
                "description": "Codes of shipments.",
                "explode": False,
                "schema": {"type": "array", "items": {"type": "string"}, "example": ["s1"]},
            },
            {
                "name": "least",
                "in": "query",
                "schema": {
                    "type": "number",
                    "minimum": 0,
                    "exclusiveMinimum": True,
                    "nullable": True,
                },
            },
            {"name": "X-Tenant", "in": "header", "schema": {"type": "string"}},
        ]


def test_another_backend_is_read_from_its_public_schema() -> None:
    class Custom(ShipmentList):
        filter_backends = (CodesBackend,)

    assert codes(call(Custom, codes=["s1", "s3"], least=20)) == ["s3"]
    assert schema_of(Custom)["properties"] == {
        "codes": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Codes of shipments.",
        },
        "least": {"type": ["number", "null"], "exclusiveMinimum": 0},
    }


class TenantFilterSet(filters.FilterSet):
    """FilterSet of a model whose managers refuse queries outside a tenant."""

    has_tenant = False

    @classmethod
    def filter_for_field(cls, *args: Any, **kwargs: Any) -> Any:
        if not TenantFilterSet.has_tenant:
            raise RuntimeError("A tenant needs to be active for this query.")
        return super().filter_for_field(*args, **kwargs)


class TenantBackend(filters.DjangoFilterBackend):
    filterset_base = TenantFilterSet


@pytest.mark.parametrize(
    "fields",
    [
        ("fragile", "code", "product"),
        {"fragile": ["exact"], "code": ["exact", "icontains"], "product": ["exact"]},
    ],
)
def test_filters_that_need_a_tenant_to_be_made_are_parameters(
    fields: Any, shipments: list[Shipment], monkeypatch: pytest.MonkeyPatch
) -> None:
    cls = type(
        "View",
        (ShipmentList,),
        {"filterset_fields": fields, "filter_backends": (TenantBackend,)},
    )
    properties = schema_of(cls)["properties"]
    arguments = {"fragile": False, "code": "s2", "product": shipments[1].product_id}
    query = query_of(cls, **arguments)
    monkeypatch.setattr(TenantFilterSet, "has_tenant", True)

    assert properties["fragile"] == {"type": "boolean"}
    assert properties["product"] == {"type": "integer"}
    assert ("code__icontains" in properties) is isinstance(fields, dict)
    assert codes(get(cls, query)) == ["s2"]
