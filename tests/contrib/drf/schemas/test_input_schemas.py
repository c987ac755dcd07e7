"""Input schemas of serializers: what they say, and that they refuse nothing that REST accepts."""

import datetime
import re
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import validators
from django.db import models
from django.test.utils import isolate_apps
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    PolymorphicProxySerializer,
    extend_schema_field,
    extend_schema_serializer,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from rest_framework import serializers as s
from rest_framework.validators import UniqueTogetherValidator, UniqueValidator

from django_mcp.contrib.drf.schemas.serializers import input_schema, output_schema
from django_mcp.schemas.declaration_errors import DeclarationError
from tests.shop.models import Order, Product, Shelf, Shipment, Tag

STRING: dict[str, Any] = {"type": "string"}
TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
INTEGER: dict[str, Any] = {"type": "integer"}
NUMBER: dict[str, Any] = {"type": "number"}
NUMBER_OR_STRING: dict[str, Any] = {"anyOf": [NUMBER, STRING]}
DURATION = {
    "type": "string",
    "description": "Such as 3 04:30:00 (days, then hours, minutes and seconds), or P3DT4H30M.",
}


def or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def array(items: dict[str, Any], **keywords: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **keywords}


def serializer_of(field: Any) -> Any:
    """A serializer with this field, as `value`."""
    return type("ValueSerializer", (s.Serializer,), {"value": field})


def schema_of(field: Any) -> Any:
    return input_schema(serializer_of(field)())["properties"]["value"]


class LineSerializer(s.Serializer):
    sku = s.CharField()
    quantity = s.IntegerField(min_value=1, default=1)


class FileLineSerializer(s.Serializer):
    sku = s.CharField()
    receipt = s.FileField()


