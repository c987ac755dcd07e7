"""Look-ups of a model by the variables of a URI."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import BinaryField, FileField, Model

from django_mcp.schemas.annotations import unwrapped
from django_mcp.schemas.models.field_kinds import kind_of
from django_mcp.schemas.models.fields import resolve_path
from django_mcp.schemas.models.query_columns import query_column

TYPES = (int, str, UUID, date)
"""Types with one form of text, so that the URI of an instance is always the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Look-up by a variable: its type, and its value in the URI of an instance.

    `join` is the relation that it follows, as `select_related` has it.
    """

    name: str
    annotation: Any
    description: str
    read: Callable[[Any], Any]
    join: str


def read_lookup(model: type[Model], name: str) -> Lookup:
    """Return the look-up that a variable names. Raises `ValueError` for its author."""
    try:
        field = query_column(model, name).field
    except ValueError as error:
        raise ValueError(f"the variable {name!r} of the URI: {error}") from None
    kind = kind_of(field)
    is_encoded = isinstance(field, BinaryField | FileField)
    if is_encoded or unwrapped(kind.annotation)[0] not in TYPES:
        raise ValueError(
            f"the variable {name!r} of the URI is a {type(field).__name__}: use fields of whole "
            "numbers, text, UUIDs or dates"
        )
    path = resolve_path(model, name)
    return Lookup(
        name=name,
        annotation=kind.annotation,
        description=str(field.help_text or field.verbose_name),
        read=path.read,
        join=path.join,
    )
