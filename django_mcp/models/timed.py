"""Rows that are listed by when they began, in tables too large to be counted or sorted."""

from collections.abc import Collection
from typing import ClassVar, Self, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model, covariant=True)


class TimedQuerySet(models.QuerySet[Row]):
    """Rows with a `moment` at which they began; every index that lists them ends with it.

    The columns in `payload` may be long, and no list shows them.
    """

    moment: ClassVar[str]
    payload: ClassVar[tuple[str, ...]]

    def newest_first(self) -> Self:
        """In the order of their beginning; the key settles what began at the same time."""
        return self.order_by(f"-{self.moment}", "-id")

    def without_payload(self, *, but: Collection[str] = ()) -> Self:
        """Without reading what may be long, `but` for these columns."""
        return self.defer(*(name for name in self.payload if name not in but))
