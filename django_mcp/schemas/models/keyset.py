"""Keyset pagination of a queryset in any order of columns."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import connections
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import Col, OrderBy
from django.utils.duration import duration_string

from django_mcp.exceptions import InvalidResultError

MAX_DEPTH = 8
"""Number of relations that the default ordering of models may lead through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SortKey:
    """Column of an ordering. `nulls_last` is None where the database decides."""

    path: str
    is_descending: bool = False
    nulls_last: bool | None = None

    def __str__(self) -> str:
        nulls = {None: "", True: " nulls last", False: " nulls first"}[self.nulls_last]
        return f"{'-' * self.is_descending}{self.path}{nulls}"

    @property
    def reversed(self) -> "SortKey":
        """The same column in the opposite direction."""
        nulls_last = None if self.nulls_last is None else not self.nulls_last
        return SortKey(path=self.path, is_descending=not self.is_descending, nulls_last=nulls_last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Position of a row in an ordering: the values of its sort keys, as JSON has them."""

    order: tuple[str, ...]
    values: tuple[Any, ...]


class Keyset:
    """Queryset in a total order, in which each row has a unique position.

    `keys` are its `sort_keys`.
    """

    def __init__(self, queryset: QuerySet[Any], keys: Iterable[SortKey]) -> None:
        self.keys = tuple(keys)
        if not queryset.query.standard_ordering:
            queryset = queryset.reverse()  # the keys are reversed already
        self.order = tuple(map(str, self.keys))
        self.aliases = tuple(f"django_mcp_key_{index}" for index, _ in enumerate(self.keys))
        expressions = {
            alias: F(key.path) for alias, key in zip(self.aliases, self.keys, strict=True)
        }
        self._rows: QuerySet[Any, Any] = queryset.annotate(**expressions)
        nulls_largest = connections[queryset.db].features.nulls_order_largest
        self._nulls_last = tuple(
            nulls_largest is not key.is_descending if key.nulls_last is None else key.nulls_last
            for key in self.keys
        )

    def rows_after(self, position: Position | None) -> QuerySet[Any, Any]:
        """Return all rows after a position, in order, each with the values of its sort keys.

        Raises `ValueError` for a position in another order.
        """
        rows = self._rows
        if position is not None:
            if position.order != self.order:
                raise ValueError("the order has changed")
            rows = rows.filter(self._after(position))
        return rows.order_by(*map(self._order_by, self.aliases, self.keys))

    def position(self, values: Sequence[Any]) -> Position:
        """Return the position of a row with these values of its sort keys."""
        packed = [
            _packed(self._field(alias), value)
            for alias, value in zip(self.aliases, values, strict=True)
        ]
        return Position(order=self.order, values=tuple(packed))

    def _field(self, alias: str) -> Any:
        return self._rows.query.annotations[alias].output_field

    def _order_by(self, alias: str, key: SortKey) -> OrderBy:
        return OrderBy(
            F(alias),
            descending=key.is_descending,
            nulls_first=True if key.nulls_last is False else None,
            nulls_last=key.nulls_last or None,
        )

    def _after(self, position: Position) -> Q:
        """Return the condition: greater in the first key, or equal and greater in the next, etc."""
        after, tied, first = Q(pk__in=()), Q(), Q()
        for index, value in enumerate(position.values):
            alias = self.aliases[index]
            try:
                value = None if value is None else self._field(alias).to_python(value)
            except (ValidationError, TypeError) as error:
                raise ValueError("the type of a column has changed") from error
            after |= tied & self._beyond(index, value)
            tied &= Q(**{f"{alias}__isnull": True}) if value is None else Q(**{alias: value})
            if index == 0 and value is not None and not self._may_be_null(alias):
                # It follows from the rest, and finds its place in an index, as alternatives do not.
                bound = "lte" if self.keys[0].is_descending else "gte"
                first = Q(**{f"{alias}__{bound}": value})
        return after & first

    def _beyond(self, index: int, value: Any) -> Q:
        alias, is_descending = self.aliases[index], self.keys[index].is_descending
        nulls_last = self._nulls_last[index]
        if value is None:
            return Q(pk__in=()) if nulls_last else Q(**{f"{alias}__isnull": False})
        beyond = Q(**{f"{alias}__{'lt' if is_descending else 'gt'}": value})
        if nulls_last and self._may_be_null(alias):
            beyond |= Q(**{f"{alias}__isnull": True})
        return beyond

    def _may_be_null(self, alias: str) -> bool:
        query = self._rows.query
        column: Any = query.annotations[alias]
        is_own = isinstance(column, Col) and column.alias == query.get_initial_alias()
        return not is_own or column.target.null


def sort_keys(queryset: QuerySet[Any]) -> Iterator[SortKey]:
    """Yield the ordering of a queryset as Django has it, then the primary key as tie-breaker.

    Raises `InvalidResultError`, for its author, for a queryset whose rows have no key,
    or are ordered by anything but columns and annotations.
    """
    check_pageable(queryset)
    query, model = queryset.query, queryset.model
    # Django orders by a column that is selected, even where its name is that of a relation.
    columns = {*query.annotations, *query.values_select}
    key = SortKey(path="pk")
    for item in ordering_of(queryset):
        for key in _keys(model, item, columns=columns):
            key = key if query.standard_ordering else key.reversed
            yield key
            if key.path in ("pk", model._meta.pk.name, model._meta.pk.attname):
                return
    for path in _key_paths(model):
        yield SortKey(path=path, is_descending=key.is_descending)


def ordering_of(queryset: QuerySet[Any]) -> Sequence[Any]:
    """Return the own ordering of a queryset, or that of its model."""
    query = queryset.query
    default = queryset.model._meta.ordering if query.default_ordering else ()
    return query.order_by or default or ()


def ordered_relation(model: type[Model], path: str) -> type[Model] | None:
    """Return the model whose own ordering Django uses if `path` names a relation to it."""
    name, _, rest = path.partition("__")
    if name == "pk":
        return None
    try:
        field: Any = model._meta.get_field(name)
    except FieldDoesNotExist:  # an attribute such as `owner_id`, or an annotation
        return None
    related: Any = field.related_model if field.is_relation else None
    if rest:
        return None if related is None else ordered_relation(related, rest)
    is_key = related is None or name == getattr(field, "attname", None)
    return None if is_key or not related._meta.ordering else related


def check_pageable(queryset: QuerySet[Any]) -> None:
    """Raise `InvalidResultError`, for its author, for a queryset whose rows have no key."""
    query: Any = queryset.query
    groups = query.group_by if isinstance(query.group_by, tuple) else None
    key = query.get_meta().pk
    has_key = groups is None or any(getattr(each, "target", None) is key for each in groups)
    for is_wrong, reason in (
        (query.is_sliced, "is sliced"),
        (query.combinator, "is a union or the like"),
        (query.distinct_fields, "is distinct by some fields"),
        (query.distinct and query.values_select, "has distinct values, which have no key"),
        (not has_key, "groups its rows, which then have no key"),
        (query.extra_order_by or query.extra, "uses extra()"),
    ):
        if is_wrong:
            raise InvalidResultError(f"the queryset cannot be served in pages: it {reason}")


def _keys(
    model: type[Model],
    item: Any,
    *,
    columns: Collection[str] = (),
    prefix: str = "",
    depth: int = 0,
) -> Iterator[SortKey]:
    """Yield the sort keys of one item of an ordering: several if it names a relation."""
    is_descending, nulls_last = False, None
    if isinstance(item, OrderBy):
        is_descending = item.descending
        nulls_last = True if item.nulls_last else False if item.nulls_first else None
        item = item.expression
    if isinstance(item, F):
        name: Any = item.name  # type: ignore[attr-defined]  # the stubs do not know it
        yield SortKey(path=f"{prefix}{name}", is_descending=is_descending, nulls_last=nulls_last)
        return
    if not isinstance(item, str) or item == "?" or depth > MAX_DEPTH:
        raise InvalidResultError(
            f"the queryset cannot be served in pages: it is ordered by {item!r}; name a field, or "
            "annotate() the expression and order by its name"
        )
    is_descending, name = item.startswith("-"), item.lstrip("-+")
    related = None if name in columns else ordered_relation(model, name)
    if related is None:
        for path in _key_paths(model) if name == "pk" else (name,):
            yield SortKey(path=prefix + path, is_descending=is_descending)
        return
    for inner in related._meta.ordering or ():
        for key in _keys(
            related,
            inner,
            prefix=f"{prefix}{name}__",
            depth=depth + 1,
        ):
            yield key.reversed if is_descending else key


def _key_paths(model: type[Model]) -> list[str]:
    """Return the path of the primary key; those of its parts if it is composite."""
    parts = [each.attname for each in model._meta.pk_fields]
    return parts if len(parts) > 1 else ["pk"]


def _packed(field: Any, value: Any) -> Any:
    """Return a value as JSON that the field can read again."""
    value = None if value is None else field.get_prep_value(value)
    match value:
        case None | bool() | int() | float() | str():
            return value
        case timedelta():
            return duration_string(value)
        case date() | time():
            return value.isoformat()
        case Decimal() | UUID():
            return str(value)
    raise InvalidResultError(
        f"the queryset cannot be served in pages: it is ordered by a {type(field).__name__}"
    )
