"""Output schemas of serializers: true of all that REST renders, also of rows with NULLs."""

import datetime
import json
import uuid
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.test.utils import isolate_apps
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from jsonschema import Draft202012Validator, FormatChecker
from pytest_django import Settings
from rest_framework import serializers as s
from rest_framework.renderers import JSONRenderer
from rest_framework.test import APIRequestFactory

from django_mcp.contrib.drf.schemas.serializers import output_schema
from tests.shop.fields import Point
from tests.shop.models import Order, Product, Remark, Shipment, Tag

BOOLEAN, INTEGER, NUMBER, STRING = (
    {"type": name} for name in ("boolean", "integer", "number", "string")
)
DATE: dict[str, Any] = {"type": "string", "format": "date"}
MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
UUID: dict[str, Any] = {"type": "string", "format": "uuid"}
NOON = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)


def or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def rendered(serializer: Any) -> Any:
    return json.loads(JSONRenderer().render(serializer.data))


def breaches(schema: Any, value: Any) -> list[str]:
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def serializer_of(field: Any) -> Any:
    """A serializer with this field, as `value`."""
    return type("ValueSerializer", (s.Serializer,), {"value": field})


class LineSerializer(s.Serializer):
    sku = s.CharField()
    quantity = s.IntegerField(read_only=True)


LINE = {
    "type": "object",
    "properties": {"sku": or_null(STRING), "quantity": or_null(INTEGER)},
    "required": ["sku"],
}


class Tagged:
    """An object that JSON shows as its text."""

    def __str__(self) -> str:
        return "tagged"


FIELDS: dict[str, tuple[Any, dict[str, Any], list[Any]]] = {
    # The field, its schema without null, and values of objects that it renders.
    "boolean": (s.BooleanField(), BOOLEAN, [True, "false", 0]),
    "text": (s.CharField(max_length=1), STRING, ["", "abc", 5, Tagged()]),
    "e-mail": (s.EmailField(), STRING, ["ann"]),
    "url": (s.URLField(), STRING, ["nowhere"]),
    "ip": (s.IPAddressField(), STRING, ["::1"]),
    "uuid": (s.UUIDField(), STRING, [uuid.UUID(int=1), "not one"]),
    "uuid as hex": (s.UUIDField(format="hex"), STRING, [uuid.UUID(int=1)]),
    "uuid as an integer": (s.UUIDField(format="int"), INTEGER, [uuid.UUID(int=1)]),
    "integer": (s.IntegerField(max_value=1), INTEGER, [5, "5", True]),
    "big integer": (s.BigIntegerField(), INTEGER, [2**60]),
    "big integer as text": (s.BigIntegerField(coerce_to_string=True), STRING, [2**60]),
    "float": (s.FloatField(), NUMBER, [1, 1.5, Decimal("0.1")]),
    "decimal": (s.DecimalField(5, 2), STRING, [Decimal("1.5"), 1, "2"]),
    "decimal as a number": (
        s.DecimalField(5, 2, coerce_to_string=False),
        NUMBER,
        [Decimal("1.50"), 1],
    ),
    "decimal of the language": (s.DecimalField(5, 2, localize=True), STRING, [Decimal("1.5")]),
    "date": (s.DateField(), STRING, [datetime.date(2026, 1, 31), "some day"]),
    "date in another format": (
        s.DateField(format="%d.%m.%Y"),
        {**STRING, "description": "Format: %d.%m.%Y."},
        [datetime.date(2026, 1, 31)],
    ),
    "date as it is": (s.DateField(format=None), STRING, [datetime.date(2026, 1, 31)]),
    "datetime": (s.DateTimeField(), STRING, [NOON, "noon"]),
    "datetime as it is": (s.DateTimeField(format=None), STRING, [NOON, NOON.replace(tzinfo=None)]),
    "time": (s.TimeField(), STRING, [datetime.time(12), datetime.time()]),
    "duration": (s.DurationField(), STRING, [datetime.timedelta(hours=1)]),
    "duration as it is": (s.DurationField(format=None), STRING, [datetime.timedelta(hours=1)]),
    "choice": (
        s.ChoiceField(["a", ("b", "The second")]),
        {**STRING, "description": "b: The second"},
        ["a", "b", "gone", ""],
    ),
    "choice of numbers": (
        s.ChoiceField(Shipment.Priority.choices),
        {**INTEGER, "description": "1: Some day; 2: At once"},
        [1, Shipment.Priority.HIGH, 9],
    ),
    "choice of several types": (s.ChoiceField([1, "x"]), {}, [1, "x", None]),
    "several choices": (
        s.MultipleChoiceField(choices=["a", "b"]),
        array(STRING),
        [[], {"a"}, ["a", "gone"]],
    ),
    "list": (s.ListField(), array({}), [[], (1, None)]),
    "list of numbers": (s.ListField(child=s.IntegerField()), array(or_null(INTEGER)), [[1, None]]),
    "dictionary": (
        s.DictField(child=s.CharField()),
        {"type": "object", "additionalProperties": or_null(STRING)},
        [{}, {"a": "b", 1: None}],
    ),
    "hstore": (
        s.HStoreField(),
        {"type": "object", "additionalProperties": or_null(STRING)},
        [{"a": None}],
    ),
    "json": (s.JSONField(), {}, [{}, [None], "text", None]),
    "json as text": (s.JSONField(binary=True), STRING, [{"a": 1}]),
    "file": (s.FileField(), STRING, [SimpleNamespace(url="/a.txt"), ""]),
    "name of a file": (s.FileField(use_url=False), STRING, [SimpleNamespace(name="a.txt")]),
    "as it is": (s.ReadOnlyField(), {}, [1, "a", None, NOON]),
    "nested": (
        LineSerializer(),
        LINE,
        [{"sku": "a"}, {"sku": None, "quantity": 1}, SimpleNamespace(sku=1)],
    ),
    "nested, many": (LineSerializer(many=True), array(LINE), [[], [{"sku": "a"}]]),
}


