"""Aggregates of a query: their types, and their values over all rows that match."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldError
from django.db.models import Count, ForeignKey, Model, OneToOneRel, QuerySet
from typing_extensions import TypedDict

from django_mcp.schemas.annotations import unwrapped
from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.schemas.json_schema import JSONSchema
from django_mcp.schemas.models.field_kinds import FieldKind, kind_of, optional
from django_mcp.schemas.output.output import DataOutput
from django_mcp.tools.queries.operands import type_of

ALIAS = "django_mcp_aggregate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """Aggregate, with the kind of its values; `is_optional` if it may be null."""

    expression: Any
    kind: FieldKind
    is_optional: bool

    @property
    def annotation(self) -> Any:
        """The annotation of its values; they may be other values than the column's choices."""
        return optional(unwrapped(self.kind.annotation)[0], self.is_optional)


class Aggregates:
    """Aggregates of the rows of a queryset, as one JSON object."""

    def __init__(self, aggregates: Mapping[str, Aggregate]) -> None:
        self._aggregates = aggregates
        types = {name: each.annotation for name, each in aggregates.items()}
        self._data = DataOutput(TypedDict("Aggregates", types))  # type: ignore[operator]
        # Later ones would take the name of an earlier one for its value.
        self._aliases = {name: f"{ALIAS}_{index}" for index, name in enumerate(aggregates)}

    @property
    def schema(self) -> JSONSchema:
        """JSON Schema of the values."""
        return self._data.schema

    def of(self, rows: QuerySet[Any]) -> Any:
        """Return the values as JSON, by one query. Raises as `Output.render` does."""
        found = rows.aggregate(
            **{self._aliases[name]: each.expression for name, each in self._aggregates.items()}
        )
        values = {}
        for name, each in self._aggregates.items():
            value = found[self._aliases[name]]
            values[name] = None if value is None else each.kind.convert(value, rows.db)
        return self._data.render(values).structured


def read_aggregates(model: type[Model], declared: Any) -> Aggregates | None:
    """Return the aggregates of an option; None without any.

    Raises `ValueError` with all problems, for the author.
    """
    if declared is None:
        return None
    if not isinstance(declared, Mapping) or not all(isinstance(each, str) for each in declared):
        raise ValueError('aggregates are a mapping, such as {"total": Sum("amount")}')
    aggregates, problems = {}, []
    for name, expression in declared.items():
        try:
            aggregates[name] = _aggregate(model, expression)
        except ValueError as error:
            problems.append(f"aggregates: {name!r} {error}")
    if problems:
        raise DeclarationError(problems)
    return Aggregates(aggregates) if aggregates else None


def _aggregate(model: type[Model], expression: Any) -> Aggregate:
    if not hasattr(expression, "resolve_expression"):
        raise ValueError(f"is {expression!r}, and no aggregate such as Sum('amount')")
    try:
        query = model._base_manager.annotate(**{ALIAS: expression}).query
        resolved = query.annotations[ALIAS]
        field = resolved.output_field
    except (FieldError, AttributeError, TypeError) as error:
        raise ValueError(f"cannot be resolved: {error}") from None
    if not resolved.contains_aggregate:
        raise ValueError(f"is {expression!r}, and no aggregate such as Sum('amount')")
    joins = [getattr(each, "join_field", None) for each in query.alias_map.values()]
    if not all(each is None or isinstance(each, ForeignKey | OneToOneRel) for each in joins):
        raise ValueError("follows a relation to many rows, which would count rows more than once")
    if type_of(field) is None:
        raise ValueError(f"is a {type(field).__name__}, which has no form in a result")
    has_default = getattr(expression, "default", None) is not None
    return Aggregate(
        expression=expression,
        kind=kind_of(field),
        is_optional=not isinstance(expression, Count) and not has_default,
    )
