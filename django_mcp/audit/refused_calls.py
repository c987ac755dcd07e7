"""Counter of refused calls: the first of a caller have a row each, the rest of a minute share one.

Those of unknown names, and those beyond a limit: a caller could fill the record by them.
"""

from django_mcp.audit.recorded_call import RecordedCall, user_key
from django_mcp.audit.windows import Caller, Overflow, Refusal, Windows

REFUSED_ROWS = 60
"""Number of such calls with a row each, for each caller and minute; the rest of a kind share one.

Each process counts for itself: a query for each call would cost as much as the row.
"""

REFUSED_SECONDS = 60

refused_calls = Windows(limit=REFUSED_ROWS, seconds=REFUSED_SECONDS, capacity=10_000)


def count_refused(call: RecordedCall, outcome: str) -> Overflow | None:
    """Count a call that was refused with an outcome of which many calls share a row.

    None while it is to have a row and a log line of its own. Calls of a primitive that the caller
    sees share their row with calls of that primitive alone.
    """
    invocation = call.invocation
    principal = invocation.principal
    caller = Caller.of(user_key(principal), principal.client_id, invocation.address)
    name = "" if call.target is None else call.target.name
    refusal = Refusal(kind=invocation.kind, outcome=outcome, name=name)
    return refused_calls.count(caller, refusal, call.id)


def ended_overflows() -> list[Overflow]:
    """Return the shared rows of the minutes that are over, each once."""
    return refused_calls.take_ended()
