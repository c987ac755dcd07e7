"""JSON Schema of the choices of form fields."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.choices import CallableChoiceIterator

from django_mcp.schemas.choices import MAX_CHOICES, described
from django_mcp.schemas.json_schema import JSONSchema


def choice_schema(field: Any) -> JSONSchema:
    """Return the schema of one choice of a field: an `enum` with the labels in the description.

    Choices of a callable are not listed, as it may give others tomorrow, or query the database for
    them. Neither are more than `MAX_CHOICES`, nor the empty choice, which stands for no value.
    """
    if _is_dynamic(field.choices):
        return {"type": "string"}
    choices = [
        (value, label) for value, label in _flat(field.choices) if value not in field.empty_values
    ]
    values = list(dict.fromkeys(_plain(value) for value, _ in choices))
    kind = _type_of(values)
    if not choices:  # the constructor of the form gives them
        return {"type": ["string", "integer"]}
    if len(choices) > MAX_CHOICES:
        return {"type": kind}
    schema: JSONSchema = {"type": kind, "enum": values}
    if all(str(value) == str(label) for value, label in choices):
        return schema
    return {**schema, "description": described((_plain(value), label) for value, label in choices)}


def _is_dynamic(choices: Any) -> bool:
    # Iterators of other packages hold the callable, as Django's own does.
    return isinstance(choices, CallableChoiceIterator) or any(
        callable(getattr(choices, name, None)) for name in ("choices", "choices_func")
    )


def _flat(choices: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from _flat(label)
        else:
            yield value, label


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; what has no form there is the text that widgets render."""
    value = getattr(value, "value", value)
    return value if isinstance(value, str | int | float) else str(value)


def _type_of(values: list[Any]) -> Any:
    names = {bool: "boolean", int: "integer", float: "number"}
    kinds = sorted({names.get(type(value), "string") for value in values})
    return kinds[0] if len(kinds) == 1 else kinds
