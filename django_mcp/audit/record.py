"""Row of a call: written before a tool that writes is run, and again at the end."""

import logging
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Any, TypeVar
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connections, router
from django.db.models import F

from django_mcp.audit.recorded_call import RecordedCall, caller_columns, user_key
from django_mcp.audit.redaction import argument_names, redact
from django_mcp.audit.windows import Overflow
from django_mcp.conf import settings
from django_mcp.db.connections import forget_connection
from django_mcp.db.statements import PreparedInsert
from django_mcp.db.text import storable_text
from django_mcp.exceptions import RecordUnavailableError
from django_mcp.models import CallRecord
from django_mcp.schemas.input.strings import with_objects

R = TypeVar("R")

logger = logging.getLogger(__name__)

_records = PreparedInsert(CallRecord)


class Recording:
    """State of one call's row: whether there will be one, is one, and is finished.

    All methods query: call them from a thread. `is_written` is true of a row that another process
    has begun.
    """

    __slots__ = ("_arguments", "_is_ended", "_is_resumed", "_lock", "is_possible", "is_written")

    def __init__(self, *, is_written: bool = False) -> None:
        self.is_possible: bool = settings.RECORD
        self.is_written = self._is_resumed = is_written
        self._is_ended = False
        # A call that is cancelled by now may begin and end on two threads at once.
        self._lock = Lock()
        self._arguments: dict[str, Any] | None = None

    def arguments(self, call: RecordedCall) -> dict[str, Any]:
        """Return the arguments of the call as they may be stored: without secrets, bounded."""
        if self._arguments is None:
            arguments, target = call.invocation.arguments, call.target
            if target is None:
                self._arguments = argument_names(arguments)
            else:
                schema = target.argument_schema
                if target.takes_strings:  # which have no names in them by which to find a secret
                    arguments = with_objects(arguments, schema)
                self._arguments = redact(arguments, schema)
        return self._arguments

    def begin(self, call: RecordedCall) -> None:
        """Write the row in a transaction of its own.

        Raises `RecordUnavailableError` when that fails: what cannot be recorded must not run.
        """
        with self._lock:
            if not self.is_possible or self._is_ended:
                return
            try:
                self._insert(call, outcome=CallRecord.Outcome.RUNNING, task_id=_task_id(call))
            except Exception as error:
                self.is_possible = False
                raise RecordUnavailableError from error

    def complete(self, call: RecordedCall) -> None:
        """Write the call's arguments again, because there are more of them now.

        Raises as `begin` does.
        """
        self._arguments = None
        with self._lock:
            if not self.is_written or self._is_ended:
                return
            try:
                self._update(call, arguments=self.arguments(call))
            except Exception as error:
                raise RecordUnavailableError from error

    def end(
        self, call: RecordedCall, ending: dict[str, Any], overflow: Overflow | None = None
    ) -> None:
        """Write how the call ended, or count it in the row of `overflow`. Never raises."""
        with self._lock:
            self._is_ended = True
            if not self.is_possible:
                return
            ending = {**ending, "worker": call.worker, "task_id": _task_id(call)}
            try:
                if self.is_written and (self._update(call, **ending) or not self._is_resumed):
                    return
                # One that was begun elsewhere may have been pruned, or not have been on record.
                if overflow is None:
                    self._insert(call, **ending)
                else:
                    self._count(call, ending, overflow)
            except Exception:
                logger.exception("The end of call %s could not be recorded", call.id)

    def _count(self, call: RecordedCall, ending: dict[str, Any], overflow: Overflow) -> None:
        """Count the call in the row that it shares with others; the first of them writes it."""
        with overflow.lock:
            if overflow.row is not None:
                shared = CallRecord.objects.filter(call_id=overflow.row)
                if _persist(partial(shared.update, calls=F("calls") + 1)):
                    return
            self._insert(call, **ending)
            overflow.row = call.id

    def _insert(self, call: RecordedCall, **facts: Any) -> None:
        invocation = call.invocation
        record = CallRecord(
            **caller_columns(invocation),
            kind=invocation.kind,
            name=storable_text(invocation.name, 128),
            user=user_key(invocation.principal)[:128],
            arguments=self.arguments(call),
            started=call.started,
            **facts,
        )
        _persist(partial(_records.insert, record))
        self.is_written = True

    def _update(self, call: RecordedCall, **facts: Any) -> bool:
        rows = CallRecord.objects.filter(call_id=call.id)
        return bool(_persist(partial(rows.update, **facts)))


def mark_undelivered(call_id: UUID) -> None:
    """Note that a background call's client had left before its end. Never raises."""
    try:
        CallRecord.objects.filter(call_id=call_id).update(delivered=False)
    except Exception:
        logger.exception("Non-delivery of call %s could not be recorded", call_id)


def _task_id(call: RecordedCall) -> str:
    return "" if call.task_id is None else str(call.task_id)


def _persist(write: Callable[[], R]) -> R:
    """Write to the record, on a new connection if this one is broken."""
    connection = connections[router.db_for_write(CallRecord)]
    try:
        # Where a statement fails, Django closes its cursor, and lets out what the driver raises
        # if even that fails.
        with connection.wrap_database_errors:
            return write()
    except (DatabaseError, InterfaceError):
        if connection.in_atomic_block:  # a test's, which a new connection would not see
            raise
        # The tool may have broken its connection, or left it in an aborted transaction.
        forget_connection(connection)
        return write()
