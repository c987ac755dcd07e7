"""Mapping of Django model fields to annotations and conversions of their values.

An instance that was just saved still has what it was given, such as "9.5" for a decimal of two
places. `convert` makes of it what the instance would have if it were read again.
"""

import datetime
import json
import uuid
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from functools import cache
from types import SimpleNamespace
from typing import Annotated, Any

from django.conf import settings
from django.db import connections, models
from django.utils import timezone
from pydantic import Field as Described

from django_mcp.schemas.choices import choices_schema
from django_mcp.schemas.ranges import range_type, range_value

Convert = Callable[[Any, str], Any]
"""Function of a value of an instance, never None, and of the alias of its database."""

SQLITE_DIGITS = Context(prec=15)
"""Context with the significant digits that Django reads from SQLite's numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldKind:
    """Annotation and conversion of a field; `is_as_fetched` if values of `values()` need none.

    Values of the very class `plain` need no conversion. `empty` is shown of None: of a column that
    cannot be null, custom fields may read it as None.
    """

    annotation: Any
    convert: Convert
    is_as_fetched: bool
    plain: type | None = None
    empty: str | None = None


@cache
def kind_of(field: Any) -> FieldKind:
    """Return the kind of a field with a column; of a foreign key that of the key."""
    if isinstance(field, models.ForeignKey):
        return kind_of(field.target_field)
    if isinstance(field, models.GeneratedField):
        return kind_of(field.output_field)
    classes = type(field).__mro__
    # What is no subclass of a known field may say which of them its column is like.
    like = getattr(models, field.get_internal_type(), None)
    if isinstance(like, type) and issubclass(like, models.Field):
        classes += (like,)
    for cls in classes:
        make = KINDS.get(cls) or POSTGRESQL_KINDS.get(f"{cls.__module__}.{cls.__qualname__}")
        if make is not None:
            return make(field)
    return _text(field)


def _scalar(type_: Any) -> Callable[[Any], FieldKind]:
    def kind(field: Any) -> FieldKind:
        def convert(value: Any, db: str) -> Any:
            value = field.to_python(value)
            return value if isinstance(value, type_) else field.get_prep_value(value)

        return _kind(field, type_, convert, plain=type_)

    return kind


def _decimal(field: Any) -> FieldKind:
    places = field.decimal_places

    def convert(value: Any, db: str) -> Any:
        value = value if type(value) is Decimal else field.to_python(value)
        if places is None or not isinstance(value, Decimal):
            return value
        _, digits, exponent = value.as_tuple()
        if exponent == -places and len(digits) <= SQLITE_DIGITS.prec:
            return value
        is_sqlite = connections[db].vendor == "sqlite"
        value = SQLITE_DIGITS.create_decimal(value) if is_sqlite else value
        rounding = ROUND_HALF_EVEN if is_sqlite else ROUND_HALF_UP
        return value.quantize(Decimal(1).scaleb(-places), rounding, context=field.context)

    def convert_to_text(value: Any, db: str) -> str:
        value = convert(value, db)
        return f"{value:f}" if isinstance(value, Decimal) else _string_form(field, value)

    if is_stock(field):
        return _kind(field, Decimal, convert)
    return _kind(field, str, convert_to_text)  # of an object, such as money


def _datetime(field: Any) -> FieldKind:
    def convert(value: Any, db: str) -> Any:
        if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
            value = datetime.datetime.combine(value, datetime.time())  # Django does, and warns
        value = field.to_python(value)
        if not settings.USE_TZ:
            return value
        if timezone.is_naive(value):
            value = timezone.make_aware(value, timezone.get_default_timezone())
        return value.astimezone(connections[db].timezone)

    return _kind(field, datetime.datetime, convert)


def _text(field: Any) -> FieldKind:
    has_own_form = not is_stock(field)
    is_plain = not has_own_form and isinstance(field, models.CharField | models.TextField)

    def convert(value: Any, db: str) -> str:
        return _string_form(field, field.to_python(value))

    empty = None if not has_own_form or field.null else field.get_prep_value(None)
    return _kind(
        field,
        str,
        convert,
        plain=str if is_plain else None,
        empty=empty if isinstance(empty, str) else None,
    )


def _string_form(field: Any, value: Any) -> str:
    """Return the text of a value of a custom class: as a rule, the value of its column."""
    if isinstance(value, str):
        # A field that reads its column in its own way, such as an encrypted one, writes it so too.
        prepared = value if hasattr(field, "from_db_value") else field.get_prep_value(value)
        return str.__str__(prepared if isinstance(prepared, str) else value)
    if type(field).value_to_string is models.Field.value_to_string:
        prepared = field.get_prep_value(value)
        return str(value if prepared is None else prepared)
    return str(field.value_to_string(SimpleNamespace(**{field.attname: value})))


def _json(field: Any) -> FieldKind:
    def convert(value: Any, db: str) -> Any:
        return json.loads(json.dumps(value, cls=getattr(field, "encoder", None)))

    has_decoder = getattr(field, "decoder", None) is not None
    return _kind(field, Any, convert, is_as_fetched=not has_decoder)


def _binary(field: Any) -> FieldKind:
    def convert(value: Any, db: str) -> str:
        return b64encode(field.to_python(value)).decode("ascii")

    base64 = Annotated[str, Described(json_schema_extra={"contentEncoding": "base64"})]
    return _kind(field, base64, convert, is_as_fetched=False)


def _array(field: Any) -> FieldKind:
    item = kind_of(field.base_field)
    item_type: Any = optional(item.annotation, field.base_field.null)

    def convert(value: Any, db: str) -> list[Any]:
        items = field.to_python(value)
        return [item.empty if each is None else item.convert(each, db) for each in items]

    return _kind(field, list[item_type], convert, is_as_fetched=item.is_as_fetched)


def _hstore(field: Any) -> FieldKind:
    def convert(value: Any, db: str) -> Any:
        return field.get_prep_value(field.to_python(value))

    return _kind(field, dict[str, str | None], convert)


def _range(field: Any) -> FieldKind:
    item = kind_of(field.base_field)
    is_discrete = item.annotation in (int, datetime.date)

    def convert(value: Any, db: str) -> dict[str, Any]:
        value = field.to_python(value) if isinstance(value, str) else field.get_prep_value(value)
        return range_value(value, lambda each: item.convert(each, db), is_discrete=is_discrete)

    return _kind(field, range_type(item.annotation), convert, is_as_fetched=False)


KINDS: dict[type, Callable[[Any], FieldKind]] = {
    models.BooleanField: _scalar(bool),
    models.IntegerField: _scalar(int),
    models.FloatField: _scalar(float),
    models.DecimalField: _decimal,
    models.DateTimeField: _datetime,
    models.DateField: _scalar(datetime.date),
    models.TimeField: _scalar(datetime.time),
    models.DurationField: _scalar(datetime.timedelta),
    models.UUIDField: _scalar(uuid.UUID),
    models.CharField: _text,
    models.TextField: _text,
    models.JSONField: _json,
    models.BinaryField: _binary,
}

# By their names: importing them needs psycopg.
POSTGRESQL_KINDS: dict[str, Callable[[Any], FieldKind]] = {
    "django.contrib.postgres.fields.array.ArrayField": _array,
    "django.contrib.postgres.fields.hstore.HStoreField": _hstore,
    "django.contrib.postgres.fields.ranges.RangeField": _range,
}


def optional(type_: Any, is_null: bool) -> Any:
    """Return `type_ | None` if it may be null; `Any` is optional already."""
    return type_ | None if is_null and type_ is not Any else type_


def _kind(
    field: Any,
    annotation: Any,
    convert: Convert,
    *,
    is_as_fetched: bool = True,
    plain: type | None = None,
    empty: str | None = None,
) -> FieldKind:
    choices = None if annotation is Any else choices_schema(field)
    return FieldKind(
        annotation=annotation if choices is None else Annotated[annotation, choices],
        convert=convert,
        is_as_fetched=is_as_fetched and is_stock(field),
        plain=plain,
        empty=empty,
    )


def is_stock(field: Any) -> bool:
    """Return whether conversions of the field are Django's own."""
    names = ("to_python", "get_prep_value", "value_to_string", "from_db_value")
    methods = [getattr(type(field), name, None) for name in names]
    return all(each is None or each.__module__.startswith("django.") for each in methods)
