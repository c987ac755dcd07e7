"""Signals about calls of every kind, which `call.kind` names: tools, resources and prompts.

Both are sent robustly: a receiver that raises is logged, and no more.
"""

from django.dispatch import Signal

tool_called = Signal()
"""A tool, read or prompt ran, however it ended. `sender` is its function; `call` (its id, kind,
name, principal), `outcome` (a value of `CallRecord.Outcome`) and `duration_ms` are given. Sent
after the record is written, in the thread that wrote it."""

tool_rejected = Signal()
"""A call was refused before its function ran: unknown or hidden, missing scope, invalid arguments,
busy, revoked before its run, a tool that writes could not be put on record
(`RecordUnavailableError`), or its user is asked first (`input_required`). The same arguments as
`tool_called`; `sender` is None."""
