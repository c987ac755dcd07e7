"""Model fields of every kind: the schema of each, and the value that its row holds."""

import datetime
import json
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.postgres import fields as postgres
from django.contrib.postgres import search, signals
from django.db import connection, models
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange, NumericRange
from django.db.models import F, Value
from django.test.utils import isolate_apps
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from jsonschema import Draft202012Validator
from pytest_django import Settings

from django_mcp.exceptions import ToolRegistrationError
from tests.shop.fields import Country, Money, PhoneNumber, Point
from tests.shop.models import Product, Shipment
from tests.tools.single_tools import receive, resolved, returning

pytestmark = pytest.mark.django_db

NOON = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
KEY = uuid.UUID(int=1)
BOOLEAN, INTEGER, NUMBER, STRING = (
    {"type": name} for name in ("boolean", "integer", "number", "string")
)
BASE64 = {"type": "string", "contentEncoding": "base64"}
DATE = {"type": "string", "format": "date"}
MOMENT = {"type": "string", "format": "date-time"}
UUID = {"type": "string", "format": "uuid"}


def or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def array(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": schema}


def range_of(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "title": "Range",
        "properties": {
            "lower": or_null(schema),
            "upper": or_null(schema),
            "bounds": {"type": "string", "enum": ["[)", "(]", "()", "[]", "empty"]},
        },
        "required": ["lower", "upper", "bounds"],
    }


def choices(*values: Any, labels: str) -> dict[str, Any]:
    kind = "string" if isinstance(values[0], str) else "integer"
    return {"type": kind, "enum": list(values), "description": labels}


FIELDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "AutoField": (models.AutoField(primary_key=True), INTEGER),
    "BigAutoField": (models.BigAutoField(primary_key=True), INTEGER),
    "BigIntegerField": (models.BigIntegerField(), INTEGER),
    "BinaryField": (models.BinaryField(), BASE64),
    "BooleanField": (models.BooleanField(), BOOLEAN),
    "CharField": (models.CharField(max_length=9), STRING),
    "DateField": (models.DateField(), DATE),
    "DateTimeField": (models.DateTimeField(), MOMENT),
    "DecimalField": (models.DecimalField(max_digits=5, decimal_places=2), STRING),
    "DurationField": (models.DurationField(), STRING),
    "EmailField": (models.EmailField(), STRING),
    "FileField": (models.FileField(), or_null(STRING)),
    "FilePathField": (models.FilePathField(), STRING),
    "FloatField": (models.FloatField(), NUMBER),
    "ForeignKey": (lambda: models.ForeignKey(Product, models.CASCADE, related_name="+"), INTEGER),
    "GeneratedField": (
        models.GeneratedField(
            expression=Value(1), output_field=models.IntegerField(), db_persist=True
        ),
        INTEGER,
    ),
    "GenericIPAddressField": (models.GenericIPAddressField(), STRING),
    "ImageField": (models.ImageField(), or_null(STRING)),
    "IntegerField": (models.IntegerField(), INTEGER),
    "JSONField": (models.JSONField(), {}),
    "ManyToManyField": (lambda: models.ManyToManyField(Product, related_name="+"), array(INTEGER)),
    "OneToOneField": (
        lambda: models.OneToOneField(Product, models.CASCADE, related_name="+"),
        INTEGER,
    ),
    "PositiveBigIntegerField": (models.PositiveBigIntegerField(), INTEGER),
    "PositiveIntegerField": (models.PositiveIntegerField(), INTEGER),
    "PositiveSmallIntegerField": (models.PositiveSmallIntegerField(), INTEGER),
    "SlugField": (models.SlugField(), STRING),
    "SmallAutoField": (models.SmallAutoField(primary_key=True), INTEGER),
    "SmallIntegerField": (models.SmallIntegerField(), INTEGER),
    "TextField": (models.TextField(), STRING),
    "TimeField": (models.TimeField(), STRING),
    "URLField": (models.URLField(), STRING),
    "UUIDField": (models.UUIDField(), UUID),
    "ArrayField": (postgres.ArrayField(models.DateField()), array(DATE)),
    "BigIntegerRangeField": (postgres.BigIntegerRangeField(), range_of(INTEGER)),
    "DateRangeField": (postgres.DateRangeField(), range_of(DATE)),
    "DateTimeRangeField": (postgres.DateTimeRangeField(), range_of(MOMENT)),
    "DecimalRangeField": (postgres.DecimalRangeField(), range_of(STRING)),
    "HStoreField": (
        postgres.HStoreField(),
        {"type": "object", "additionalProperties": or_null(STRING)},
    ),
    "IntegerRangeField": (postgres.IntegerRangeField(), range_of(INTEGER)),
    "SearchQueryField": (search.SearchQueryField(), STRING),
    "SearchVectorField": (search.SearchVectorField(), STRING),
}
"""A field of every class of Django's that has a value, with the schema of what is shown of it."""