FIELDS: dict[str, tuple[Any, dict[str, Any], list[Any], list[Any]]] = {
    # The field, its schema, values that it accepts, and values that it refuses.
    "boolean": (s.BooleanField(), {"type": "boolean"}, [True, False], ["maybe", None]),
    "boolean or null": (s.BooleanField(allow_null=True), or_null({"type": "boolean"}), [None], []),
    "text": (s.CharField(), TEXT, ["a", " a "], ["", None, []]),
    "text or nothing": (s.CharField(allow_blank=True), STRING, ["", "a"], [None]),
    "text or null": (s.CharField(allow_null=True), or_null(TEXT), [None, "a"], [""]),
    "lengths": (
        s.CharField(min_length=2, max_length=3),
        {"type": "string", "minLength": 2, "maxLength": 3},
        ["ab", "abc"],
        ["a", "abcd"],
    ),
    "lengths or nothing": (
        s.CharField(min_length=2, allow_blank=True),
        {"type": "string", "description": "Empty, or at least 2 characters."},
        ["", "ab"],
        ["a"],
    ),
    "pattern": (
        s.RegexField(r"\A(?P<letter>[a-z])\d{2}\Z"),
        {"type": "string", "minLength": 1, "pattern": r"^(?<letter>[a-z])\d{2}$"},
        ["a12"],
        ["12", "a123"],
    ),
    "pattern of any alphabet": (
        s.SlugField(allow_unicode=True),
        {**TEXT, "description": r"Must match the regular expression ^[-\w]+\Z."},
        ["ärger-1"],
        ["a b"],
    ),
    "pattern with flags": (
        s.CharField(validators=[validators.RegexValidator("^[a-z]+$", flags=re.IGNORECASE)]),
        {**TEXT, "description": "Must match the regular expression ^[a-z]+$, ignoring case."},
        ["Abc"],
        ["1"],
    ),
    "pattern to avoid": (
        s.CharField(validators=[validators.RegexValidator("^0", inverse_match=True)]),
        {**TEXT, "description": "Must not match the regular expression ^0."},
        ["1"],
        ["01"],
    ),
    "slug": (s.SlugField(), {**TEXT, "pattern": "^[-a-zA-Z0-9_]+$"}, ["a-1_B"], ["a b"]),
    "e-mail": (s.EmailField(), {**TEXT, "format": "email"}, ["ann@example.com"], ["ann"]),
    "url": (s.URLField(), {**TEXT, "format": "uri"}, ["https://example.com/a"], ["here"]),
    "ip": (s.IPAddressField(), {**TEXT, "description": "IP address."}, ["::1", "192.0.2.1"], ["x"]),
    "ipv4": (
        s.IPAddressField(protocol="IPv4"),
        {"type": "string", "format": "ipv4"},
        ["192.0.2.1"],
        ["::1"],
    ),
    "uuid": (
        s.UUIDField(),
        {"type": "string", "format": "uuid"},
        [str(uuid.UUID(int=1)), uuid.UUID(int=1).hex],
        ["1"],
    ),
    "uuid as an integer": (
        s.UUIDField(format="int"),
        {"anyOf": [STRING, INTEGER]},
        [1, str(uuid.UUID(int=1))],
        [1.5],
    ),
    "integer": (s.IntegerField(), INTEGER, [1, 10**20, 1.0], [1.5, None, []]),
    "bounds": (
        s.IntegerField(min_value=1, max_value=9),
        {"type": "integer", "minimum": 1, "maximum": 9},
        [1, 9],
        [0, 10],
    ),
    "bounds of validators": (
        s.FloatField(validators=[validators.MinValueValidator(0.5)]),
        {"type": "number", "minimum": 0.5},
        [0.5, 1],
        [0.25],
    ),
    "bounds that a function gives": (
        s.IntegerField(validators=[validators.MaxValueValidator(lambda: 9)]),
        INTEGER,
        [9],
        [10],
    ),
    "steps": (
        s.IntegerField(validators=[validators.StepValueValidator(5)]),
        {"type": "integer", "description": "A multiple of 5."},
        [10],
        [11],
    ),
    "big integer": (s.BigIntegerField(), INTEGER, [2**60], ["x"]),
    "big integer as text": (
        s.BigIntegerField(coerce_to_string=True),
        {"anyOf": [INTEGER, STRING]},
        [2**60, str(2**60)],
        ["x"],
    ),
    "float": (s.FloatField(), NUMBER, [1, 1.5, -1e300], [None, "x"]),
    "decimal": (
        s.DecimalField(max_digits=5, decimal_places=2, min_value=Decimal("0.01")),
        {
            "anyOf": [{"type": "number", "minimum": 0.01}, STRING],
            "description": "At most 5 digits, 2 of them behind the decimal point.",
        },
        [1, 9.5, "999.99", 0.01],
        ["0.001", 1000, "x", 0],
    ),
    "decimal of any size": (
        s.DecimalField(max_digits=None, decimal_places=None),
        NUMBER_OR_STRING,
        ["1e50", 1.123456],
        ["x"],
    ),
    "date": (s.DateField(), {"type": "string", "format": "date"}, ["2026-01-31"], ["31.1.2026"]),
    "date in other formats": (
        s.DateField(input_formats=["%d.%m.%Y", "iso-8601"]),
        {"type": "string", "description": "Format: ISO 8601 or %d.%m.%Y."},
        ["31.01.2026", "2026-01-31"],
        ["1/31/2026"],
    ),
    "date with a bound": (
        s.DateField(validators=[validators.MinValueValidator(datetime.date(2026, 1, 1))]),
        {"type": "string", "format": "date", "description": "At least 2026-01-01."},
        ["2026-01-01"],
        ["2025-12-31"],
    ),
    "datetime": (
        s.DateTimeField(),
        {"type": "string", "format": "date-time"},
        ["2026-01-31T12:00:00Z", "2026-01-31T12:00"],
        ["noon"],
    ),
    "time": (
        s.TimeField(),
        {"type": "string", "description": "Such as 14:30:00."},
        ["12:30", "12:30:15.5"],
        ["noon"],
    ),
    "duration": (s.DurationField(), DURATION, ["3 04:30:00", "P3DT4H30M", "90"], ["long"]),
    "choice": (
        s.ChoiceField(["a", ("b", "The second")]),
        {"type": "string", "enum": ["a", "b"], "description": "b: The second"},
        ["a", "b"],
        ["c", "", None],
    ),
    "choice or nothing": (
        s.ChoiceField(["a"], allow_blank=True, allow_null=True),
        or_null({"type": "string", "enum": ["a", ""]}),
        ["a", "", None],
        ["c"],
    ),
    "choice of numbers": (
        s.ChoiceField(Shipment.Priority.choices),
        {"type": "integer", "enum": [1, 2], "description": "1: Some day; 2: At once"},
        [1, 2],
        [3],
    ),
    "choice of several types": (
        s.ChoiceField([1, "x"]),
        {"enum": [1, "x", "1"]},
        [1, "x", "1"],
        [2, "2"],
    ),
    "choice of dates": (
        s.ChoiceField([datetime.date(2026, 1, 31)]),
        {"type": "string", "enum": ["2026-01-31"]},
        ["2026-01-31"],
        ["2026-02-01"],
    ),
    "choice in groups": (
        s.ChoiceField([("Food", [("l", "Lunch"), ("d", "Dinner")]), ("o", "Other")]),
        {
            "type": "string",
            "enum": ["l", "d", "o"],
            "description": "Food (l: Lunch; d: Dinner); o: Other",
        },
        ["l", "o"],
        ["Food"],
    ),
    "choice of very many": (
        s.ChoiceField([f"{each}" for each in range(101)]),
        STRING,
        ["100"],
        ["101"],
    ),
    "several choices": (
        s.MultipleChoiceField(choices=["a", "b"]),
        array({"type": "string", "enum": ["a", "b"]}),
        [[], ["a", "b"], ["a", "a"]],
        [["c"], "a", None],
    ),
    "one choice at least": (
        s.MultipleChoiceField(choices=["a"], allow_empty=False),
        array({"type": "string", "enum": ["a"]}, minItems=1),
        [["a"]],
        [[]],
    ),
    "list": (s.ListField(), array({}), [[], [1, "a", None, {}]], ["a", {}]),
    "list of numbers": (
        s.ListField(child=s.IntegerField(min_value=0), min_length=1, max_length=2),
        array({"type": "integer", "minimum": 0}, minItems=1, maxItems=2),
        [[0], [1, 2]],
        [[], [1, 2, 3], [-1], [None]],
    ),
    "list that is not empty": (
        s.ListField(child=s.CharField(allow_null=True), allow_empty=False),
        array(or_null(TEXT), minItems=1),
        [["a", None]],
        [[]],
    ),
    "dictionary": (
        s.DictField(child=s.IntegerField()),
        {"type": "object", "additionalProperties": INTEGER},
        [{}, {"a": 1}],
        [{"a": "x"}, []],
    ),
    "dictionary that is not empty": (
        s.DictField(child=s.IntegerField(), allow_empty=False),
        {"type": "object", "additionalProperties": INTEGER, "minProperties": 1},
        [{"a": 1}],
        [{}],
    ),
    "hstore": (
        s.HStoreField(),
        {"type": "object", "additionalProperties": or_null(STRING)},
        [{"a": None, "b": ""}],
        [[]],
    ),
    "json": (s.JSONField(), {}, [{}, [1, None], "text", 0], []),
    "json as text": (s.JSONField(binary=True), STRING, ['{"a": 1}'], ["{"]),
    "nested": (
        LineSerializer(),
        {
            "type": "object",
            "properties": {"sku": TEXT, "quantity": {**INTEGER, "minimum": 1, "default": 1}},
            "required": ["sku"],
            "additionalProperties": False,
        },
        [{"sku": "a"}, {"sku": "a", "quantity": 2}],
        [{}, {"sku": "a", "quantity": 0}, None, []],
    ),
    "nested, many": (
        LineSerializer(many=True, max_length=1),
        array(input_schema(LineSerializer()), maxItems=1),
        [[], [{"sku": "a"}]],
        [[{}], {}, [{"sku": "a"}, {"sku": "b"}]],
    ),
    "nested or null": (
        LineSerializer(allow_null=True),
        or_null(input_schema(LineSerializer())),
        [None],
        [{}],
    ),
    "with a help text": (
        s.CharField(help_text="What is written on it.", label="Inscription"),
        {**TEXT, "description": "Inscription\nWhat is written on it."},
        ["a"],
        [],
    ),
    "with a label that repeats the name": (s.CharField(label="Value"), TEXT, ["a"], []),
    "with a default": (
        s.DecimalField(max_digits=4, decimal_places=1, default=Decimal("0.5")),
        {
            **NUMBER_OR_STRING,
            "description": "At most 4 digits, 1 of them behind the decimal point.",
            "default": "0.5",
        },
        [1],
        [],
    ),
    "with a default that is a date": (
        s.DateField(default=datetime.date(2026, 1, 31)),
        {"type": "string", "format": "date", "default": "2026-01-31"},
        [],
        [],
    ),
    "with a default of a function": (s.IntegerField(default=lambda: 1), INTEGER, [1], []),
    "with another source": (s.CharField(source="owner.name"), TEXT, ["a"], []),
}


