"""Rows of querysets that begin with what was typed, filtered by the database."""

from typing import Any

from django.core.exceptions import FieldError
from django.db.models import QuerySet
from django.db.models.query import FlatValuesListIterable, ModelIterable


def check_shape(rows: "QuerySet[Any]") -> None:
    """Raise `ValueError` for a queryset whose rows are neither instances nor single values."""
    if not issubclass(rows._iterable_class, ModelIterable | FlatValuesListIterable):
        raise ValueError("must have instances or values_list(..., flat=True), not several columns")


def can_be_filtered(rows: "QuerySet[Any]") -> bool:
    """Return whether the database can still narrow a queryset: no slice, no union."""
    return not (rows.query.is_sliced or rows.query.combinator)


def beginning_with(rows: "QuerySet[Any]", typed: str) -> "QuerySet[Any]":
    """Return the single values of a queryset that begin with `typed`, whatever its case.

    Instances are completed by their keys, in the order of the queryset. Values that stand in many
    rows are returned once, in the order that the queryset was given, or else in their own.
    """
    if issubclass(rows._iterable_class, ModelIterable):
        rows = rows if rows.ordered else rows.order_by("pk")
        return _filtered(rows.values_list("pk", flat=True), "pk", typed)
    column = next(iter(rows._fields), "pk")  # type: ignore[attr-defined]
    if not rows.query.distinct:
        # The model's own ordering would make rows distinct that have the same value.
        rows = (rows if rows.query.order_by else rows.order_by(column)).distinct()
    return _filtered(rows, column, typed)


def _filtered(rows: "QuerySet[Any]", column: str, typed: str) -> "QuerySet[Any]":
    """Filter by the text of a column; a relation by that of the key that it holds."""
    for path in (column, f"{column}__pk"):
        try:
            return rows.filter(**{f"{path}__istartswith": typed})
        except FieldError:  # relations have no such lookup, nor have keys that are relations
            continue
    return rows.filter(**{f"{column}__pk__pk__istartswith": typed})