# They are the base of others, have no value, or are no more than a message that says what is gone.
WITHOUT_VALUE = {
    "AutoFieldMixin",
    "CICharField",
    "CIEmailField",
    "CITextField",
    "CommaSeparatedIntegerField",
    "CompositePrimaryKey",
    "ContinuousRangeField",
    "ForeignObject",
    "GenericForeignKey",
    "GenericRelation",
    "IPAddressField",
    "NullBooleanField",
    "OrderWrt",
    "RangeField",
    "RelatedField",
    "_Float4Field",
    "_SearchVectorExactField",
}


def every_class(base: type) -> Iterator[type]:
    each: type
    for each in base.__subclasses__():
        yield each
        yield from every_class(each)


@pytest.fixture
def model_with() -> Iterator[Callable[..., type[models.Model]]]:
    """Makes a model of these fields, which exists for one test."""
    with isolate_apps("tests.shop"):

        def make(**fields: Any) -> type[models.Model]:
            meta = type("Meta", (), {"app_label": "shop"})
            return type("Thing", (models.Model,), {"__module__": __name__, "Meta": meta, **fields})

        yield make


def schema_of(model: type[models.Model], name: str) -> Any:
    schema = resolved(returning(model, None), fields=[name]).output_schema
    assert schema is not None
    shown = schema["properties"][name]
    definition = shown.get("$ref", "").rpartition("/")[2]
    return schema["$defs"][definition] if definition else shown


def test_every_field_class_of_django_is_in_the_table() -> None:
    every: list[type] = list(every_class(models.Field))
    classes = {each.__name__ for each in every if each.__module__.startswith("django.")}

    assert classes - WITHOUT_VALUE <= FIELDS.keys()


@pytest.mark.parametrize("name", FIELDS)
def test_field_of_every_class_has_a_schema(
    name: str, model_with: Callable[..., type[models.Model]]
) -> None:
    field, schema = FIELDS[name]

    made = field.clone() if isinstance(field, models.Field) else field()

    assert schema_of(model_with(value=made), "value") == schema


GIVEN: dict[str, tuple[Any, Any]] = {
    "status": (Shipment.Status.SENT, "sent"),
    "priority": ("2", 2),
    "code": (7, "7"),
    "contact": ("Ann@Example.org", "ann@example.org"),
    "fragile": (1, True),
    "weight": ("2.5", 2.5),
    "fee": ("9.5", "9.50"),
    "rate": (1, "1.00000000"),
    "packed_on": ("2026-01-31", "2026-01-31"),
    "sent_at": ("2026-01-31T13:00:00+01:00", "2026-01-31T12:00:00Z"),
    "opens": ("08:30", "08:30:00"),
    "lasts": (datetime.timedelta(hours=1), "PT1H"),
    "key": (str(KEY), str(KEY)),
    "address": ("::FFFF:127.0.0.1", "::ffff:127.0.0.1"),
    "facts": ({"a": (1, 2), 3: None}, {"a": [1, 2], "3": None}),
    "history": ([NOON, Decimal("1.50")], ["2026-01-31T12:00:00Z", "1.50"]),
    "seal": (b"\x00\xff", "AP8="),
    "photo": ("b.png", "/b.png"),
    "country": ("NZ", "NZ"),
    "phone": ("+6491234567", "+6491234567"),
    "worth": ("9.5", "9.50 EUR"),
    "place": ("3,4", "3,4"),
    "pieces": (3, 3),
    "double": (..., "19.00"),
}
"""What a field is given before it is saved, and what is shown of it then and when read again."""

