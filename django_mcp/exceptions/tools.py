"""Exceptions of functions: those that they raise, and failures of their runs."""

from typing import Any, Literal, get_args
from uuid import UUID

from django.utils.functional import Promise

from django_mcp.exceptions.base import CallError, DjangoMCPError, sendable

ToolOutcome = Literal[
    "tool_error", "invalid_arguments", "not_found", "permission_denied", "conflict", "rate_limited"
]
"""The outcomes that a tool error may have."""


class ToolFailedError(CallError):
    """The call failed by a fault of the server; the log has its cause under `call_id`."""

    def __init__(self, call_id: UUID) -> None:
        self.call_id = call_id
        super().__init__(f"The call failed. The operators can find the cause under {call_id}.")


class InvalidResultError(DjangoMCPError):
    """The function returned something that its declared output does not allow."""


class ToolError(CallError):
    """Error that a function raises for the agent: what went wrong, and what to do about it.

    Args:
        message: What went wrong, for the agent and the person behind it.
        retryable: Whether the same call may succeed later.
        hint: What to do or change, in words an agent can act on.
        retry_after: Seconds to wait before trying again; what is no such time is left out.
        outcome: Outcome in the record, and the `kind` that the client receives: `tool_error`,
            `invalid_arguments`, `not_found`, `permission_denied`, `conflict` or `rate_limited`;
            anything else counts as `tool_error`.

    The call's transaction is rolled back, and the client receives a result with `isError`.
    """

    outcome = "tool_error"
    message: str
    hint: str = ""

    def __init__(
        self,
        message: str | Promise,
        *,
        retryable: bool | None = None,
        hint: str | Promise | None = None,
        retry_after: float | None = None,
        outcome: ToolOutcome | None = None,
    ) -> None:
        if outcome is not None and outcome in get_args(ToolOutcome):
            self.outcome = outcome
        super().__init__(message, retryable=retryable, hint=hint, retry_after=retry_after)


class ArgumentError(DjangoMCPError, ValueError):
    """Error that a validator of a parameter raises for the agent: what is wrong with the argument.

    Args:
        message: What it must be, such as "must be a working day".

    Of any other `ValueError` the agent learns only which argument is refused: its words may hold
    values that are not the caller's.
    """

    def __init__(self, message: str | Promise) -> None:
        self.message = sendable(message)
        super().__init__(self.message)


class FollowUpFailedError(ToolError):
    """The tool's work is saved, and then a hook of `transaction.on_commit` failed.

    `result` is the tool's own, rendered; None when there is none, or it is too large to be kept.
    """

    outcome = "follow_up_failed"
    message = "What this call did was saved, but a step that was to follow it failed."
    hint = "Do not repeat the call: that would do it once more."

    def __init__(self, result: Any = None) -> None:
        self.result = result
        super().__init__(self.message)


class ResultTooLargeError(ToolError):
    """The result is larger than a setting allows: no part of it was sent."""

    outcome = "too_large"

    def __init__(self, message: str | Promise, *, advice: str = "", **facts: Any) -> None:
        super().__init__(message, **facts)
        self.advice = advice
