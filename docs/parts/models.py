"""The models."""

import inspect
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import CharField, Field

from docs.parts.docstrings import paragraphs
from docs.parts.markdown import code, sentence, table


def model_lines(name: str) -> Iterator[str]:
    """What a model promises, and its fields."""
    model = apps.get_model("django_mcp", name)
    yield from paragraphs(inspect.getdoc(model) or "")
    fields = [*model._meta.concrete_fields, *model._meta.many_to_many]
    yield from table(
        ("field", "type", "meaning"),
        [(code(field.name), _kind(field), _meaning(field)) for field in fields],
    )


def _kind(field: "Field[Any, Any]") -> str:
    kind = type(field).__name__
    if isinstance(field.related_model, type):
        kind += f" to {field.related_model.__name__}"
    elif isinstance(field, CharField):
        kind += f"({field.max_length})"
    is_unique = field.unique and not field.primary_key
    return kind + ", unique" * is_unique + ", null" * field.null


def _meaning(field: "Field[Any, Any]") -> str:
    name = str(field.verbose_name)
    words = "" if field.name.replace("_", " ") == name.lower() else sentence(name)
    return f"{words} {field.help_text}".strip()
