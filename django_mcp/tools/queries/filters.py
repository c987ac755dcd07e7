"""Filters of a query: a parameter for each declared look-up of a column."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from django.db.models import DateField, Model, TimeField

from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.schemas.input.keyword_signature import CONTEXT
from django_mcp.schemas.models.query_columns import QueryColumn, longest_column
from django_mcp.schemas.pages.parameters import CURSOR, LIMIT
from django_mcp.tools.queries.operands import NULL, Operand, operand_of, operand_of_part

ORDER_BY = "order_by"
"""Parameter of the order."""

TAKEN = (LIMIT, CURSOR, ORDER_BY, CONTEXT)
"""Parameters of every query, which no look-up may be called."""

PARTS: Mapping[str, tuple[int, int]] = {
    # The end of a year is looked for in other time zones as well.
    "year": (2, 9998),
    "iso_year": (2, 9998),
    "quarter": (1, 4),
    "month": (1, 12),
    "week": (1, 53),
    "week_day": (1, 7),
    "iso_week_day": (1, 7),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
}
"""Transforms of dates and times to a number, with its range."""

FIELDS: Mapping[str, Any] = {"date": DateField, "time": TimeField}
"""Transforms to a value of another field."""

MEANINGS: Mapping[str, str] = {
    "gt": "more than this",
    "gte": "at least this",
    "lt": "less than this",
    "lte": "at most this",
    "in": "any of these",
    "range": "from the first to the second, both included",
    "isnull": "true for rows without a value, false for those with one",
    "iexact": "this, whatever its case",
    "contains": "with this in it",
    "icontains": "with this in it, whatever its case",
    "startswith": "beginning with this",
    "istartswith": "beginning with this, whatever its case",
    "endswith": "ending with this",
    "iendswith": "ending with this, whatever its case",
}
"""Meanings of look-ups, for the agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Filter by one parameter; `is_many` if it passes a relation to many rows."""

    parameter: str
    lookup: str
    annotation: Any
    description: str
    is_many: bool


def read_filters(model: type[Model], declared: Any) -> Mapping[str, Filter]:
    """Return the filters of an option by their parameters.

    Raises `ValueError` with all problems, for the author.
    """
    filters, problems = {}, []
    for path, lookup in _declared(declared):
        try:
            found = _filter(model, path, lookup)
        except ValueError as error:
            problems.append(f"filters: {path!r}: {error}")
        else:
            filters[found.parameter] = found
    if problems:
        raise DeclarationError(problems)
    return filters


def _declared(declared: Any) -> Iterator[tuple[str, str]]:
    """Yield each path with each of its look-ups."""
    named = declared if isinstance(declared, Mapping) else dict.fromkeys(declared, "exact")
    for path, lookups in named.items():
        listed = (lookups,) if isinstance(lookups, str) else lookups
        if not isinstance(path, str) or not isinstance(listed, tuple):
            raise ValueError(
                "filters are names of fields, or a mapping of them to look-ups, such as "
                '{"amount": ["gte", "lte"]}'
            )
        if not listed:
            raise ValueError(f'filters: {path!r} has no look-ups; write "exact" for equality')
        for lookup in listed:
            if not isinstance(lookup, str):
                raise ValueError(f"filters: {path!r}: {lookup!r} is no name of a look-up")
            yield path, lookup


def _filter(model: type[Model], path: str, lookup: str) -> Filter:
    column = longest_column(model, f"{path}__{lookup}".split("__"))
    operand, transforms, rest = _transformed(column)
    known = (*operand.lookups, NULL)
    named = rest[0] if rest else "exact"
    if len(rest) > 1 or named not in known:
        raise ValueError(_unknown(column, rest, known, has_transforms=bool(transforms)))
    steps = f"{path}__{lookup}".split("__")
    steps = steps[: len(steps) - len(rest)]
    stem = "__".join(steps)
    parameter = stem if named == "exact" and stem not in TAKEN else f"{stem}__{named}"
    return Filter(
        parameter=parameter,
        lookup=f"{stem}__{named}",
        annotation=operand.annotation(named),
        description=_description(column, transforms, named),
        is_many=column.is_many,
    )


def _transformed(column: QueryColumn) -> tuple[Operand, list[str], tuple[str, ...]]:
    """Return the operand behind the transforms, these, and the names behind them."""
    field, rest = column.field, list(column.rest)
    transforms: list[str] = []
    while rest and not column.is_key and field.get_transform(rest[0]) is not None:
        if rest[0] in PARTS:
            transforms.append(rest.pop(0))
            return operand_of_part(*PARTS[transforms[-1]]), transforms, tuple(rest)
        if rest[0] not in FIELDS:
            break
        transforms.append(rest.pop(0))
        field = FIELDS[transforms[-1]]()
    return operand_of(field, is_key=column.is_key), transforms, tuple(rest)


def _unknown(
    column: QueryColumn, rest: tuple[str, ...], known: tuple[str, ...], *, has_transforms: bool
) -> str:
    """Return the problem of look-ups that the column does not have, with what it has."""
    named = "__".join(rest) or "exact"
    transforms = [
        each
        for each in (*PARTS, *FIELDS)
        if not (has_transforms or column.is_key) and column.field.get_transform(each) is not None
    ]
    fields = []
    if column.is_key:
        related = column.field.related_model or column.field.model
        fields = [each.name for each in related._meta.get_fields()]
    near = get_close_matches(rest[0] if rest else named, [*known, *transforms, *fields], n=1)
    correction = f". Did you mean {near[0]!r}?" if near else ""
    has = ", ".join((*known, *transforms))
    return f"{named!r} is no look-up of a {type(column.field).__name__} here, which has {has}" + (
        correction
    )


def _description(column: QueryColumn, transforms: Iterable[str], lookup: str) -> str:
    words = " of ".join(str(_name_of(each)) for each in (column.field, *column.relations[::-1]))
    for each in transforms:
        words = f"{each.replace('_', ' ')} of {words}"
    if lookup == "exact":
        is_own = not (column.relations or transforms)
        return str((is_own and column.field.help_text) or words)
    return f"{words}: {MEANINGS[lookup]}"


def _name_of(field: Any) -> str:
    """Return the name of a field, or of the rows that a relation of another model leads to."""
    named = field if hasattr(field, "verbose_name") else field.related_model._meta
    return str(named.verbose_name)