@pytest.mark.parametrize("name", FIELDS)
def test_schema_of_a_field_accepts_what_the_field_accepts(name: str) -> None:
    field, schema, accepted, refused = FIELDS[name]
    cls = serializer_of(field)

    assert schema_of(field) == schema
    for value in accepted:
        is_valid = cls(data={"value": value}).is_valid()
        assert (value, is_valid) == (value, True)
        assert (value, Draft202012Validator(schema).is_valid(value)) == (value, True)
    for value in refused:
        serializer = cls(data={"value": value})
        assert (value, serializer.is_valid()) == (value, False)
        assert "value" in serializer.errors


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.floats(-1e6, 1e6).map(lambda each: each if each % 1 else each + 0.5)
    | st.from_regex(r"\A[a-d0-9]([-a-d0-9.: ]{0,6}[a-d0-9])?\Z")
)


def types_of(schema: dict[str, Any]) -> set[str]:
    """The JSON types that a schema publishes; empty for any."""
    if "anyOf" in schema:
        return set().union(*map(types_of, schema["anyOf"]))
    return {schema["type"]} if "type" in schema else set()


SCALAR_FIELDS = [
    name
    for name, (_, schema, _, _) in FIELDS.items()
    if not types_of(schema) & {"array", "object"}
    and not schema.get("format", "").startswith("date")
]


