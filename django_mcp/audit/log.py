"""Log line of a call, under the logger `django_mcp.calls`."""

import logging
from collections.abc import Mapping

from django_mcp.audit.recorded_call import RecordedCall, user_key
from django_mcp.audit.unknown_calls import ended_overflows
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
    """Log the numbers of calls of unknown names that had no line of their own."""
    for overflow in ended_overflows():
        if overflow.calls == 1:
            continue
        logger.warning(
            "%s: %d more %s by one caller within a minute, counted with call %s",
            METHODS[overflow.kind],
            overflow.calls - 1,
            f"call of an unknown {overflow.kind}"
            if overflow.calls == 2
            else f"calls of unknown {overflow.kind}s",
            overflow.call_id,
            extra={
                "call_id": str(overflow.call_id),
                "kind": overflow.kind,
                "tool": "",
                "outcome": str(
                    Outcome.UNKNOWN_TOOL if overflow.kind == Kind.TOOL else Outcome.NOT_FOUND
                ),
                "calls": overflow.calls - 1,
                "duration_ms": None,
                "user_key": overflow.caller.user,
                "client_id": overflow.caller.client,
                "arguments": {},
            },
        )
