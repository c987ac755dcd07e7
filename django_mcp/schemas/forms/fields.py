"""JSON Schema of Django's form fields, and JSON values as the texts that a field reads.

A widget reads lists of texts, as browsers send them: for a value in JSON one text, for a list one
for each item, and for null none.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core import validators
from django.db import models
from django.utils.dateparse import parse_date, parse_datetime, parse_time
from django.utils.html import strip_tags

from django_mcp.schemas.annotations import unwrapped
from django_mcp.schemas.datetimes import as_django_keeps_it
from django_mcp.schemas.forms.choices import choice_schema
from django_mcp.schemas.json_schema import JSONSchema
from django_mcp.schemas.models.field_kinds import kind_of

EXACT_DIGITS = 15
"""Significant digits of a decimal that every JSON number keeps."""

Encode = Callable[[Any], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFieldKind:
    """Schema of the values of a form field, and their texts."""

    schema: JSONSchema
    encode: Encode


def field_schema(field: forms.Field) -> JSONSchema:
    """Return the schema of the values of a form field, without null and without its default.

    A bound of a validator is a keyword where it holds for the value as it is sent, and words of the
    description where the field strips the value first.
    """
    schema = dict(_kind_of(field).schema)
    words = [str(field.label or ""), " ".join(strip_tags(str(field.help_text)).split())]
    words += [schema.pop("description", ""), *_conditions(field)]
    description = ". ".join(each.rstrip(".") for each in words if each)
    if isinstance(field.widget, forms.PasswordInput):
        schema["writeOnly"] = True  # the record keeps none
    return {**schema, "description": description} if description else schema


def encoder_of(field: forms.Field) -> Encode:
    """Return the function of a JSON value that returns the texts by which a browser sends it.

    There are none for null.
    """
    encode = _kind_of(field).encode
    return lambda value: [] if value is None else encode(value)


def text_of(value: Any) -> str:
    """Return the text of a JSON value in a form or in a query."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case int() | float():
            return str(value)
        case None:
            return ""
    return json.dumps(value)


def texts_of(value: Any) -> list[str]:
    """Return the texts of a JSON value: those of its items if it is a list; none for null."""
    if value is None:
        return []
    return [text_of(each) for each in value] if isinstance(value, list) else [text_of(value)]


def _kind_of(field: forms.Field) -> FormFieldKind:
    for cls in type(field).__mro__:
        make = KINDS.get(cls) or POSTGRESQL_KINDS.get(f"{cls.__module__}.{cls.__qualname__}")
        if make is not None:
            return make(field)
    return FormFieldKind(schema={}, encode=texts_of)


def _text(format_: str = "") -> Callable[[Any], FormFieldKind]:
    def kind(field: Any) -> FormFieldKind:
        schema: JSONSchema = {"type": "string"}
        if format_:
            schema["format"] = format_
        if field.required:
            schema["minLength"] = 1
        for validator in field.validators:
            limit = _limit(validator)
            if isinstance(validator, validators.MinLengthValidator):
                schema["minLength"] = max(limit, schema.get("minLength", 0))
            elif isinstance(validator, validators.MaxLengthValidator) and not _strips(field):
                schema["maxLength"] = limit
        return FormFieldKind(schema=schema, encode=texts_of)

    return kind


def _number(type_: Any) -> Callable[[Any], FormFieldKind]:
    def kind(field: Any) -> FormFieldKind:
        return FormFieldKind(schema={"type": type_, **_bounds(field)}, encode=_number_texts(field))

    return kind


def _decimal(field: Any) -> FormFieldKind:
    number: JSONSchema = {"type": "number", **_bounds(field)}
    if field.max_digits is None or field.max_digits <= EXACT_DIGITS:
        return FormFieldKind(schema=number, encode=_number_texts(field))
    text = {"type": "string", "pattern": r"^\s*[+-]?[0-9]*\.?[0-9]*\s*$"}
    return FormFieldKind(schema={"anyOf": [number, text]}, encode=_number_texts(field))


def _number_texts(field: Any) -> Encode:
    """Return the texts of numbers: a localized field reads a point as people there write it."""

    def encode(value: Any) -> list[str]:
        try:
            return [str(field.widget.format_value(Decimal(text_of(value))))]
        except ArithmeticError:  # the field says what is wrong
            return texts_of(value)

    return encode if field.localize else texts_of


def _bounds(field: Any) -> JSONSchema:
    bounds: JSONSchema = {}
    for validator in field.validators:
        limit = _limit(validator)
        if isinstance(limit, float | Decimal):
            limit = int(limit) if limit == int(limit) else float(limit)
        if not isinstance(limit, int | float) or abs(limit) >= 10**EXACT_DIGITS:
            continue
        if isinstance(validator, validators.MinValueValidator):
            bounds["minimum"] = max(limit, bounds.get("minimum", limit))
        elif isinstance(validator, validators.MaxValueValidator):
            bounds["maximum"] = min(limit, bounds.get("maximum", limit))
    return bounds


def _limit(validator: Any) -> Any:
    limit = getattr(validator, "limit_value", None)
    return limit() if callable(limit) else limit


def _boolean(field: Any) -> FormFieldKind:
    return FormFieldKind(schema={"type": "boolean"}, encode=texts_of)


def _moment(
    format_: str, parse: Callable[[str], Any], isoformats: Iterable[str]
) -> Callable[[Any], FormFieldKind]:
    """Return the maker of the kind of dates or times.

    A field that does not take ISO 8601 is sent the first of its own formats.
    """

    def kind(field: Any) -> FormFieldKind:
        def encode(value: Any) -> list[str]:
            formats = [str(each) for each in field.input_formats]
            if not isinstance(value, str) or not formats or set(formats) & set(isoformats):
                return texts_of(value)
            moment = _parsed(parse, value)
            return [value if moment is None else moment.strftime(formats[0])]

        return FormFieldKind(schema={"type": "string", "format": format_}, encode=encode)

    return kind


