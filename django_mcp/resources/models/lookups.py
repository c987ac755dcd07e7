"""Look-ups of a model by the variables of a URI."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.db.models import BinaryField, FileField, Model

from django_mcp.schemas.annotations import unwrapped
from django_mcp.schemas.models.field_kinds import kind_of
from django_mcp.schemas.models.fields import field_named, resolve_path, suggestion

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
    field = _column(model, name)
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


def _column(model: type[Model], name: str) -> Any:
    """Return the field with a column to which a look-up leads, by relations to one row."""
    *relations, column = name.split("__")
    reached = model
    for each in relations:
        relation = _field(reached, each, name)
        if not (relation.many_to_one or relation.one_to_one) or relation.related_model is None:
            raise ValueError(
                f"the variable {name!r} of the URI: {each!r} of {reached.__name__} is no relation "
                "to one row"
            )
        reached = relation.related_model
    field = _field(reached, column, name)
    if getattr(field, "column", None) is None:
        raise ValueError(
            f"the variable {name!r} of the URI: {column!r} of {reached.__name__} has no column of "
            "its own"
        )
    return field


def _field(model: type[Model], name: str, variable: str) -> Any:
    try:
        return field_named(model, name)
    except FieldDoesNotExist:
        raise ValueError(
            f"the variable {variable!r} of the URI: {model.__name__} has no field "
            f"{name!r}{suggestion(model, name)}"
        ) from None
