"""Exceptions of calls that a limit, a breaker or an earlier call of the same key has refused."""

from django_mcp.exceptions.base import CallError
from django_mcp.exceptions.rejections import BusyError, CallRejectedError


class RateLimitedError(CallRejectedError):
    """The caller, or the whole of a tool, group or endpoint, has used up a rate."""

    outcome = "rate_limited"
    message = "Too many calls."
    hint = "Call less often: ask for more with each call, or wait."
    retryable = True
    shares_row = True


class RatesUnavailableError(BusyError):
    """The cache cannot count the call, and `DJANGO_MCP_RATES_FAIL_OPEN` does not let it pass."""

    message = "The limits of this call cannot be counted at the moment, so it was not run."
    retry_after = 10
    shares_row = True


class BudgetExceededError(CallRejectedError):
    """The caller has taken out as many rows or bytes as it may in this hour or day."""

    outcome = "over_budget"
    message = "You have taken out as much data as you may."
    retryable = True


class CircuitOpenError(CallRejectedError):
    """What the tool depends on has failed repeatedly, so it is not called for a while."""

    outcome = "circuit_open"
    message = "What this call depends on has failed repeatedly, so the call was not made."
    retryable = True


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