OTHERWISE: list[tuple[str, Any, Any]] = [
    ("code", _("Yes"), "Yes"),
    ("priority", Shipment.Priority.HIGH, 2),
    ("fee", 9.5, "9.50"),
    ("fee", Decimal("9.500"), "9.50"),
    ("fee", Decimal("9.999"), "10.00"),
    ("fee", Decimal("1E+2"), "100.00"),
    ("packed_on", NOON, "2026-01-31"),
    ("sent_at", NOON, "2026-01-31T12:00:00Z"),
    ("sent_at", NOON.astimezone(datetime.timezone(datetime.timedelta(hours=5))), ...),
    ("sent_at", None, None),
    ("opens", datetime.time(8, 30), "08:30:00"),
    ("address", "127.0.0.1", "127.0.0.1"),
    ("facts", [], []),
    ("facts", Value(None, models.JSONField()), None),
    ("seal", bytearray(b"\x00\xff"), "AP8="),
    ("seal", memoryview(b"\x00\xff"), "AP8="),
    ("seal", None, None),
    ("photo", "", None),
    ("photo", None, None),
    ("country", Country("NZ"), "NZ"),
    ("country", "", ""),
    ("phone", PhoneNumber("+649"), "+649"),
    ("phone", "", ""),
    ("phone", None, ""),
    ("worth", Money(Decimal("9.5")), "9.50 EUR"),
    ("worth", None, None),
    ("place", Point(3, 4), "3,4"),
    ("place", None, None),
]


def saved(**values: Any) -> Shipment:
    product = Product.objects.create(sku="a-1", name="Apple", price=1)
    return Shipment.objects.create(product=product, **values)


def shown(value: Any, *fields: str) -> Any:
    """What clients see of an instance, or of the first row of a queryset."""
    annotation = list[Shipment] if isinstance(value, models.QuerySet) else Shipment
    result = receive(annotation, value if annotation is Shipment else lambda: value, fields=fields)
    schema = resolved(returning(annotation, None), fields=fields).output_schema
    assert not result.is_error, result.text
    assert schema is not None
    Draft202012Validator(schema).validate(result.structured)
    assert json.loads(result.text) == result.data
    return result.data if annotation is Shipment else result.data[0]


def test_instance_that_was_just_saved_shows_what_its_row_holds() -> None:
    shipment = saved(**{name: value for name, (value, _) in GIVEN.items() if value is not ...})
    expected = {name: value for name, (_, value) in GIVEN.items()}

    assert shown(shipment, *GIVEN) == expected
    assert shown(Shipment.objects.get(), *GIVEN) == expected
    assert shown(Shipment.objects.all(), *GIVEN) == expected


@pytest.mark.parametrize(("field", "value", "expected"), OTHERWISE)
def test_whatever_a_field_was_given_its_row_is_shown(field: str, value: Any, expected: Any) -> None:
    shipment = saved(**{field: value})
    before = shown(shipment, field)

    assert before == shown(Shipment.objects.get(), field)
    assert before == shown(Shipment.objects.all(), field)
    if expected is not ...:
        assert before == {field: expected}


@pytest.mark.parametrize("amount", ["0.005", "0.015", "9.504999", "-2.675", "12345.675"])
def test_decimal_is_rounded_as_the_database_does(amount: str) -> None:
    shipment = saved(fee=Decimal(amount))

    assert shown(shipment, "fee") == shown(Shipment.objects.get(), "fee")


