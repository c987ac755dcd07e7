"""JSON Schema of fields with choices."""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from django.utils.choices import CallableChoiceIterator
from rest_framework.fields import FilePathField

from django_mcp.contrib.drf.schemas.models.values import model_value
from django_mcp.schemas.choices import MAX_CHOICES
from django_mcp.schemas.json_schema import JSONSchema

JSON_SCALARS = {bool: "boolean", int: "integer", float: "number", str: "string"}


def accepted_choice(field: Any) -> JSONSchema:
    """Return the schema of a choice as input; without a list of them where it may change."""
    values = _values(field)
    if field.allow_blank and "" not in values:
        values.append("")
    kinds = _kinds(values)
    if len(kinds) > 1 and "string" in kinds:
        # The field compares texts, so beside texts it takes that of any choice.
        values = list(dict.fromkeys([*values, *map(str, values)]))
    schema: JSONSchema = {"type": kinds.pop()} if len(kinds) == 1 else {}
    return schema | {"enum": values} if is_listed(field) else schema


def rendered_choice(field: Any) -> JSONSchema:
    """Return the schema of a choice as output: the database may hold others than these."""
    kinds = _kinds(_values(field))
    return {"type": kinds.pop()} if kinds in ({"string"}, {"integer"}) else {}


def described_choices(field: Any) -> str:
    """Return values with their labels, by group; empty where labels say no more than values."""
    if not is_listed(field):
        return ""
    return "; ".join(_described(field.grouped_choices))


def is_listed(field: Any) -> bool:
    """Return whether the choices are few, and are fixed when the program starts."""
    model_field = model_value(field).model_field
    is_computed = isinstance(getattr(model_field, "choices", None), CallableChoiceIterator)
    is_fixed = not is_computed and not isinstance(field, FilePathField)
    return is_fixed and 0 < len(field.choices) <= MAX_CHOICES


def _values(field: Any) -> list[Any]:
    return [_plain(key) for key in field.choices if key is not None]


def _kinds(values: list[Any]) -> set[str]:
    return {JSON_SCALARS.get(type(value), "string") for value in values}


def _plain(key: Any) -> Any:
    """Return a key as JSON has it; the field compares the texts of keys and values."""
    value = key.value if isinstance(key, Enum) else key
    return value if type(value) in JSON_SCALARS else str(value)


def _described(choices: Mapping[Any, Any]) -> Iterator[str]:
    for key, label in choices.items():
        if isinstance(label, Mapping):
            yield f"{key} ({'; '.join(_described(label)) or ', '.join(map(str, label))})"
        elif key is not None and str(_plain(key)) != str(label):
            yield f"{_plain(key)}: {label}"