def _datetime(field: Any) -> FormFieldKind:
    def encode(value: Any) -> list[str]:
        # Django's field takes ISO 8601 whatever its formats are, and leaves the offset to the
        # database, which may know none.
        moment = _parsed(parse_datetime, value) if isinstance(value, str) else None
        if moment is None or moment.tzinfo is None or settings.USE_TZ:
            return texts_of(value)
        return [as_django_keeps_it(moment).isoformat()]

    return FormFieldKind(schema={"type": "string", "format": "date-time"}, encode=encode)


def _parsed(parse: Callable[[str], Any], value: str) -> Any:
    try:
        return parse(value.strip())
    except (ValueError, OverflowError):
        return None


def _choice(field: Any) -> FormFieldKind:
    return FormFieldKind(schema=choice_schema(field), encode=_choice_texts)


def _choices(field: Any) -> FormFieldKind:
    return _list(field, choice_schema(field), _choice_texts)


def _choice_texts(value: Any) -> list[str]:
    # Choices are compared as Python renders them, in which true is True.
    values = value if isinstance(value, list) else [value]
    return [str(each) if isinstance(each, bool) else text_of(each) for each in values]


def _key(field: Any) -> FormFieldKind:
    return FormFieldKind(schema=_key_schema(field), encode=texts_of)


def _keys(field: Any) -> FormFieldKind:
    return _list(field, _key_schema(field), texts_of)


def _list(field: Any, items: JSONSchema, encode: Encode) -> FormFieldKind:
    description = items.get("description")
    items = {key: value for key, value in items.items() if key != "description"}
    schema: JSONSchema = {"type": "array", "items": items}
    if field.required:
        schema["minItems"] = 1
    if description:
        schema["description"] = description
    return FormFieldKind(schema=schema, encode=encode)


def _key_schema(field: Any) -> JSONSchema:
    # Until a constructor gives the queryset, nothing is known of its keys.
    queryset = field.queryset
    if queryset is None:
        return {"type": ["string", "integer"]}
    name = field.to_field_name or queryset.model._meta.pk.name
    schema = column_schema(queryset.model._meta.get_field(name))
    return {**schema, "description": f"Key of a {queryset.model._meta.verbose_name}"}


def column_schema(field: Any) -> JSONSchema:
    """Return the schema of the keys in a column of a model."""
    annotation, _ = unwrapped(kind_of(field).annotation)
    if annotation is int:
        return {"type": "integer"}
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    return {"type": "string", "format": "uuid"} if isinstance(field, models.UUIDField) else TEXT


def _json(field: Any) -> FormFieldKind:
    return FormFieldKind(schema={}, encode=lambda value: [json.dumps(value)])


def _object(field: Any) -> FormFieldKind:
    return FormFieldKind(schema={"type": "object"}, encode=texts_of)


def _array(field: Any) -> FormFieldKind:
    encode_item = encoder_of(field.base_field)

    def encode(value: Any) -> list[str]:
        items = value if isinstance(value, list) else [value]
        return [field.delimiter.join(text for each in items for text in encode_item(each))]

    return _list(field, field_schema(field.base_field), encode)


TEXT: JSONSchema = {"type": "string"}

ISO_TIMES = ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M")

KINDS: dict[type[forms.Field], Callable[[Any], FormFieldKind]] = {
    forms.CharField: _text(),
    forms.EmailField: _text("email"),
    forms.GenericIPAddressField: _text(),
    forms.URLField: _text("uri"),
    forms.RegexField: _text(),
    forms.SlugField: _text(),
    forms.FilePathField: _choice,
    forms.UUIDField: _text("uuid"),
    forms.IntegerField: _number("integer"),
    forms.FloatField: _number("number"),
    forms.DecimalField: _decimal,
    forms.BooleanField: _boolean,
    forms.NullBooleanField: _boolean,
    forms.DateField: _moment("date", parse_date, ("%Y-%m-%d",)),
    forms.TimeField: _moment("time", parse_time, ISO_TIMES),
    forms.DateTimeField: _datetime,
    forms.DurationField: _text("duration"),
    forms.ChoiceField: _choice,
    forms.MultipleChoiceField: _choices,
    forms.ModelChoiceField: _key,
    forms.ModelMultipleChoiceField: _keys,
    forms.JSONField: _json,
}

# By their names: importing them needs psycopg.
POSTGRESQL_KINDS: dict[str, Callable[[Any], FormFieldKind]] = {
    "django.contrib.postgres.forms.array.SimpleArrayField": _array,
    "django.contrib.postgres.forms.hstore.HStoreField": _object,
}


def _strips(field: Any) -> bool:
    return bool(getattr(field, "strip", False))


def _conditions(field: Any) -> Iterator[str]:
    """Yield what validators demand, as far as the keywords of the schema do not say it."""
    for validator in field.validators:
        if isinstance(validator, validators.MaxLengthValidator) and _strips(field):
            yield f"At most {_limit(validator)} characters"
        elif type(validator) is validators.RegexValidator and not validator.inverse_match:
            is_generic = validator.message is validators.RegexValidator.message
            pattern = getattr(validator.regex, "pattern", validator.regex)
            yield f"Matches {pattern}" if is_generic else str(validator.message)
    if type(field) is forms.BooleanField and field.required:
        yield "Must be true"
