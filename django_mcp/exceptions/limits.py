"""Exceptions of calls that a limit, a breaker or an earlier call of the same key has refused."""

from datetime import datetime

from django_mcp.exceptions.base import CallError
from django_mcp.exceptions.rejections import BusyError, CallRejectedError


class RateLimitedError(CallRejectedError):
    """The caller, or the whole of a tool, group or endpoint, has used up a rate."""

    outcome = "rate_limited"
    message = "Too many calls."
    hint = "Call less often: ask for more with each call, or wait."
    retryable = True
    shares_row = True


class EndpointRateLimitedError(RateLimitedError):
    """All callers together have used up a rate of the endpoint: HTTP answers 429 where it can."""


class RatesUnavailableError(BusyError):
    """The cache cannot count the call, and `DJANGO_MCP_RATES_FAIL_OPEN` does not let it pass."""

    message = "The limits of this call cannot be counted at the moment, so it was not run."
    retry_after = 10
    shares_row = True


class BudgetExceededError(CallRejectedError):
    """The caller has taken out as many rows or bytes as it may in this hour or day.

    Or it would have with a result of `amount` more, which was not delivered. `limit` is the number
    of rows or bytes, the `unit`, for each `period`, over one tool group alone if `is_of_group`;
    `used` were taken out before, and the next period begins when the budget `renews`.
    """

    outcome = "over_budget"
    message = "You have taken out as much data as you may."
    retryable = True
    shares_row = True

    def __init__(
        self,
        *,
        unit: str,
        period: str,
        limit: int,
        is_of_group: bool,
        used: int,
        amount: int = 0,
        renews: datetime,
        retry_after: float,
    ) -> None:
        self.unit, self.period, self.limit, self.is_of_group = unit, period, limit, is_of_group
        self.used, self.amount, self.renews = used, amount, renews
        noun = unit.removesuffix("s") if limit == 1 else unit
        scope = " from this group of tools" if is_of_group else ""
        message = (
            f"You may take out {limit} {noun} in each {period}{scope}, and have taken out {used}."
        )
        hints = []
        if amount:
            message += f" This result has {amount}, and was not delivered."
            hints.append("Ask for less: a narrower search or a smaller page.")
        may_go_on = limit > 0 and amount <= limit
        if may_go_on:
            hints.append(f"The next {period} begins on {renews:%Y-%m-%d at %H:%M %Z}.")
        super().__init__(
            message,
            hint=" ".join(hints),
            retryable=may_go_on,
            retry_after=retry_after if may_go_on else None,
        )


class CircuitOpenError(CallRejectedError):
    """The tool is not called for a while, because what it depends on has failed repeatedly."""

    outcome = "circuit_open"
    message = "What this call depends on has failed repeatedly, so the call was not made."
    retryable = True
    shares_row = True


class TimedOutError(CallError):
    """The call, or the run of its task, did not end within its `timeout`.

    `retryable` if that does no harm. Any later result is discarded.
    """

    outcome = "timed_out"
    message = "The call took too long and was given up: timed out."
    hint = "It may have taken effect, or still do so. Find out before you call again."


class IdempotencyConflictError(CallRejectedError):
    """The idempotency key was used before, for a call with other arguments."""

    outcome = "idempotency_conflict"
    message = "This idempotency key was used before, for a call with other arguments."
    hint = "Use a new key for a new call, or repeat the earlier call with its own arguments."


class OutcomeUnknownError(CallRejectedError):
    """The first call with this idempotency key was interrupted, so it was not repeated."""

    outcome = "outcome_unknown"
    message = "The first call with this idempotency key was interrupted: its outcome is unknown."
    hint = "It may have taken effect. Look whether it has, and use a new key to call once more."