@pytest.mark.parametrize("name", SCALAR_FIELDS)
@settings(database=None, deadline=None, derandomize=True, max_examples=50)
@given(value=SCALARS)
def test_schema_of_a_field_refuses_nothing_of_its_types_that_rest_accepts(
    name: str, value: Any
) -> None:
    field, schema, _, _ = FIELDS[name]
    types = types_of(schema)
    if types and not Draft202012Validator({"type": sorted(types)}).is_valid(value):
        return

    if serializer_of(field)(data={"value": value}).is_valid():
        assert Draft202012Validator(schema).is_valid(value)


class ReceiptSerializer(s.Serializer):
    number = s.CharField(read_only=True)
    secret = s.CharField(write_only=True)
    owner = s.HiddenField(default="nobody")
    note = s.CharField(required=False)
    scan = s.ImageField(required=False)
    line = FileLineSerializer(required=False)
    total = s.SerializerMethodField()


def test_input_has_no_fields_that_are_read_only_or_hidden_and_no_optional_files() -> None:
    assert input_schema(ReceiptSerializer()) == {
        "type": "object",
        "properties": {"secret": {**TEXT, "writeOnly": True}, "note": TEXT},
        "required": ["secret"],
        "additionalProperties": False,
    }


def test_partial_update_requires_nothing_at_any_depth_and_has_no_defaults() -> None:
    class OrderSerializer(s.Serializer):
        line = LineSerializer()
        files = FileLineSerializer(many=True)

    assert input_schema(OrderSerializer(), partial=True) == {
        "type": "object",
        "properties": {
            "line": {
                "type": "object",
                "properties": {"sku": TEXT, "quantity": {**INTEGER, "minimum": 1}},
                "additionalProperties": False,
            },
            "files": array(
                {"type": "object", "properties": {"sku": TEXT}, "additionalProperties": False}
            ),
        },
        "additionalProperties": False,
    }


