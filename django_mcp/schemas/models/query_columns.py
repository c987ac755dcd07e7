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

    `relations` are those on the path, and `rest` the names behind it, such as look-ups. `is_key` is
    true if the path ends with a relation, and `is_many` if it passes one to many rows.
    """

    field: Any
    relations: tuple[Any, ...] = ()
    rest: tuple[str, ...] = ()
    is_key: bool = False
    is_many: bool = False


def query_column(model: type[Model], path: str) -> QueryColumn:
    """Return the column at the end of a path, by relations to one row.

    Raises `ValueError` for its author.
    """
    *names, column = path.split("__")
    reached = model
    relations = []
    for name in names:
        relation = _field(reached, name)
        if not _leads_to_one(relation) or relation.related_model is None:
            raise ValueError(f"{name!r} of {reached.__name__} is no relation to one row")
        relations.append(relation)
        reached = relation.related_model
    field = _field(reached, column)
    if not _has_column(field):
        raise ValueError(f"{column!r} of {reached.__name__} has no column of its own")
    return QueryColumn(field=field, relations=tuple(relations), is_key=bool(field.is_relation))


def longest_column(model: type[Model], names: Sequence[str]) -> QueryColumn:
    """Return the column to which the first names lead, as far as they are fields, as queries do.

    Relations may lead to many rows. Raises `ValueError` for the author of a path.
    """
    reached, field = model, _field(model, names[0])
    relations = []
    for name in names[1:]:
        if not field.is_relation or field.related_model is None:
            break
        try:
            following = field_named(field.related_model, name)
        except FieldDoesNotExist:
            break
        relations.append(field)
        reached, field = field.related_model, following
    last = field
    if last.is_relation and last.related_model is None:
        raise ValueError(f"{last.name!r} of {reached.__name__} may lead to any model")
    if last.is_relation and not _has_column(last):
        relations.append(last)
        field = last.related_model._meta.pk
    if not _has_column(field):
        raise ValueError(f"{last.name!r} of {reached.__name__} has no column of its own")
    return QueryColumn(
        field=field,
        relations=tuple(relations),
        rest=tuple(names[len(relations) + (field is last) :]),
        is_key=last.is_relation,
        is_many=not all(map(_leads_to_one, relations)),
    )


def _leads_to_one(field: Any) -> bool:
    return bool(field.many_to_one or field.one_to_one)


def _has_column(field: Any) -> bool:
    # The table of a relation to many has columns, and the row has none.
    return getattr(field, "column", None) is not None and not field.many_to_many


def _field(model: type[Model], name: str) -> Any:
    try:
        return field_named(model, name)
    except FieldDoesNotExist:
        raise ValueError(
            f"{model.__name__} has no field {name!r}{suggestion(model, name)}"
        ) from None
