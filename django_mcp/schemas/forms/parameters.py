"""Parameters of form fields: the names that their widgets read, with schemas and texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.schemas.forms.fields import Encode, encoder_of, field_schema
from django_mcp.schemas.json_schema import JSONSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class FormParameter:
    """One argument of a form: the schema of its values, and their texts.

    A widget reads them under the name. Where `suffixes` has several, as many widgets read one text
    each, under the name with that suffix.
    """

    name: str
    schema: JSONSchema
    is_required: bool
    encode: Encode
    suffixes: Sequence[str] = ("",)


def field_parameters(name: str, field: forms.Field) -> Sequence[FormParameter]:
    """Return the parameters of a field: of several widgets one for each, by the names they read.

    A disabled field has none, and neither has a file that may be left out. Raises
    `DeclarationError` for a required file.
    """
    if field.disabled:
        return ()
    if isinstance(field, forms.FileField):
        if field.required:
            raise DeclarationError([f"field {name!r} is a file, which no argument can carry"])
        return ()
    if isinstance(field, forms.MultiValueField) and isinstance(field.widget, forms.MultiWidget):
        return tuple(_parts(name, field, field.widget))
    return (
        FormParameter(
            name=name,
            schema=field_schema(field),
            is_required=field.required,
            encode=encoder_of(field),
        ),
    )


def _parts(
    name: str, field: forms.MultiValueField, widget: forms.MultiWidget
) -> Iterator[FormParameter]:
    is_required = field.required and field.require_all_fields
    for part, suffix in zip(field.fields, _suffixes(widget), strict=False):
        for each in field_parameters(f"{name}{suffix}", part):
            yield FormParameter(
                name=each.name,
                schema=_described(each.schema, field, suffix.strip("_")),
                is_required=is_required or (field.required and each.is_required),
                encode=each.encode,
            )


def _suffixes(widget: Any) -> list[str]:
    """Return what stands behind the name of the field in the data of each widget."""
    # Multi-widgets of django-filter and others name theirs so, in place of Django's numbers.
    suffixes = getattr(widget, "suffixes", None)
    if suffixes is None:
        return list(widget.widgets_names)
    return [f"_{each}" if each else "" for each in suffixes]


def _described(schema: JSONSchema, field: forms.Field, suffix: str) -> JSONSchema:
    label = str(field.label or "")
    words = [f"{label} ({suffix})" if label and suffix else label, schema.get("description", "")]
    words.append(str(field.help_text))
    description = ". ".join(each.rstrip(".") for each in dict.fromkeys(words) if each)
    return {**schema, "description": description} if description else schema
