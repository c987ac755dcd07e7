"""Log line of a call, under the logger `django_mcp.calls`."""

import logging
from collections.abc import Mapping

from django_mcp.audit.recorded_call import RecordedCall, user_key
from django_mcp.audit.refused_calls import ended_overflows
from django_mcp.audit.windows import Refusal
from django_mcp.exceptions import CallError
from django_mcp.kinds import Kind
from django_mcp.models import CallRecord

logger = logging.getLogger("django_mcp.calls")

Outcome = CallRecord.Outcome

METHODS: Mapping[str, str] = {
    Kind.TOOL: "tools/call",
    Kind.RESOURCE: "resources/read",
    Kind.PROMPT: "prompts/get",
}
"""Methods by which each kind is called."""


def log_end(
    call: RecordedCall,
    *,
    outcome: str,
    duration_ms: int,
    error: BaseException | None,
) -> None:
    """Log the end of a call: faults of the server as errors with traceback, the rest as info."""
    invocation = call.invocation
    is_ours = outcome in (Outcome.FAILED, Outcome.FOLLOW_UP_FAILED)
    advice = error.advice if isinstance(error, CallError) else ""
    level = logging.ERROR if is_ours else logging.WARNING if advice else logging.INFO
    if not logger.isEnabledFor(level):
        return
    logger.log(
        level,
        "%s %r: %s after %d ms, call %s%s",
        METHODS[invocation.kind],
        invocation.name[:128],
        outcome,
        duration_ms,
        call.id,
        f". {advice}" if advice else "",
        exc_info=error.__cause__ or error if is_ours and error is not None else None,
        extra={
            "call_id": str(call.id),
            "kind": invocation.kind,
            "tool": invocation.name[:128],
            "outcome": outcome,
            "calls": 1,
            "duration_ms": duration_ms,
            "user_key": user_key(invocation.principal),
            "client_id": invocation.principal.client_id,
            "arguments": call.recording.arguments(call),
        },
    )


def log_ended_windows() -> None:
    """Log the numbers of refused calls that had no line of their own."""
    for overflow in ended_overflows():
        if overflow.calls == 1:
            continue
        refusal, more = overflow.refusal, overflow.calls - 1
        logger.warning(
            "%s: %d more %s by one caller within a minute, counted with call %s",
            METHODS[refusal.kind],
            more,
            _counted_words(refusal, more),
            overflow.call_id,
            extra={
                "call_id": str(overflow.call_id),
                "kind": refusal.kind,
                "tool": refusal.name,
                "outcome": refusal.outcome,
                "calls": more,
                "duration_ms": None,
                "user_key": overflow.caller.user,
                "client_id": overflow.caller.client,
                "arguments": {},
            },
        )


def _counted_words(refusal: Refusal, number: int) -> str:
    if refusal.name:
        calls = "call" if number == 1 else "calls"
        return f"{calls} of {refusal.name!r} refused as {refusal.outcome}"
    unknown = f"call of an unknown {refusal.kind}"
    return unknown if number == 1 else f"calls of unknown {refusal.kind}s"
