"""The record of a call: one row, one log line and one signal for each, however it ends."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime
from functools import cached_property, partial
from threading import Lock
from typing import Any, Self, TypeVar
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connections, router
from django.db.models import F
from django.utils import timezone

from django_mcp.audit.redaction import argument_names, redact
from django_mcp.audit.windows import Caller, Overflow, Windows
from django_mcp.conf import settings
from django_mcp.context import ToolContext
from django_mcp.db.connections import forget_connection
from django_mcp.db.statements import PreparedInsert
from django_mcp.db.text import storable_text
from django_mcp.exceptions import (
    CallRejectedError,
    DjangoMCPError,
    RecordUnavailableError,
    ResultTooLargeError,
    ToolError,
    ToolFailedError,
)
from django_mcp.invocation import Invocation
from django_mcp.models import CallRecord
from django_mcp.principals import Principal
from django_mcp.schemas.output.output import Rendered
from django_mcp.signals import tool_called, tool_rejected
from django_mcp.tools.tool import Tool
from django_mcp.user_labels import MAX_LABEL, user_label

R = TypeVar("R")

logger = logging.getLogger("django_mcp.calls")

Outcome = CallRecord.Outcome

_records = PreparedInsert(CallRecord)

UNKNOWN_ROWS = 60
"""So many calls of unknown tools have a row each, for each caller and minute; the rest share one.

