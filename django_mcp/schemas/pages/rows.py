"""Rows of a keyset page, apart from the values of their sort keys."""

from collections import namedtuple
from typing import Any

from django.db.models import QuerySet
from django.db.models.query import (
    FlatValuesListIterable,
    ModelIterable,
    ValuesIterable,
    ValuesListIterable,
)

from django_mcp.exceptions import InvalidResultError


def fetched_rows(
    rows: QuerySet[Any], aliases: tuple[str, ...]
) -> list[tuple[Any, tuple[Any, ...]]]:
    """Return the rows in the form of their queryset, each with the values of its sort keys.

    Raises `InvalidResultError` for rows of a class that is not Django's.
    """
    kind = rows._iterable_class
    if issubclass(kind, ModelIterable):
        return [(row, tuple(vars(row).pop(alias) for alias in aliases)) for row in rows]
    if issubclass(kind, ValuesIterable):
        return [(row, tuple(row.pop(alias) for alias in aliases)) for row in rows]
    if issubclass(kind, FlatValuesListIterable):
        rows._iterable_class = ValuesListIterable  # it would drop all but the first column
        return [(row[0], row[-len(aliases) :]) for row in rows]
    if issubclass(kind, ValuesListIterable):
        return [_split(row, len(aliases)) for row in rows]
    raise InvalidResultError(f"rows of a {kind.__name__} cannot be served in pages")


def _split(row: tuple[Any, ...], count: int) -> tuple[Any, tuple[Any, ...]]:
    own = row[:-count]
    if hasattr(row, "_fields"):  # of values_list(named=True)
        make: Any = namedtuple
        own = make("Row", row._fields[: len(own)])(*own)
    return own, tuple(row[-count:])
