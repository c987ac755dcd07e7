"""Columns to which the paths of queries lead, such as `customer__name`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model

from django_mcp.schemas.models.fields import field_named, suggestion


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryColumn:
    """Column at the end of a path: that of a field, or the key of a relation.

    `rest` are the names behind it, such as look-ups. `relation` is true if the path ends with a
    relation, and `is_many` if it passes one to many rows.
    """

    field: Any
    rest: tuple[str, ...] = ()
    relation: bool = False
    is_many: bool = False


def query_column(model: type[Model], path: str) -> QueryColumn:
    """Return the column at the end of a path, by relations to one row.

    Raises `ValueError` for its author.
    """
    *relations, column = path.split("__")
    reached = model
    for name in relations:
        relation = _field(reached, name)
        if not (relation.many_to_one or relation.one_to_one) or relation.related_model is None:
            raise ValueError(f"{name!r} of {reached.__name__} is no relation to one row")
        reached = relation.related_model
    field = _field(reached, column)
    if getattr(field, "column", None) is None:
        raise ValueError(f"{column!r} of {reached.__name__} has no column of its own")
    return QueryColumn(field=field, relation=bool(field.is_relation))


def longest_column(model: type[Model], names: Sequence[str]) -> QueryColumn:
    """Return the column to which the first names lead, as far as they are fields, as queries do.

    Relations may lead to many rows. Raises `ValueError` for the author of a path.
    """
    reached, field, is_many, position = model, _field(model, names[0]), False, 1
    while field.is_relation and field.related_model is not None:
        is_many = is_many or not (field.many_to_one or field.one_to_one)
        reached = field.related_model
        if position == len(names):
            break
        try:
            following = field_named(reached, names[position])
        except FieldDoesNotExist:
            break
        field, position = following, position + 1
    if field.is_relation and field.related_model is None:
        raise ValueError(f"{names[position - 1]!r} of {reached.__name__} may lead to any model")
    is_relation = field.is_relation
    if is_relation and getattr(field, "column", None) is None:
        field = reached._meta.pk  # of the rows that are related
    if getattr(field, "column", None) is None:
        raise ValueError(f"{names[position - 1]!r} of {reached.__name__} has no column of its own")
    return QueryColumn(
        field=field, rest=tuple(names[position:]), relation=is_relation, is_many=is_many
    )


def _field(model: type[Model], name: str) -> Any:
    try:
        return field_named(model, name)
    except FieldDoesNotExist:
        raise ValueError(
            f"{model.__name__} has no field {name!r}{suggestion(model, name)}"
        ) from None
