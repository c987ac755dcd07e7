"""Base queryset of large tables that are listed by time, without counting or sorting."""

from collections.abc import Collection
from typing import ClassVar, Self, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model, covariant=True)


class TimedQuerySet(models.QuerySet[Row]):
    """Queryset of rows with a `moment` at which they began; every list index ends with it.

    The columns in `payload` may be long, and no list shows them.
    """

    moment: ClassVar[str]
    payload: ClassVar[tuple[str, ...]]

    def newest_first(self) -> Self:
        """Order by `moment` and key, newest first."""
        return self.order_by(f"-{self.moment}", "-id")

    def without_payload(self, *, but: Collection[str] = ()) -> Self:
        """Defer the columns in `payload`, `but` for these."""
        return self.defer(*(name for name in self.payload if name not in but))
