"""Counter of calls of unknown names: the first have a row each, the rest of a minute share one."""

from django_mcp.audit.recorded_call import RecordedCall, user_key
from django_mcp.audit.windows import Caller, Overflow, Windows

UNKNOWN_ROWS = 60
"""Number of such calls with a row each, for each caller and minute; the rest of a kind share one.

Each process counts for itself: a query for each call would cost as much as the row.
"""

UNKNOWN_SECONDS = 60

unknown_calls = Windows(limit=UNKNOWN_ROWS, seconds=UNKNOWN_SECONDS, capacity=10_000)


def count_unknown(call: RecordedCall) -> Overflow | None:
    """Count a call of what is unknown or hidden.

    None while it is to have a row and a log line of its own.
    """
    invocation = call.invocation
    principal = invocation.principal
    caller = Caller.of(user_key(principal), principal.client_id, invocation.address)
    return unknown_calls.count(caller, invocation.kind, call.id)


def ended_overflows() -> list[Overflow]:
    """Return the shared rows of the minutes that are over, each once."""
    return unknown_calls.take_ended()
