"""JSON Schema of Django's choices: values in `enum`, labels in the description."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.choices import CallableChoiceIterator

MAX_CHOICES = 100
"""Limit above which choices are neither listed nor described: agents pay for every word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoicesSchema:
    """Metadata of an annotation that adds the possible values and their labels to the schema."""

    values: tuple[Any, ...]
    description: str

    def __get_pydantic_json_schema__(
        self, core_schema: Any, handler: Callable[[Any], dict[str, Any]]
    ) -> dict[str, Any]:
        schema = handler(core_schema)
        return {**schema, "enum": list(self.values), "description": self.description}


def choices_schema(field: Any) -> ChoicesSchema | None:
    """Return the schema of the choices of a model field; None without a fixed list of them.

    A callable may give other choices tomorrow, or query the database for them.
    """
    if not field.choices or isinstance(field.choices, CallableChoiceIterator):
        return None
    choices = [(field.to_python(value), label) for value, label in field.flatchoices]
    choices = [each for each in choices if each[0] is not None]
    if not all(isinstance(value, str | int | float) for value, _ in choices):
        return None
    values = [_plain(value) for value, _ in choices]
    if field.blank and field.empty_strings_allowed and isinstance(values[0], str):
        values.append("")
    if len(choices) > MAX_CHOICES:
        return None
    return ChoicesSchema(values=tuple(dict.fromkeys(values)), description=described(choices))


def described(choices: Iterable[Sequence[Any]]) -> str:
    """Return values with labels as text, in the active language; empty for too many."""
    labels = [f"{_plain(value)}: {label}" for value, label in choices if value is not None]
    return "; ".join(labels) if len(labels) <= MAX_CHOICES else ""


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)