def test_each_required_file_is_named_at_once() -> None:
    class OrderSerializer(s.Serializer):
        items = FileLineSerializer(many=True)
        scan = s.ImageField()
        scans = s.ListField(child=s.FileField())

    with pytest.raises(DeclarationError) as raised:
        input_schema(OrderSerializer())

    assert raised.value.problems == (
        "field 'items.receipt' is a file, which no argument can carry",
        "field 'scan' is a file, which no argument can carry",
        "field 'scans' holds files, which no argument can carry",
    )


def test_many_objects_are_an_array() -> None:
    assert input_schema(LineSerializer(many=True, allow_empty=False)) == array(
        input_schema(LineSerializer()), minItems=1
    )


class ShelfSerializer(s.ModelSerializer):
    class Meta:
        model = Shelf
        fields = ("hall", "number", "label")
        # Some versions ask what a constraint asks under a condition of every row.
        extra_kwargs = {"hall": {"validators": ()}}
        validators = (UniqueTogetherValidator(Shelf.objects.all(), ("hall", "number")),)


def test_uniqueness_is_described() -> None:
    class ProductSerializer(s.ModelSerializer):
        code = s.CharField(source="sku", validators=[UniqueValidator(Product.objects.all())])

        class Meta:
            model = Product
            fields = ("code",)

    assert input_schema(ProductSerializer())["properties"] == {
        "code": {**TEXT, "description": "Must be unique."}
    }
    assert input_schema(ShelfSerializer())["properties"] == {
        "hall": {**TEXT, "maxLength": 20, "description": "Unique together with number."},
        "number": {**INTEGER, "minimum": 0, "description": "Unique together with hall."},
        "label": {**TEXT, "maxLength": 40},
    }


class NoteSerializer(s.ModelSerializer):
    """What relations are written by."""

    buyer = s.SlugRelatedField("username", queryset=User.objects.all())
    link = s.HyperlinkedRelatedField("product", queryset=Product.objects.all(), source="product")

    class Meta:
        model = Order
        fields = ("buyer", "product", "link")


def test_related_objects_are_written_by_key_by_slug_or_by_link() -> None:
    assert input_schema(NoteSerializer())["properties"] == {
        "buyer": {"type": "string"},
        "product": INTEGER,
        "link": {"type": "string", "description": "URL of the object."},
    }


def test_many_related_objects_are_an_array_of_keys() -> None:
    class ShipmentSerializer(s.ModelSerializer):
        labels = s.PrimaryKeyRelatedField(
            many=True, allow_empty=False, queryset=Tag.objects.all(), source="tags"
        )
        any_key = s.PrimaryKeyRelatedField(
            pk_field=s.UUIDField(), queryset=Tag.objects.all(), source="product"
        )

        class Meta:
            model = Shipment
            fields = ("tags", "labels", "replaces", "any_key")

    assert input_schema(ShipmentSerializer())["properties"] == {
        "tags": array(INTEGER, minItems=1),
        "labels": array(INTEGER, minItems=1),
        "replaces": {**or_null(INTEGER), "description": "Must be unique."},
        "any_key": {"type": "string", "format": "uuid"},
    }


class OwnParcelField(s.PrimaryKeyRelatedField):
    """A field whose queryset is that of who asks."""

    def get_queryset(self) -> Any:
        return self.context["request"].user.parcels.all()


@isolate_apps("tests.shop")
def test_keys_have_the_type_of_the_related_model_even_where_the_queryset_needs_a_request() -> None:
    class Parcel(models.Model):  # noqa: DJ008
        key = models.UUIDField(primary_key=True)

        class Meta:
            app_label = "shop"

    class Label(models.Model):  # noqa: DJ008
        parcel = models.ForeignKey(Parcel, on_delete=models.CASCADE)

        class Meta:
            app_label = "shop"

    class LabelSerializer(s.ModelSerializer):
        parcel = OwnParcelField()

        class Meta:
            model = Label
            fields = ("parcel",)

    assert input_schema(LabelSerializer())["properties"] == {
        "parcel": {"type": "string", "format": "uuid"}
    }