Each process counts for itself: a query for each call would cost as much as the row.
"""

UNKNOWN_SECONDS = 60

unknown_calls = Windows(limit=UNKNOWN_ROWS, seconds=UNKNOWN_SECONDS, capacity=10_000)


class Recording:
    """The record of one call, from its arrival (when this is made) to its end.

    A tool that writes is on record before it runs: `begin`, then `finish`. For any other call
    `finish` alone writes the row. Call both from a thread. `is_possible` says whether there will be
    a row.
    """

    def __init__(self, context: ToolContext, tool: Tool | None) -> None:
        self._context = context
        self._tool = tool
        self._started = timezone.now()
        self._clock = time.monotonic()
        self._key: int | None = None
        self.is_possible = settings.RECORD
        self._claimed = Lock()
        # A call that is cancelled while it is admitted begins and ends on two threads at once.
        self._writing = Lock()
        self._is_ended = False
        # Of a background call whoever waits for its end knows, and that is another process.
        self._knows_delivery = True
        self._worker = ""

    @classmethod
    def resumed(
        cls, context: ToolContext, tool: Tool | None, *, started: datetime, worker: str
    ) -> Self:
        """The record that another process has begun, for `finish` alone."""
        record = cls(context, tool)
        record._started = started
        record._clock -= (timezone.now() - started).total_seconds()
        # Where it was written: a replica may not know it yet.
        written = CallRecord.objects.using(router.db_for_write(CallRecord))
        record._key = written.filter(call_id=context.call_id).values_list("pk", flat=True).first()
        record._knows_delivery = False
        record._worker = worker
        return record

    @property
    def may_query_to_finish(self) -> bool:
        """Whether `finish` needs a thread: for the row, or for receivers, who may do anything."""
        receivers = (tool_called, tool_rejected)
        return self.is_possible or any(signal.has_listeners() for signal in receivers)

    def claim(self) -> bool:
        """Whether the caller is the first to ask, and so the one to finish this record."""
        return self._claimed.acquire(blocking=False)

    def begin(self) -> None:
        """Write the row in a transaction of its own.

        Raises `RecordUnavailableError` when that fails: what cannot be recorded must not run.
        """
        with self._writing:
            if not self.is_possible or self._is_ended:
                return
            try:
                self._save(outcome=Outcome.RUNNING, task_id=self._task_id)
            except Exception as error:
                self.is_possible = False
                raise RecordUnavailableError from error

    def complete(self) -> None:
        """Put the call's arguments on record again, because there are more of them now.

        Raises as `begin` does.
        """
        self.__dict__.pop("_arguments", None)  # it was computed of what there was
        with self._writing:
            if self._key is None or self._is_ended:
                return
            try:
                self._save(arguments=self._arguments)
            except Exception as error:
                raise RecordUnavailableError from error

    def finish(self, *, result: Rendered | None = None, error: BaseException | None = None) -> None:
        """Write how the call ended, log it, and send the signal. Never raises."""
        outcome = _outcome(error)
        overflow = None
        if outcome is Outcome.UNKNOWN_TOOL:
            self._tool = None  # the row of a hidden tool is that of one that is missing
            call = self._context.invocation
            caller = Caller.of(user_key(call.principal), call.principal.client_id, call.address)
            overflow = unknown_calls.count(caller, call.id)
        duration_ms = round((time.monotonic() - self._clock) * 1000)
        ending: dict[str, Any] = {
            "outcome": outcome,
            "error_class": _error_class(error),
            "duration_ms": duration_ms,
            "result_size": None if result is None else result.size,
            "worker": self._worker,
            "task_id": self._task_id,
        }
        if self._knows_delivery:
            ending["delivered"] = not self._context.is_disconnected
        with self._writing:
            self._is_ended = True
            self._write(ending, overflow)
        try:
            if outcome is Outcome.UNKNOWN_TOOL:
                _log_ended_windows()
            if overflow is None or overflow.call_id == self._context.call_id:
                self._log(outcome, duration_ms, error)
        except Exception:
            logger.exception("The end of call %s could not be logged", self._context.call_id)
        is_rejected = isinstance(error, CallRejectedError)
        (tool_rejected if is_rejected else tool_called).send_robust(
            sender=None if is_rejected or self._tool is None else self._tool.function,
            call=self._context.invocation,
            outcome=str(outcome),
            duration_ms=duration_ms,
        )

    def _write(self, ending: dict[str, Any], overflow: Overflow | None) -> None:
        if not self.is_possible:
            return
        try:
            if overflow is None or self._key is not None:
                self._save(**ending)
            else:
                self._count(overflow, ending)
        except Exception:
            logger.exception(
                "The end of call %s could not be recorded", self._context.invocation.id
            )

    def _count(self, overflow: Overflow, ending: dict[str, Any]) -> None:
        """Count the call in the row that it shares with others; the first of them writes it."""
        with overflow.lock:
            if overflow.row is not None:
                shared = CallRecord.objects.filter(pk=overflow.row)
                if _persist(partial(shared.update, calls=F("calls") + 1)):
                    return
            self._save(**ending)
            overflow.row = self._key

    def _save(self, **facts: Any) -> None:
        key = self._key
        write = self._insert if key is None else partial(self._update, key)
        _persist(partial(write, **facts))

    def _update(self, key: int, **ending: Any) -> None:
        CallRecord.objects.filter(pk=key).update(**ending)

    def _insert(self, **ending: Any) -> None:
        call = self._context.invocation
        record = CallRecord(
            **caller_columns(call),
            name=storable_text(call.name, 128),
            user=user_key(call.principal)[:128],
            arguments=self._arguments,
            started=self._started,
            **ending,
        )
        _records.insert(record)
        self._key = record.pk

    @property
    def _task_id(self) -> str:
        return "" if self._context.task_id is None else str(self._context.task_id)

    @cached_property
    def _arguments(self) -> dict[str, Any]:
        arguments = self._context.invocation.arguments
        if self._tool is None:
            return argument_names(arguments)
        return redact(arguments, self._tool.argument_schema)

    def _log(self, outcome: Outcome, duration_ms: int, error: BaseException | None) -> None:
        call = self._context.invocation
        is_ours = outcome in (Outcome.FAILED, Outcome.FOLLOW_UP_FAILED)
        advice = error.advice if isinstance(error, ResultTooLargeError) else ""
        level = logging.ERROR if is_ours else logging.WARNING if advice else logging.INFO
        if not logger.isEnabledFor(level):
            return
        logger.log(
            level,
            "tools/call %r: %s after %d ms, call %s%s",
            call.name[:128],
            outcome,
            duration_ms,
            call.id,
            f". {advice}" if advice else "",
            exc_info=error.__cause__ or error if is_ours and error is not None else None,
            extra={
                "call_id": str(call.id),
                "tool": call.name[:128],
                "outcome": str(outcome),
                "calls": 1,
                "duration_ms": duration_ms,
                "user_key": user_key(call.principal),
                "client_id": call.principal.client_id,
                "arguments": self._arguments,
            },
        )


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


def _log_ended_windows() -> None:
    """Log how many calls of unknown tools had no line of their own."""
    for overflow in unknown_calls.take_ended():
        if overflow.calls == 1:
            continue
        logger.warning(
            "tools/call: %d more %s by one caller within a minute, counted with call %s",
            overflow.calls - 1,
            "call of an unknown tool" if overflow.calls == 2 else "calls of unknown tools",
            overflow.call_id,
            extra={
                "call_id": str(overflow.call_id),
                "tool": "",
                "outcome": str(Outcome.UNKNOWN_TOOL),
                "calls": overflow.calls - 1,
                "duration_ms": None,
                "user_key": overflow.caller.user,
                "client_id": overflow.caller.client,
                "arguments": {},
            },
        )


def caller_columns(call: Invocation) -> dict[str, Any]:
    """What the record of a call and its task both say of its caller, cut to what columns hold.

    All but the user's key: a task speaks for whom that names, so it is cut in the record alone.
    """
    principal = call.principal
    user = principal.user
    return {
        "call_id": call.id,
        "endpoint": principal.endpoint.name,
        "username": "" if user is None else storable_text(user_label(user), MAX_LABEL),
        "client": storable_text(principal.client_id, 255),
        "client_name": storable_text(principal.client_name, 255),
        "client_info": storable_text(call.client_info, 255),
        "credential": storable_text(principal.credential, 255),
        "scopes": " ".join(sorted(principal.scopes)),
        "address": storable_text(call.address, 64),
        "protocol_version": storable_text(call.protocol_version, 32),
        "trace_id": storable_text(call.trace_id, 64),
    }


def user_key(principal: Principal) -> str:
    """The key of the caller's user, as text; empty without one."""
    return "" if principal.user is None else str(principal.user.pk)


def mark_undelivered(call_id: UUID) -> None:
    """Note that a background call's client had left before its end. Never raises."""
    try:
        CallRecord.objects.filter(call_id=call_id).update(delivered=False)
    except Exception:
        logger.exception("That call %s was not delivered could not be recorded", call_id)


def _outcome(error: BaseException | None) -> Outcome:
    if error is None:
        return Outcome.OK
    if isinstance(error, asyncio.CancelledError):
        return Outcome.CANCELLED
    return Outcome(error.outcome) if isinstance(error, DjangoMCPError) else Outcome.FAILED


def _error_class(error: BaseException | None) -> str:
    if error is None:
        return ""
    if isinstance(error, ToolFailedError | ToolError) and error.__cause__ is not None:
        error = error.__cause__
    return type(error).__name__[:128]
