"""Exports: the rows and bytes that callers take out, counted in the cache by hour and by day.

Windows begin with each hour and day of UTC, so that their ends can be told. What has no budget is
not counted.
"""

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from django_mcp.conf import settings
from django_mcp.policy.callers import caller_key, digest
from django_mcp.policy.snapshot import BUDGET_COLUMNS, Snapshot
from django_mcp.principals import Principal
from django_mcp.threads.cache_context import limits_cache
from django_mcp.threads.cache_counters import Increase, counts_in, increase

PERIOD_SECONDS = {"hour": 3_600, "day": 86_400}

UNLIMITED = (None,) * len(BUDGET_COLUMNS)

NEAR = 0.8
"""Part of a budget from which on it counts as nearly used up."""

MARGIN_SECONDS = 60
"""Seconds that a count outlives its window, for processes whose clocks differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Most `rows` or `bytes`, the `unit`, that a caller may take out in each `hour` or `day`.

    Of one tool group; of everything if `group` is empty.
    """

    unit: str
    period: str
    limit: int
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Part of a budget that a caller has used in the current window, which ends at `renews`."""

    budget: Budget
    used: int
    renews: datetime.datetime

    @property
    def left(self) -> int:
        """Number of rows or bytes that may still be taken out."""
        return max(0, self.budget.limit - self.used)

    @property
    def is_near(self) -> bool:
        """True if the budget is nearly used up."""
        return self.used >= NEAR * self.budget.limit

    def without(self, amounts: Mapping[str, int]) -> "Usage":
        """Return the usage before so many rows and bytes were counted."""
        return replace(self, used=self.used - amounts[self.budget.unit])


def budgets_in(snapshot: Snapshot | None, group: str) -> list[Budget]:
    """Return the budgets of results of a tool group: those of the settings, and its own."""
    found = general_budgets()
    own = None if snapshot is None else snapshot.groups.get(group)
    if own is not None and own.budget:
        found += budgets_of(own.budget, group)
    return found


def general_budgets() -> list[Budget]:
    """Return the budgets of the settings, over everything."""
    limits = (
        settings.EXPORT_ROWS_PER_HOUR,
        settings.EXPORT_ROWS_PER_DAY,
        settings.EXPORT_BYTES_PER_HOUR,
        settings.EXPORT_BYTES_PER_DAY,
    )
    if limits == UNLIMITED:  # as most calls find, each several times
        return []
    return list(budgets_of(dict(zip(BUDGET_COLUMNS, limits, strict=True)), ""))


def budgets_of(limits: Mapping[str, int | None], group: str) -> Iterator[Budget]:
    """Yield the budgets of a group whose limits, or none, are given by the names of columns."""
    for column, limit in limits.items():
        if limit is not None:
            unit, _, period = column.partition("_per_")
            yield Budget(unit=unit, period=period, limit=limit, group=group)


def exporter_of(principal: Principal, address: str) -> str:
    """Return the key of whoever takes results out: a user with a client.

    For an anonymous caller it is the client alone, and without one the address.
    """
    return digest(caller_key(principal, address), principal.client_id)


def usages_of(
    exporters: Iterable[str], budgets: Sequence[Budget], moment: datetime.datetime
) -> dict[str, list[Usage]]:
    """Return the usage of each budget by each exporter, with one request to the cache.

    Raises whatever the cache raises.
    """
    keys = {
        exporter: [_key(exporter, budget, moment) for budget in budgets] for exporter in exporters
    }
    flat = [key for each in keys.values() for key in each]
    counts = dict(zip(flat, counts_in(limits_cache(), flat), strict=True))
    return {
        exporter: [
            _usage(budget, counts[key], moment) for budget, key in zip(budgets, each, strict=True)
        ]
        for exporter, each in keys.items()
    }


def count(
    exporter: str,
    budgets: Sequence[Budget],
    amounts: Mapping[str, int],
    moment: datetime.datetime,
) -> list[Usage]:
    """Count rows and bytes that are taken out; return the usage of each budget, with them.

    Of any number of exports at the same time, each is told a usage that has those before it.
    Raises whatever the cache raises, and `UncountableError`.
    """
    counts = increase(limits_cache(), _increases(exporter, budgets, amounts, moment))
    return [_usage(budget, used, moment) for budget, used in zip(budgets, counts, strict=True)]


def take_back(
    exporter: str,
    budgets: Sequence[Budget],
    amounts: Mapping[str, int],
    moment: datetime.datetime,
) -> None:
    """Undo `count` of the same arguments."""
    negative = {unit: -amount for unit, amount in amounts.items()}
    increase(limits_cache(), _increases(exporter, budgets, negative, moment))


def _increases(
    exporter: str,
    budgets: Sequence[Budget],
    amounts: Mapping[str, int],
    moment: datetime.datetime,
) -> list[Increase]:
    return [
        Increase(
            key=_key(exporter, budget, moment),
            amount=amounts[budget.unit],
            seconds=round((_end_of(budget, moment) - moment).total_seconds()) + MARGIN_SECONDS,
        )
        for budget in budgets
    ]


def _usage(budget: Budget, used: int, moment: datetime.datetime) -> Usage:
    return Usage(budget=budget, used=used, renews=_end_of(budget, moment))


def _end_of(budget: Budget, moment: datetime.datetime) -> datetime.datetime:
    window = _window(budget, moment) + 1
    return datetime.datetime.fromtimestamp(window * PERIOD_SECONDS[budget.period], datetime.UTC)


def _window(budget: Budget, moment: datetime.datetime) -> int:
    return int(moment.timestamp()) // PERIOD_SECONDS[budget.period]


def _key(exporter: str, budget: Budget, moment: datetime.datetime) -> str:
    counter = digest(exporter, budget.group, budget.unit, budget.period)
    return f"django-mcp:export:{counter}:{_window(budget, moment)}"
