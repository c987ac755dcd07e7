"""Rows that are listed by when they began, in tables too large to be counted or sorted."""

from typing import ClassVar, Self, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model, covariant=True)


class TimedQuerySet(models.QuerySet[Row]):
    """Rows with a `moment` at which they began; every index that lists them ends with it."""

    moment: ClassVar[str]

    def newest_first(self) -> Self:
        """In the order of their beginning; the key settles what began at the same time."""
        return self.order_by(f"-{self.moment}", "-id")
