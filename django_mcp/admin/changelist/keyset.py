"""Keyset queries: the newest rows that meet some criteria, found with bounded work."""

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import or_
from typing import Any, TypeAlias

from django.db.models import Case, DateTimeField, F, Q, When
from django.db.models.expressions import RawSQL

from django_mcp.db.statements import PLACE
from django_mcp.models.timed import TimedQuerySet

Rows: TypeAlias = TimedQuerySet[Any]

Position: TypeAlias = tuple[datetime.datetime, Any]
"""Moment and primary key of a row, by which lists are ordered."""

COMPARISON_BATCH_ROWS = 2_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """Condition that one of some columns has its value.

    Each column has an index that ends with the moment. A small frozenset stands for any of its
    values.
    """

    alternatives: Sequence[tuple[str, Any]]

    def to_q(self) -> Q:
        """Return the condition for a queryset."""
        return reduce(or_, map(_condition, self.alternatives))

    def is_met(self, values: Mapping[str, Any]) -> bool:
        """Return whether a row with these values meets the condition."""
        return any(
            values[column] in value if isinstance(value, frozenset) else values[column] == value
            for column, value in self.alternatives
        )

    def branches(self, rows: Rows) -> Iterator[Rows]:
        """Yield one queryset for each alternative; each is read along one index."""
        for alternative in self.alternatives:
            yield rows.filter(_condition(alternative)).newest_first()


def _condition(alternative: tuple[str, Any]) -> Q:
    column, value = alternative
    return Q((f"{column}__in", value) if isinstance(value, frozenset) else alternative)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyset:
    """Primary keys of rows, newest first; more rows may lie at or before the moment `edge`."""

    keys: Sequence[Any]
    edge: datetime.datetime | None


def newest_by_value(
    rows: Rows, column: str, values: Sequence[str]
) -> Mapping[str, datetime.datetime]:
    """Return the moment of the newest row of each value; values without rows are left out.

    It is one query, which looks at one entry of the column's index for each value.
    """
    # Asked for equality, PostgreSQL may look for a frequent value from the newest row of all back,
    # however long ago its last one was. Only the column's own index has this order.
    last = rows.filter((f"{column}__lte", PLACE)).order_by(f"-{column}", f"-{rows.moment}")
    moment = Case(When(Q((column, PLACE)), then=F(rows.moment)))
    # Written once, and not by Django for each value: that takes longer than all the rest.
    sql, parameters = last.values_list(moment)[:1].query.get_compiler(rows.db).as_sql()
    moments = {
        f"moment_{number}": RawSQL(
            sql,
            [value if each == PLACE else each for each in parameters],
            output_field=DateTimeField(),
        )
        for number, value in enumerate(values)
    }
    # Beside any row: Django writes no statement without a table.
    beside = rows.newest_first().annotate(**moments).values_list(*moments)[:1]
    return {
        value: moment
        for answers in (beside if moments else ())
        for value, moment in zip(values, answers, strict=True)
        if moment is not None
    }


def find_keyset(rows: Rows, criteria: Sequence[Criterion], *, limit: int, reach: int) -> Keyset:
    """Return at most `limit` of the newest `rows` that meet all `criteria`.

    No index answers every combination, and a database that expects many matches walks through the
    whole table when there are few. So every query asks one index for keys alone; of several
    criteria the rarest is looked up, and no more than `reach` of its newest rows are compared
    with the others.
    """
    if not criteria:
        return _first(*_collect([rows.newest_first()], take=limit + 1), limit=limit)
    if len(criteria) == 1:
        return _first(*_collect(criteria[0].branches(rows), take=limit + 1), limit=limit)
    sizes = [
        sum(branch[:reach].count() for branch in criterion.branches(rows)) for criterion in criteria
    ]
    rarest = criteria[sizes.index(min(sizes))]
    others = [criterion for criterion in criteria if criterion is not rarest]
    found, edge = _collect(rarest.branches(rows), take=reach)
    matches = _meeting(rows.model._default_manager.all(), others, found)
    return _first(list(islice(matches, limit + 1)), edge, limit=limit)


def _collect(
    branches: Iterable[Rows], *, take: int
) -> tuple[list[Position], datetime.datetime | None]:
    """Return the newest rows of all branches, down to the moment to which all of them are known."""
    found: set[Position] = set()
    edge = None
    for branch in branches:
        part = list(branch.values_list(branch.moment, "pk")[:take])
        if len(part) == take:
            end = part[-1][0]
            edge = end if edge is None else max(edge, end)
        found.update(part)
    known = found if edge is None else (position for position in found if position[0] >= edge)
    return sorted(known, reverse=True), edge


def _meeting(
    table: Rows, criteria: Sequence[Criterion], positions: Sequence[Position]
) -> Iterator[Position]:
    """Yield the rows that meet all criteria, in the same order."""
    columns = sorted({column for each in criteria for column, _ in each.alternatives})
    for start in range(0, len(positions), COMPARISON_BATCH_ROWS):
        part = positions[start : start + COMPARISON_BATCH_ROWS]
        found = {
            row["pk"]: row
            for row in table.filter(pk__in=[key for _, key in part]).values("pk", *columns)
        }
        for position in part:
            row = found.get(position[1])
            if row is not None and all(each.is_met(row) for each in criteria):
                yield position


def _first(positions: Sequence[Position], edge: datetime.datetime | None, *, limit: int) -> Keyset:
    if len(positions) > limit:
        edge = positions[limit - 1][0]
    return Keyset(keys=[key for _, key in positions[:limit]], edge=edge)