@pytest.mark.parametrize("name", FIELDS)
def test_schema_of_a_field_is_true_of_what_it_renders(name: str) -> None:
    field, shown, values = FIELDS[name]
    cls = serializer_of(field)

    schema = output_schema(cls())

    value = schema["properties"]["value"]
    description = {key: value.pop(key) for key in ("description",) if key in value}
    assert value | description == (or_null_described(shown) if shown else {})
    for each in (*values, None):
        assert breaches(schema, rendered(cls({"value": each}))) == []


def or_null_described(schema: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in schema.items() if key != "description"}
    described = {key: value for key, value in schema.items() if key == "description"}
    return or_null(kept) | described


class ProductSerializer(s.ModelSerializer):
    class Meta:
        model = Product
        fields = ("sku", "price")


class ShipmentSerializer(s.ModelSerializer):
    """Every field of the model, and what lies behind its relations."""

    parcel = ProductSerializer(source="product")
    maker = s.CharField(source="product.name", read_only=True)
    before = s.CharField(source="replaces.code", read_only=True)
    before_or_not = s.CharField(source="replaces.code", allow_null=True, read_only=True)
    replacement = s.PrimaryKeyRelatedField(read_only=True)
    successor = ProductSerializer(source="replacement.product", read_only=True)
    words = s.SlugRelatedField("name", source="tags", many=True, read_only=True)
    named = s.StringRelatedField(source="tags", many=True)
    notes = s.PrimaryKeyRelatedField(source="remarks", many=True, read_only=True)
    summary = s.ReadOnlyField()
    raw_fee = s.ReadOnlyField(source="fee")
    raw_date = s.ReadOnlyField(source="packed_on")
    status_shown = s.CharField(source="get_status_display")
    link = s.HyperlinkedIdentityField("shipment")

    class Meta:
        model = Shipment
        fields = "__all__"


