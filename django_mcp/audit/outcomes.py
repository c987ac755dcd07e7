"""Outcome of a call, by the exception that has ended it."""

import asyncio

from django_mcp.exceptions import CallError, ToolError, ToolFailedError
from django_mcp.models import CallRecord

Outcome = CallRecord.Outcome


def outcome_of(error: BaseException | None) -> str:
    """Return the outcome of a call that this exception has ended; None stands for success."""
    if error is None:
        return Outcome.OK.value
    if isinstance(error, asyncio.CancelledError):
        return Outcome.CANCELLED.value
    if isinstance(error, CallError) and error.is_repeated:
        return Outcome.REPEATED.value
    return error.outcome if isinstance(error, CallError) else Outcome.FAILED.value


def error_class(error: BaseException | None) -> str:
    """Return the name of the error's class, or of its cause's; empty without an error."""
    if error is None:
        return ""
    if isinstance(error, ToolFailedError | ToolError) and error.__cause__ is not None:
        error = error.__cause__
    return type(error).__name__[:128]
