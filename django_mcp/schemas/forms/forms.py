"""JSON Schema of whole forms, and arguments as the data of a submitted form."""

import datetime
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.utils import pretty_name
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.schemas.forms.fields import field_schema
from django_mcp.schemas.forms.parameters import FormParameter, field_parameters
from django_mcp.schemas.json_schema import JSONSchema

Form = forms.BaseForm | type[forms.BaseForm]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormArguments:
    """Arguments of a form: their schema, and what a submitted form makes of them.

    `fields` has the parameters of each field by its name.
    """

    schema: JSONSchema
    fields: Mapping[str, Sequence[FormParameter]]
    prefix: str | None

    def data(self, arguments: Mapping[str, Any]) -> QueryDict:
        """Return arguments, which the schema takes, as the data that the form's widgets read.

        A null is an emptied field. What is not in the arguments is not in the data.
        """
        data = QueryDict(mutable=True)
        for each in (each for parameters in self.fields.values() for each in parameters):
            if each.name not in arguments:
                continue
            key = f"{self.prefix}-{each.name}" if self.prefix else each.name
            texts = each.encode(arguments[each.name])
            if len(each.suffixes) > 1:
                for suffix, text in zip(each.suffixes, texts, strict=True):
                    data[f"{key}{suffix}"] = text
            else:
                data.setlist(key, [""] if arguments[each.name] is None else texts)
        return data

    def fills(self, name: str, arguments: Mapping[str, Any]) -> bool:
        """Return whether any of the arguments is for the field of this name."""
        return any(each.name in arguments for each in self.fields.get(name, ()))


def read_form(form: Form, *, is_partial: bool = False) -> FormArguments:
    """Return the arguments of a form, or of a class as far as its constructor changes nothing.

    A field with an initial value may be left out; if `is_partial`, any may. Null empties an
    optional field. Raises `DeclarationError` with all fields that arguments cannot fill.
    """
    found: dict[str, Sequence[FormParameter]] = {}
    properties: dict[str, JSONSchema] = {}
    required: list[str] = []
    problems: list[str] = []
    for name, field in _fields(form).items():
        try:
            found[name] = _parameters(name, field)
        except DeclarationError as error:
            problems += error.problems
            continue
        is_prefilled = is_partial or initial_of(form, name, field) not in field.empty_values
        for each in found[name]:
            schema = each.schema if each.is_required else _nullable(each.schema)
            if each.name == name:
                schema = _without_label(schema, name, field)
                default = None if is_partial else _default(field)
                schema = schema if default is None else {**schema, "default": default}
            properties[each.name] = schema
            if each.is_required and not is_prefilled:
                required.append(each.name)
    if problems:
        raise DeclarationError(problems)
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = required
    return FormArguments(schema=schema, fields=found, prefix=form.prefix)


def initial_of(form: Form, name: str, field: forms.Field) -> Any:
    """Return the initial value of a field; of a class, what its constructor may not change."""
    return field.initial if isinstance(form, type) else form.get_initial_for_field(field, name)


def _fields(form: Form) -> Mapping[str, forms.Field]:
    fields: Mapping[str, forms.Field] = (
        form.base_fields if isinstance(form, type) else form.fields  # type: ignore[attr-defined]
    )
    return fields


def _parameters(name: str, field: forms.Field) -> Sequence[FormParameter]:
    """Return the parameters of a field; a date and time of two widgets is one."""
    if not isinstance(field, forms.SplitDateTimeField) or field.disabled:
        return field_parameters(name, field)
    single = forms.DateTimeField(
        required=field.required, label=field.label, help_text=field.help_text
    )
    return (
        FormParameter(
            name=name,
            schema=field_schema(single),
            is_required=field.required,
            encode=functools.partial(_split, field),
            suffixes=("_0", "_1"),
        ),
    )


def _split(field: forms.SplitDateTimeField, value: Any) -> list[str]:
    """Return the texts of the date and of the time; what is none is left to the field."""
    if value is None:
        return ["", ""]
    try:
        moment = parse_datetime(value.strip())
    except (ValueError, AttributeError):
        moment = None
    if moment is None:
        return [str(value), ""]
    if timezone.is_aware(moment):
        moment = timezone.make_naive(moment)  # the field reads it in the current time zone
    date, time = field.fields
    parts = (moment.date().isoformat(), moment.time().isoformat())
    return [
        text
        for part, sub in zip(parts, (date, time), strict=True)
        for text in field_parameters("", sub)[0].encode(part)
    ]


def _nullable(schema: JSONSchema) -> JSONSchema:
    """Return the schema with null, unless an empty value of its own stands for it."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    kind = schema.get("type", "array")
    if kind == "array" or (kind == "string" and not {"enum", "format"} & schema.keys()):
        return schema
    kinds = [kind] if isinstance(kind, str) else kind
    nullable = {**schema, "type": [*kinds, "null"]}
    return {**nullable, "enum": [*schema["enum"], None]} if "enum" in schema else nullable


def _without_label(schema: JSONSchema, name: str, field: forms.Field) -> JSONSchema:
    """Return the schema without a label that only repeats the name."""
    label, words = str(field.label or ""), schema.get("description", "")
    if label.casefold() != pretty_name(name).casefold() or not words.startswith(label):
        return schema
    rest = {key: value for key, value in schema.items() if key != "description"}
    words = words.removeprefix(label).removeprefix(". ")
    return {**rest, "description": words} if words else rest


def _default(field: forms.Field) -> Any:
    initial = getattr(field.initial, "value", field.initial)
    match initial:
        case bool() | int() | float() | str() if initial != "":
            return initial
        case Decimal():
            return int(initial) if initial == int(initial) else float(initial)
        case datetime.date() | datetime.time():
            return initial.isoformat()
    return None