@pytest.fixture
def urls(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.contrib.drf.urls"


@pytest.mark.django_db
@pytest.mark.usefixtures("urls")
def test_schema_of_a_model_is_true_of_full_rows_and_of_rows_with_nulls() -> None:
    product = Product.objects.create(sku="p1", name="Lamp", price=Decimal("9.5"))
    empty = Shipment.objects.create(product=product, status="forgotten", priority=7)
    full = Shipment.objects.create(
        product=product,
        replaces=empty,
        code="c-1",
        fragile=True,
        packed_on=NOON.date(),
        sent_at=NOON,
        opens=datetime.time(12),
        lasts=datetime.timedelta(days=1),
        address="::1",
        facts={"a": None},
        seal=b"\\x00",
        photo="a.txt",
        country="NZ",
        phone="123",
        place=Point(1, 2),
    )
    full.tags.add(Tag.objects.create(name="new"))
    Remark.objects.create(
        content_type=ContentType.objects.get_for_model(Shipment), object_id=full.pk, words="!"
    )
    context = {"request": APIRequestFactory().get("/")}
    rows = Shipment.objects.order_by("pk")

    schema = output_schema(ShipmentSerializer(many=True))

    shown = rendered(ShipmentSerializer(rows, many=True, context=context))
    assert breaches(schema, shown) == []
    assert [set(row) - set(shown[0]) for row in shown] == [set(), {"before"}]
    properties = schema["items"]["properties"]
    assert set(properties) - set(schema["items"]["required"]) == {
        "before",
        "successor",
        "summary",
    }
    assert properties["fee"] == STRING
    assert properties["raw_fee"] == NUMBER
    assert properties["raw_date"] == or_null(DATE)
    assert properties["packed_on"] == or_null(DATE)
    assert properties["sent_at"] == or_null(MOMENT)
    assert properties["changed_at"] == MOMENT
    assert properties["key"] == UUID
    assert properties["product"] == INTEGER
    assert properties["replaces"] == or_null(INTEGER)
    assert properties["replacement"] == or_null(INTEGER)
    assert properties["words"] == array(STRING)
    assert properties["maker"] == STRING
    assert properties["before"] == or_null(STRING)
    assert properties["parcel"]["required"] == ["sku", "price"]


@pytest.mark.django_db
def test_nulls_of_each_column_are_rendered_as_the_schema_says() -> None:
    product = Product.objects.create(sku="p1", name="Lamp", price=1)
    Order.objects.create(buyer=User.objects.create(username="ann"), product=product, quantity=1)

    class OrderSerializer(s.ModelSerializer):
        buyer = s.SlugRelatedField("username", read_only=True)

        class Meta:
            model = Order
            fields = "__all__"

    schema = output_schema(OrderSerializer())

    assert schema == {
        "type": "object",
        "properties": {
            "id": INTEGER,
            "buyer": STRING,
            "quantity": INTEGER,
            "deliver_on": or_null(DATE),
            "product": INTEGER,
        },
        "required": ["id", "buyer", "quantity", "deliver_on", "product"],
    }
    assert breaches(schema, rendered(OrderSerializer(Order.objects.get()))) == []


def test_moments_without_a_time_zone_have_no_format(settings: Settings) -> None:
    settings.USE_TZ = False

    class MomentSerializer(s.ModelSerializer):
        class Meta:
            model = Shipment
            fields = ("changed_at",)

    assert output_schema(MomentSerializer())["properties"] == {"changed_at": STRING}


def test_decimals_follow_the_setting(settings: Settings) -> None:
    settings.REST_FRAMEWORK = {"COERCE_DECIMAL_TO_STRING": False}

    assert output_schema(ProductSerializer())["properties"]["price"] == NUMBER


class Row:
    """What methods are asked about."""

    name = "a"


METHODS: dict[str, tuple[Any, dict[str, Any], Any]] = {
    "str": (str, STRING, "a"),
    "int | None": (int | None, or_null(INTEGER), None),
    "Decimal": (Decimal, NUMBER, Decimal("1.5")),
    "datetime": (datetime.datetime, STRING, NOON),
    "date": (datetime.date, DATE, NOON.date()),
    "timedelta": (datetime.timedelta, STRING, datetime.timedelta(1)),
    "UUID": (uuid.UUID, UUID, uuid.UUID(int=1)),
    "bytes": (bytes, STRING, b"a"),
    "list[dict]": (
        list[dict[str, int]],
        array({"type": "object", "additionalProperties": INTEGER}),
        [{"a": 1}],
    ),
    "model": (Product, {}, None),
    "Any": (Any, {}, object),
    "unknown": ("Unknown", {}, 1),
}


@pytest.mark.parametrize("name", METHODS)
def test_method_has_the_type_of_its_return_annotation(name: str) -> None:
    annotation, shown, value = METHODS[name]

    class MethodSerializer(s.Serializer):
        value = s.SerializerMethodField(help_text="Found out.")

        def get_value(self, row: Row) -> Any:
            return None if value is object else value

    MethodSerializer.get_value.__annotations__["return"] = annotation
    schema = output_schema(MethodSerializer())

    assert schema["properties"]["value"] == {**shown, "description": "Found out."}
    assert schema["required"] == ["value"]
    assert breaches(schema, rendered(MethodSerializer(Row()))) == []


def test_method_without_an_annotation_may_return_anything() -> None:
    class MethodSerializer(s.Serializer):
        value = s.SerializerMethodField(method_name="find")

        def find(self, row):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            return row

    assert output_schema(MethodSerializer())["properties"] == {"value": {}}


def test_method_that_is_missing_may_return_anything() -> None:
    class MethodSerializer(s.Serializer):
        value = s.SerializerMethodField()

    assert output_schema(MethodSerializer())["properties"] == {"value": {}}


class Shown(s.CharField):
    """A field with a way of its own to show values."""

    def to_representation(self, value):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        return [value]


class Counted(s.CharField):
    """One that says what it shows."""

    def to_representation(self, value: Any) -> int:
        return len(value)


class Sourced(s.CharField):
    """One that finds its value by itself, or none."""

    def get_attribute(self, instance: Any) -> Any:
        return None


def test_of_a_projects_own_methods_only_the_annotation_is_known() -> None:
    class OwnSerializer(s.ModelSerializer):
        sku = Shown()
        name = Counted()
        stock = Sourced()

        class Meta:
            model = Product
            fields = ("sku", "name", "stock")

    schema = output_schema(OwnSerializer())

    assert schema == {
        "type": "object",
        "properties": {"sku": {}, "name": INTEGER, "stock": or_null(STRING)},
        "required": ["sku", "name"],
    }
    assert breaches(schema, rendered(OwnSerializer(Product(sku="a", name="b")))) == []


def test_serializer_with_its_own_to_representation_is_an_open_object() -> None:
    class OwnSerializer(LineSerializer):
        def to_representation(self, instance: Any) -> Any:
            return {"other": 1}

    class BareSerializer(s.BaseSerializer):
        def to_representation(self, instance: Any) -> list[int]:
            return [1]

    class OwnListSerializer(s.ListSerializer):
        def to_representation(self, data: Any) -> Any:
            return {"rows": super().to_representation(data)}

    class EnvelopeSerializer(LineSerializer):
        class Meta:
            list_serializer_class = OwnListSerializer

    assert output_schema(OwnSerializer()) == {"type": "object"}
    assert output_schema(BareSerializer()) == array(INTEGER)
    assert output_schema(EnvelopeSerializer(many=True)) == {}


def test_serializer_that_chooses_its_fields_requires_none() -> None:
    class ChoosingSerializer(LineSerializer):
        def __init__(self, *args: Any, fields: Any = (), **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            for name in set(self.fields) - set(fields or self.fields):
                del self.fields[name]

    schema = output_schema(ChoosingSerializer())

    assert "required" not in schema
    assert (
        breaches(schema, rendered(ChoosingSerializer({"quantity": 1}, fields=["quantity"]))) == []
    )


def test_write_only_and_hidden_fields_are_not_shown() -> None:
    class SecretSerializer(s.Serializer):
        name = s.CharField()
        secret = s.CharField(write_only=True)
        owner = s.HiddenField(default="nobody")

    assert list(output_schema(SecretSerializer())["properties"]) == ["name"]


class TreeSerializer(s.Serializer):
    name = s.CharField()

    def get_fields(self) -> Any:
        return {**super().get_fields(), "children": TreeSerializer(many=True)}


class ShallowSerializer(LineSerializer):
    """One that contains its own class with fewer fields."""

    def get_fields(self) -> Any:
        fields = super().get_fields()
        return {**fields, "inner": ShallowerSerializer()}


class ShallowerSerializer(ShallowSerializer):
    def get_fields(self) -> Any:
        return LineSerializer.get_fields(self)


def test_only_a_serializer_that_contains_itself_has_references() -> None:
    schema = output_schema(TreeSerializer())

    tree = {"name": "a", "children": [{"name": "b", "children": []}]}
    assert list(schema["$defs"]) == ["TreeSerializer"]
    assert breaches(schema, rendered(TreeSerializer(tree))) == []
    assert breaches(schema, {"name": "a", "children": [{"name": 1}]}) != []
    assert "$ref" not in json.dumps(output_schema(ShallowSerializer()))


@isolate_apps("tests.shop")
def test_relation_to_another_column_shows_that_column() -> None:
    class Parcel(models.Model):  # noqa: DJ008
        code = models.CharField(max_length=9, unique=True)

        class Meta:
            app_label = "shop"

    class Label(models.Model):  # noqa: DJ008
        parcel = models.ForeignKey(Parcel, to_field="code", on_delete=models.CASCADE)
        lost = models.ForeignKey(
            Parcel, on_delete=models.CASCADE, db_constraint=False, related_name="+"
        )

        class Meta:
            app_label = "shop"

    class LabelSerializer(s.ModelSerializer):
        parcel = s.PrimaryKeyRelatedField(read_only=True)
        code = s.CharField(source="lost.code")

        class Meta:
            model = Label
            fields = ("parcel", "code")

    schema = output_schema(LabelSerializer())

    assert schema["properties"] == {"parcel": STRING, "code": or_null(STRING)}
    assert (
        breaches(
            schema["properties"]["parcel"],
            rendered(
                LabelSerializer(Label(parcel=Parcel(pk=1, code="x"), lost=Parcel(pk=1, code="x")))
            )["parcel"],
        )
        == []
    )


def test_annotations_of_spectacular_say_what_is_rendered_or_null() -> None:
    @extend_schema_serializer(exclude_fields=["hidden"])
    class AnnotatedSerializer(s.Serializer):
        count = s.SerializerMethodField()
        lines = s.SerializerMethodField()
        when = s.SerializerMethodField()
        hidden = s.CharField()

        @extend_schema_field(OpenApiTypes.INT)
        def get_count(self, row: Any) -> Any:
            return None

        @extend_schema_field(LineSerializer(many=True))
        def get_lines(self, row: Any) -> Any:
            return []

        @extend_schema_field(list[datetime.date])
        def get_when(self, row: Any) -> Any:
            return []

    schema = output_schema(AnnotatedSerializer())

    assert schema["properties"] == {
        "count": or_null(INTEGER),
        "lines": or_null(array(LINE)),
        "when": or_null(array(DATE)),
    }
    assert breaches(schema, rendered(AnnotatedSerializer({"hidden": "a"}))) == []
