"""Choices as JSON Schema: their values as an `enum`, and their labels in the description."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.choices import CallableChoiceIterator

MAX_CHOICES = 100
"""More choices than that are neither listed nor described: agents pay for every word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoicesSchema:
    """Metadata of an annotation: the values that are possible, and what they mean."""

    values: tuple[Any, ...]
    description: str

    def __get_pydantic_json_schema__(
        self, core_schema: Any, handler: Callable[[Any], dict[str, Any]]
    ) -> dict[str, Any]:
        schema = handler(core_schema)
        return {**schema, "enum": list(self.values), "description": self.description}


def choices_schema(field: Any) -> ChoicesSchema | None:
    """The schema of a model field's choices; None without them, or where no list could be true.

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
    """The labels of choices in words, in the active language; nothing for too many."""
    labels = [f"{_plain(value)}: {label}" for value, label in choices if value is not None]
    return "; ".join(labels) if len(labels) <= MAX_CHOICES else ""


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)