def test_moment_without_a_time_zone_is_of_the_default_one(settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    with timezone.override("Asia/Tokyo"), pytest.warns(RuntimeWarning, match="naive datetime"):
        shipment = saved(sent_at=datetime.datetime(2026, 1, 31, 13))  # noqa: DTZ001

    with timezone.override("Asia/Tokyo"):
        assert shown(shipment, "sent_at") == {"sent_at": "2026-01-31T12:00:00Z"}
        assert shown(Shipment.objects.get(), "sent_at") == {"sent_at": "2026-01-31T12:00:00Z"}


def test_day_for_a_moment_is_its_midnight() -> None:
    with pytest.warns(RuntimeWarning, match="naive datetime"):
        shipment = saved(sent_at=datetime.date(2026, 1, 31))

    assert shown(shipment, "sent_at") == {"sent_at": "2026-01-31T00:00:00Z"}


def test_field_that_is_set_as_it_is_saved_is_shown() -> None:
    shipment = saved()

    assert shown(shipment, "changed_at") == shown(Shipment.objects.get(), "changed_at")


def test_expression_that_is_left_on_an_instance_is_named_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shipment = saved()
    shipment.pieces = F("pieces") + 1
    result = receive(Shipment, shipment, fields=["pieces"])

    assert result.text.startswith("The call failed.")
    assert (
        "field 'pieces' of Shipment holds the expression <CombinedExpression: F(pieces) + Value(1)>"
        in caplog.text
    )


def test_value_that_no_column_can_hold_is_named_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    result = receive(Shipment, Shipment(fee="much"), fields=["fee"])

    assert result.text.startswith("The call failed.")
    assert "field 'fee' of Shipment holds what its column cannot" in caplog.text


def test_choices_are_an_enum_with_labels() -> None:
    assert schema_of(Shipment, "status") == choices(
        "packed", "sent", labels="packed: Ready to go; sent: On its way"
    )
    assert schema_of(Shipment, "priority") == choices(1, 2, labels="1: Some day; 2: At once")


def test_choices_in_groups_and_of_nothing_are_shown(
    model_with: Callable[..., type[models.Model]],
) -> None:
    grouped = [("Sweet", [("a", "Apple")]), ("b", "Bread")]
    model = model_with(
        grouped=models.CharField(max_length=1, choices=grouped, blank=True),
        empty=models.IntegerField(choices=[(None, "Nothing"), (1, "One")], null=True),
    )

    assert schema_of(model, "grouped") == choices("a", "b", "", labels="a: Apple; b: Bread")
    assert schema_of(model, "empty") == or_null(choices(1, labels="1: One"))


def test_choices_that_may_change_or_are_too_many_are_not_listed(
    model_with: Callable[..., type[models.Model]],
) -> None:
    def found() -> list[tuple[str, str]]:
        raise AssertionError("choices are not looked up to declare a tool")

    model = model_with(
        changing=models.CharField(max_length=9, choices=found),
        many=models.IntegerField(choices=[(each, str(each)) for each in range(101)]),
        days=models.DateField(choices=[(NOON.date(), "Today")]),
    )

    assert schema_of(model, "changing") == STRING
    assert schema_of(model, "many") == INTEGER
    assert schema_of(model, "days") == DATE


def test_file_whose_storage_has_no_urls_is_refused(
    model_with: Callable[..., type[models.Model]],
) -> None:
    from django.core.files.storage import Storage

    model = model_with(photo=models.FileField(storage=Storage()))
    with pytest.raises(ToolRegistrationError, match="'photo' of Thing is a file whose storage has"):
        schema_of(model, "photo")


def test_key_of_several_columns_is_a_list(model_with: Callable[..., type[models.Model]]) -> None:
    model = model_with(
        pk=models.CompositePrimaryKey("shelf", "day"),
        shelf=models.IntegerField(),
        day=models.DateField(),
    )
    result = receive(model, model(shelf="3", day="2026-01-31"), fields=["pk"])

    assert schema_of(model, "pk")["prefixItems"] == [INTEGER, DATE]
    assert result.data == {"pk": [3, "2026-01-31"]}


# PostgreSQL's own


def moment(day: int) -> datetime.datetime:
    return datetime.datetime(2026, 1, day, tzinfo=datetime.UTC)


ROWS: list[tuple[Any, Any, Any]] = [
    (postgres.ArrayField(models.IntegerField()), ["1", 2], [1, 2]),
    (postgres.ArrayField(models.IntegerField()), (), []),
    (postgres.ArrayField(models.CharField(max_length=3, null=True), null=True), ["a", None], ...),
    (postgres.ArrayField(models.CharField(max_length=3), null=True), None, None),
    (postgres.ArrayField(postgres.ArrayField(models.DateField())), [["2026-01-31"]], ...),
    (
        postgres.ArrayField(models.DecimalField(max_digits=5, decimal_places=2)),
        ["9.5", 1],
        ["9.50", "1.00"],
    ),
    (postgres.HStoreField(), {"a": 1, "b": None}, {"a": "1", "b": None}),
    (
        postgres.IntegerRangeField(),
        (1, 5),
        {"lower": 1, "upper": 5, "bounds": "[)"},
    ),
    (
        postgres.IntegerRangeField(),
        NumericRange(1, 5, "(]"),
        {"lower": 2, "upper": 6, "bounds": "[)"},
    ),
    (
        postgres.BigIntegerRangeField(),
        NumericRange(None, 5, "[]"),
        {"lower": None, "upper": 6, "bounds": "()"},
    ),
    (
        postgres.IntegerRangeField(),
        NumericRange(5, 5, "[)"),
        {"lower": None, "upper": None, "bounds": "empty"},
    ),
    (postgres.IntegerRangeField(), NumericRange(5, 6, "()"), ...),
    (postgres.IntegerRangeField(), NumericRange(empty=True), ...),
    (postgres.IntegerRangeField(), NumericRange(None, None), ...),
    (postgres.IntegerRangeField(null=True), None, None),
    (
        postgres.DateRangeField(),
        DateRange(datetime.date(2026, 1, 1), datetime.date(2026, 1, 31), "[]"),
        {"lower": "2026-01-01", "upper": "2026-02-01", "bounds": "[)"},
    ),
    (
        postgres.DateTimeRangeField(default_bounds="[]"),
        (moment(1), moment(2)),
        {"lower": "2026-01-01T00:00:00Z", "upper": "2026-01-02T00:00:00Z", "bounds": "[]"},
    ),
    (postgres.DateTimeRangeField(), DateTimeTZRange(moment(1), None, "(]"), ...),
    (
        postgres.DecimalRangeField(),
        (Decimal("1.5"), Decimal("2.25")),
        {"lower": "1.5", "upper": "2.25", "bounds": "[)"},
    ),
    (postgres.DecimalRangeField(), NumericRange(Decimal(1), Decimal(1), "[]"), ...),
    (postgres.DecimalRangeField(), NumericRange(Decimal(1), Decimal(1), "()"), ...),
    (models.JSONField(), {"a": [1, None]}, {"a": [1, None]}),
    (models.BinaryField(), b"\x00\xff", "AP8="),
    (search.SearchVectorField(null=True), "'cat':1", "'cat':1"),
    (models.CharField(max_length=9, db_collation="C"), "Cat", "Cat"),
]


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("field", "value", "expected"), ROWS, ids=lambda each: getattr(each, "description", None)
)
def test_row_of_postgresql_is_shown_just_saved_or_read_again(
    field: Any,
    value: Any,
    expected: Any,
    model_with: Callable[..., type[models.Model]],
) -> None:
    model: Any = model_with(value=field.clone())
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS hstore")
    signals.get_hstore_oids.cache_clear()  # type: ignore[attr-defined]
    signals.register_type_handlers(connection)
    with connection.schema_editor() as editor:
        editor.create_model(model)
    before = receive(model, model.objects.create(value=value), fields=["value"])
    after = receive(list[model], model.objects.all, fields=["value"])
    schema = resolved(returning(model, None), fields=["value"]).output_schema

    assert not before.is_error, before.text
    assert [before.data] == after.data
    assert schema is not None
    Draft202012Validator(schema).validate(before.structured)
    if expected is not ...:
        assert before.data == {"value": expected}
