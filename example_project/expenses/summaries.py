"""Summaries of expenses by period and by category."""

import enum
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import models
from django.db.models.functions import TruncMonth, TruncQuarter, TruncWeek, TruncYear

from example_project.expenses.models import ZERO, ExpenseQuerySet, in_cents


class Period(enum.StrEnum):
    """Length of the periods of a summary. Weeks begin on Monday."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


TRUNCATIONS = {
    Period.WEEK: TruncWeek,
    Period.MONTH: TruncMonth,
    Period.QUARTER: TruncQuarter,
    Period.YEAR: TruncYear,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryTotal:
    """Spending on one category, and its share of the whole in percent."""

    category: str
    total: Decimal
    count: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodTotal:
    """Spending in the period that begins on `first_day`, in all and by category."""

    first_day: date
    total: Decimal
    categories: dict[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Spending from `first_day` to `last_day`, both included. Periods without any are left out."""

    first_day: date
    last_day: date
    total: Decimal
    count: int
    categories: list[CategoryTotal]
    periods: list[PeriodTotal]


def summarise(
    expenses: ExpenseQuerySet, *, first_day: date, last_day: date, period: Period
) -> Summary:
    """Add up those of the `expenses` that fall between the two days: categories largest first."""
    cells = (
        expenses.between(first_day, last_day)
        .order_by()
        .annotate(period=TRUNCATIONS[period]("spent_on", output_field=models.DateField()))
        .values_list("period", "category__name")
        .annotate(total=models.Sum("amount"), count=models.Count("pk"))
    )
    totals: dict[str, Decimal] = {}
    counts: dict[str, int] = {}
    periods: dict[date, dict[str, Decimal]] = {}
    for begins, category, amount, count in cells:
        total = in_cents(amount)
        totals[category] = totals.get(category, ZERO) + total
        counts[category] = counts.get(category, 0) + count
        periods.setdefault(begins, {})[category] = total
    whole = sum(totals.values(), ZERO)
    return Summary(
        first_day=first_day,
        last_day=last_day,
        total=whole,
        count=sum(counts.values()),
        categories=[
            CategoryTotal(
                category=category,
                total=totals[category],
                count=counts[category],
                share=round(float(100 * totals[category] / whole), 1),
            )
            for category in sorted(totals, key=lambda name: (-totals[name], name))
        ],
        periods=[
            PeriodTotal(
                first_day=begins,
                total=sum(periods[begins].values(), ZERO),
                categories=dict(sorted(periods[begins].items())),
            )
            for begins in sorted(periods)
        ],
    )
