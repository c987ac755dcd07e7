"""Guards of the record: one row, one log line and one signal for each call, however it ends."""

import logging

from django_mcp.audit.log import log_end, log_ended_windows
from django_mcp.audit.outcomes import error_class, outcome_of
from django_mcp.audit.refused_calls import count_refused
from django_mcp.calls.call import Call
from django_mcp.calls.guard import Guard
from django_mcp.exceptions import CallError, CallRejectedError, UnknownPrimitiveError
from django_mcp.schemas.output.output import Rendered
from django_mcp.signals import tool_called, tool_rejected

logger = logging.getLogger(__name__)


class Record(Guard):
    """Guard that records the end of every call: the row, the log line, the signal."""

    def may_block(self, call: Call) -> bool:
        """See `Guard`: for the row, or for receivers, which may do anything."""
        receivers = (tool_called, tool_rejected)
        return call.recording.is_possible or any(each.has_listeners() for each in receivers)

    def ended(self, call: Call, error: BaseException | None) -> None:
        """See `Guard`."""
        outcome = call.outcome if error is None and call.outcome else outcome_of(error)
        overflow = None
        is_unknown = isinstance(error, UnknownPrimitiveError)
        if is_unknown:
            call.target = None  # the row of what is hidden is that of what is missing
        shares_row = isinstance(error, CallError) and error.shares_row
        if shares_row:
            overflow = count_refused(call, outcome)
        duration_ms = call.duration_ms
        ending = {
            "outcome": outcome,
            "error_class": error_class(error),
            "duration_ms": duration_ms,
            "result_size": None if call.result is None else call.result.size,
        }
        if not call.is_repeated:
            # Delivery of a background call is known in the process that waits for its end.
            ending["delivered"] = not call.is_client_gone
        if not isinstance(error, CallError) or error.is_recorded or call.recording.is_written:
            call.recording.end(call, ending, overflow)
        try:
            if shares_row:
                log_ended_windows()
            if overflow is None or overflow.call_id == call.id:
                log_end(call, outcome=outcome, duration_ms=duration_ms, error=error)
        except Exception:
            logger.exception("The end of call %s could not be logged", call.id)
        is_rejected = isinstance(error, CallRejectedError)
        (tool_rejected if is_rejected else tool_called).send_robust(
            sender=None if is_rejected or call.target is None else call.target.function,
            call=call.invocation,
            outcome=outcome,
            duration_ms=duration_ms,
        )


class RecordBegin(Guard):
    """Guard that puts a call on record before it is run, where it may change anything.

    So is a call whose end another process records.
    """

    def may_block(self, call: Call) -> bool:
        """See `Guard`."""
        return call.recording.is_possible and self._is_needed(call)

    def before(self, call: Call) -> Rendered | None:
        """See `Guard`. Raises `RecordUnavailableError`."""
        if self._is_needed(call):
            call.recording.begin(call)
        return None

    def _is_needed(self, call: Call) -> bool:
        return not call.primitive.read_only or call.task_id is not None