def test_serializer_whose_fields_cannot_be_made_is_named() -> None:
    class NamelessSerializer(s.ModelSerializer):
        class Meta:
            model = Product
            fields = ("nothing",)

    for read in (input_schema, output_schema):
        with pytest.raises(DeclarationError, match=r"NamelessSerializer cannot be read: .*nothing"):
            read(NamelessSerializer(many=True))


def test_one_of_several_serializers_is_an_open_object() -> None:
    either = PolymorphicProxySerializer(
        component_name="Either",
        serializers=[LineSerializer, FileLineSerializer],
        resource_type_field_name=None,
    )

    assert input_schema(either) == {"type": "object", "properties": {}}
    assert output_schema(either) == {"type": "object"}


class TreeSerializer(s.Serializer):
    name = s.CharField()

    def get_fields(self) -> Any:
        return {**super().get_fields(), "children": TreeSerializer(many=True, required=False)}


def test_serializer_that_contains_itself_is_a_reference() -> None:
    schema = input_schema(TreeSerializer())

    node = {
        "type": "object",
        "properties": {"name": TEXT, "children": array({"$ref": "#/$defs/TreeSerializer"})},
        "required": ["name"],
        "additionalProperties": False,
    }
    assert schema == {**node, "$defs": {"TreeSerializer": node}}
    assert Draft202012Validator(schema).is_valid({"name": "a", "children": [{"name": "b"}]})
    assert not Draft202012Validator(schema).is_valid({"name": "a", "children": [{}]})


class Colour(s.Field):
    """A field of a project's own, which says what it takes."""

    def to_internal_value(self, data: list[int]) -> Any:
        return tuple(data)

    def to_representation(self, value: Any) -> list[int]:
        return list(value)


class Words(s.ListField):
    """A field that takes a text for the list that its class stands for."""

    def to_internal_value(self, data: Any) -> Any:
        return data.split()


class Cents(s.IntegerField):
    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(data) * 100


class NullIsEmpty(s.CharField):
    def run_validation(self, data: Any = s.empty) -> Any:
        return super().run_validation("" if data is None else data)


class AnyImage(s.ImageField):
    """An image that may come as text."""

    def to_internal_value(self, data: Any) -> Any:
        return data


def test_methods_of_a_projects_own_field_are_not_second_guessed() -> None:
    assert schema_of(Colour()) == array(INTEGER)
    assert schema_of(Words()) == {}
    assert schema_of(Cents(max_value=5)) == INTEGER
    assert schema_of(NullIsEmpty(allow_blank=True, max_length=3)) == or_null(STRING)
    assert schema_of(AnyImage()) == {}


def test_serializer_with_its_own_to_internal_value_takes_other_fields() -> None:
    class OwnSerializer(LineSerializer):
        def to_internal_value(self, data: Any) -> Any:
            return super().to_internal_value({"sku": data["article"]})

    assert input_schema(OwnSerializer()) == {
        "type": "object",
        "properties": {"sku": TEXT, "quantity": {**INTEGER, "minimum": 1, "default": 1}},
    }


def test_annotations_of_spectacular_say_what_a_field_takes() -> None:
    @extend_schema_field(
        {"type": "string", "nullable": True, "minLength": 2, "format": "colour", "example": "red"}
    )
    class Shade(s.Field):
        pass

    @extend_schema_field(OpenApiTypes.INT)
    class Count(s.Field):
        pass

    @extend_schema_field(LineSerializer)
    class Line(s.JSONField):
        pass

    @extend_schema_field({"$ref": "#/components/schemas/Line"})
    class Elsewhere(s.IntegerField):
        pass

    @extend_schema_serializer(exclude_fields=["legacy", "needed"])
    class AnnotatedSerializer(s.Serializer):
        shade = Shade()
        count = Count(help_text="How many.")
        line = Line()
        elsewhere = Elsewhere()
        legacy = s.CharField(required=False)
        needed = s.CharField()

    assert input_schema(AnnotatedSerializer())["properties"] == {
        "shade": or_null({"type": "string", "minLength": 2}),
        "count": {**INTEGER, "description": "How many."},
        "line": input_schema(LineSerializer()),
        "elsewhere": INTEGER,
        "needed": TEXT,
    }
