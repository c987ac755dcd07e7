"""Signals about calls. Both are sent robustly: a receiver that raises is logged, and no more."""

from django.dispatch import Signal

tool_called = Signal()
"""A tool ran, however it ended. `sender` is the tool's function; `call` (its id, name, principal),
`outcome` (a value of `CallRecord.Outcome`) and `duration_ms` are given. Sent after the record is
written, in the thread that wrote it."""

tool_rejected = Signal()
"""A call was refused before a tool ran: unknown or hidden tool, missing scope, invalid arguments,
busy, revoked before its run, a tool that writes could not be put on record
(`RecordUnavailableError`), or its user is asked first (`input_required`). The same arguments as
`tool_called`; `sender` is None."""
