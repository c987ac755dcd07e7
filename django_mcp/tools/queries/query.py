"""Queries of a model: the rows that a caller may see and that match the arguments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.db.models.query import ModelIterable

from django_mcp.exceptions import InvalidResultError
from django_mcp.primitives.caller_querysets import CallerQueryset
from django_mcp.schemas.input.keyword_signature import CONTEXT
from django_mcp.schemas.models.keyset import check_pageable
from django_mcp.tools.queries.filters import ORDER_BY, Filter


@dataclass(frozen=True, slots=True, kw_only=True)
class Query(CallerQueryset):
    """Query of a model by filters, by their parameters, in one of some orders.

    `joins` are the relations that its rows are shown with, as `select_related` has them.
    """

    filters: Mapping[str, Filter]
    default_order: str | None
    joins: tuple[str, ...]

    def rows(self, **arguments: Any) -> QuerySet[Any]:
        """Return the rows that match, in order. Raises what the project's function raises."""
        rows = self.visible_to(arguments.pop(CONTEXT).principal)
        check_pageable(rows)
        if not issubclass(rows._iterable_class, ModelIterable):
            raise InvalidResultError(
                f"{self.queryset.name} returned a queryset of values, and not of "
                f"{self.model.__name__}"
            )
        order = arguments.pop(ORDER_BY, self.default_order)
        rows = self._matching(rows, arguments)
        if self.joins:
            rows = rows.select_related(*self.joins)
        if order is None:
            return rows
        # Django would turn the new order round as well.
        return (rows if rows.query.standard_ordering else rows.reverse()).order_by(order)

    def _matching(self, rows: QuerySet[Any], arguments: Mapping[str, Any]) -> QuerySet[Any]:
        own: dict[str, Any] = {}
        many: dict[str, Any] = {}
        for parameter, value in arguments.items():
            found = self.filters[parameter]
            (many if found.is_many else own)[found.lookup] = value
        if own:
            rows = rows.filter(**own)
        if many:
            # Joined to the rows themselves, several of them would show and count a row twice.
            related = rows.model._base_manager.using(rows.db).filter(**many)
            rows = rows.filter(pk__in=related.values("pk"))
        return rows
