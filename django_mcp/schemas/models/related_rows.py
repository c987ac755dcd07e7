"""Bounded prefetch of the rows of relations to many."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from django.db.models import Model, Prefetch, QuerySet, Window, prefetch_related_objects
from django.db.models.functions import RowNumber

from django_mcp.exceptions import ResultTooLargeError

MAX_RELATED = 100
"""Rows of one relation that are shown of one instance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToMany:
    """Relation to many rows, by the attribute of instances.

    `partition` are the columns of the owner, where Django cannot slice for each owner.
    """

    accessor: str
    model: type[Model]
    partition: tuple[str, ...] = ()

    def rows(self, owner: Model) -> list[Any]:
        """Return the rows of an instance, which `fetched` has fetched.

        Raises `ResultTooLargeError` for more than `MAX_RELATED`.
        """
        if owner.pk is None:
            return []
        rows: list[Any] | None = owner.__dict__.get(self._attribute)
        if rows is None:
            rows = list(getattr(owner, self.accessor).all()[: MAX_RELATED + 1])
        if len(rows) > MAX_RELATED:
            raise ResultTooLargeError(
                f"A {owner._meta.verbose_name} has more than {MAX_RELATED} {self.accessor}, "
                "which is too many to show with it.",
                hint="Ask for others, or find what lists these by themselves.",
                advice=f"List {self.accessor} by a function of their own, or prefetch a part.",
            )
        return rows

    @contextmanager
    def fetched(self, owners: Collection[Any], joins: Collection[str]) -> Iterator[None]:
        """Fetch the rows of these instances, with the relations in `joins`, inside the block.

        Rows that the function itself has prefetched are shown as they are.
        """
        lacking = [each for each in owners if each.pk is not None and not self._is_fetched(each)]
        for model in dict.fromkeys(map(type, lacking)):
            instances: list[Any] = [each for each in lacking if type(each) is model]
            # Django has no other place for the rows of a slice.
            fetching = Prefetch(self.accessor, self._first(joins), to_attr=self._attribute)
            prefetch_related_objects(instances, fetching)
        try:
            yield
        finally:
            # The instances may live longer than this call, and their rows may change.
            for owner in lacking:
                owner.__dict__.pop(self._attribute, None)

    @property
    def _attribute(self) -> str:
        return f"_django_mcp_{self.accessor}"

    def _is_fetched(self, owner: Any) -> bool:
        return self.accessor in getattr(owner, "_prefetched_objects_cache", ())

    def _first(self, joins: Collection[str]) -> QuerySet[Any]:
        """Return the first rows of each owner, and one more, by which too many are detected."""
        rows: QuerySet[Any] = self.model._default_manager.get_queryset()
        rows = rows if rows.ordered else rows.order_by("pk")
        rows = rows.select_related(*joins) if joins else rows
        if not self.partition:
            return rows[: MAX_RELATED + 1]
        order: Any = rows.query.order_by or self.model._meta.ordering
        number = Window(RowNumber(), partition_by=list(self.partition), order_by=list(order))
        first = rows.alias(mcp_row_number=number).filter(mcp_row_number__lte=MAX_RELATED + 1)
        return cast("QuerySet[Any]", first)
