"""Guard of export budgets: rows and bytes that a caller takes out per hour and day."""

import datetime
import logging
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from django.utils import timezone

from django_mcp.cache_outages import CacheOutage
from django_mcp.calls.call import Call
from django_mcp.calls.guard import Guard
from django_mcp.exceptions import BudgetExceededError, RatesUnavailableError
from django_mcp.meta_keys import BUDGET_META_KEY
from django_mcp.policy.exports import (
    Budget,
    Usage,
    budgets_in,
    count,
    exporter_of,
    take_back,
    usages_of,
)
from django_mcp.policy.snapshot import current_snapshot, latest_snapshot
from django_mcp.policy.uncounted_calls import passes_uncounted
from django_mcp.schemas.output.output import Rendered

logger = logging.getLogger(__name__)

outage = CacheOutage(logger, "The cache of export budgets is away: results cannot be counted")

UNDELIVERED = (
    "The limits of this call cannot be counted at the moment, so its result is not delivered."
)

Amounts = Mapping[str, int]
"""Numbers by their units, `rows` and `bytes`."""

NOTHING: Amounts = MappingProxyType({"rows": 0, "bytes": 0})


class Budgets(Guard):
    """Guard that counts what goes out, and refuses calls of callers who have used up a budget.

    Every result counts, also one that is kept from an earlier call. What would exceed a budget is
    refused when the call only reads; what a call that writes returns is counted and delivered,
    because its work is done.
    """

    def may_block(self, call: Call) -> bool:
        """See `Guard`: for the cache, where a budget concerns the call."""
        return Budgets in call.state or bool(budgets_in(latest_snapshot(), call.primitive.group))

    def before(self, call: Call) -> Rendered | None:
        """See `Guard`. Raises `BudgetExceededError` and `RatesUnavailableError`."""
        budgets = budgets_in(latest_snapshot(), call.primitive.group)
        if not budgets:
            return None
        exporter = exporter_of(call.principal, call.invocation.address)
        call.state[Budgets] = state = {"exporter": exporter, "left": {}}
        moment = timezone.now()
        try:
            if call.primitive.read_only:
                usages = usages_of([exporter], budgets, moment)[exporter]
            else:  # nothing can be undone later: does the cache count at all?
                usages = count(exporter, budgets, NOTHING, moment)
        except Exception as error:  # noqa: BLE001  (every cache has its own)
            outage.log(error)
            if passes_uncounted(call.primitive):
                return None
            raise RatesUnavailableError from None
        if past := [usage for usage in usages if not usage.left]:
            raise _refusal(past, moment)
        state["left"] = _least_left(usages)
        return None

    def after(self, call: Call, result: Rendered) -> Rendered:
        """See `Guard`. Raises `BudgetExceededError` and `RatesUnavailableError`."""
        state = call.state.get(Budgets)
        budgets = budgets_in(current_snapshot(), call.primitive.group) if state else []
        if not state or not budgets:
            return result
        amounts = {"rows": result.rows, "bytes": result.byte_size}
        is_bound = call.primitive.read_only
        try:
            usages = _counted(
                state["exporter"], budgets, amounts, is_bound=is_bound, left=state["left"]
            )
        except BudgetExceededError:
            raise
        except Exception as error:  # noqa: BLE001  (every cache has its own)
            outage.log(error)
            if is_bound and not passes_uncounted(call.primitive):
                raise RatesUnavailableError(UNDELIVERED) from None
            return result
        near = [_usage_json(usage) for usage in usages if usage.is_near]
        return result.with_meta(BUDGET_META_KEY, near) if near else result


def _least_left(usages: Sequence[Usage]) -> dict[str, int]:
    """Return the least that is left of any budget, by units."""
    left: dict[str, int] = {}
    for usage in usages:
        unit = usage.budget.unit
        left[unit] = min(usage.left, left.get(unit, usage.left))
    return left


def _counted(
    exporter: str,
    budgets: Sequence[Budget],
    amounts: Amounts,
    *,
    is_bound: bool,
    left: Amounts,
) -> list[Usage]:
    """Count a result, and return the usages with it; raise if it `is_bound` and exceeds a budget.

    Judged before it is counted, so that what is refused disturbs nobody, unless there is room for
    it in what was `left` before the call. The count itself is the last judgment, because others
    may have counted in between.
    """
    moment = timezone.now()
    if is_bound and any(amounts[each.unit] > left.get(each.unit, -1) for each in budgets):
        usages = usages_of([exporter], budgets, moment)[exporter]
        if past := [each for each in usages if amounts[each.budget.unit] > each.left]:
            raise _refusal(past, moment, amounts)
    usages = count(exporter, budgets, amounts, moment)
    past = [each.without(amounts) for each in usages if each.used > each.budget.limit]
    if not is_bound or not past:
        return usages
    try:
        take_back(exporter, budgets, amounts, moment)
    except Exception as error:  # noqa: BLE001  (it stays counted)
        outage.log(error)
    raise _refusal(past, moment, amounts)


def _refusal(
    past: Sequence[Usage], moment: datetime.datetime, amounts: Amounts = NOTHING
) -> BudgetExceededError:
    """Return the refusal by the budget with the longest wait; `amounts` are those of a result."""

    def wait(usage: Usage) -> tuple[bool, datetime.datetime]:
        is_endless = amounts[usage.budget.unit] > usage.budget.limit
        return is_endless, usage.renews

    usage = max(past, key=wait)
    budget = usage.budget
    return BudgetExceededError(
        unit=budget.unit,
        period=budget.period,
        limit=budget.limit,
        is_of_group=bool(budget.group),
        used=usage.used,
        amount=amounts[budget.unit],
        renews=usage.renews,
        retry_after=math.ceil((usage.renews - moment).total_seconds()),
    )


def _usage_json(usage: Usage) -> dict[str, Any]:
    budget = usage.budget
    return {
        "unit": budget.unit,
        "period": budget.period,
        "scope": "group" if budget.group else "all",
        "used": usage.used,
        "limit": budget.limit,
        "renews": usage.renews.isoformat(),
    }
