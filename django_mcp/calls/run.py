"""Run of a function: transaction, error mapping and rendering."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import TransactionManagementError

from django_mcp.calls.call import Call
from django_mcp.calls.deadline import Deadline, timed_out
from django_mcp.calls.embedded_resources import with_resources
from django_mcp.calls.retries import with_retries
from django_mcp.calls.steps import Place, Step, Steps
from django_mcp.conf import settings
from django_mcp.db.statement_timeouts import is_statement_timeout, statements_within
from django_mcp.exceptions import (
    DjangoMCPError,
    FollowUpFailedError,
    InputRequiredError,
    TimedOutError,
    ToolError,
    ToolFailedError,
)
from django_mcp.primitives.known_exceptions import exceptions_in, tool_error_of
from django_mcp.schemas.output.output import Rendered

logger = logging.getLogger(__name__)

POSTGRESQL_INERROR = 3
"""Status of an aborted transaction, as libpq and so every driver numbers it."""


@dataclass(slots=True)
class UnitOfWork:
    """Work in one transaction; `result` is that of the tool, once there is one.

    `has_hooks` says whether anything is registered with `transaction.on_commit` that this very
    transaction runs, and not one around it, such as a test's.
    """

    database: str | None = None
    result: Any = None
    is_committed: bool = False
    is_outermost: bool = False

    @property
    def has_hooks(self) -> bool:
        """True if the transaction has hooks to run after its commit whose failure is the call's.

        Robust ones, such as those that end cached results, are not: Django logs what they raise.
        """
        if self.database is None or not self.is_outermost:
            return False
        hooks: Iterable[Any] = connections[self.database].run_on_commit
        return sum(not is_robust for _, _, is_robust in hooks) > 1

    def mark_committed(self) -> None:
        """Note that the transaction was committed."""
        self.is_committed = True


def run_function(call: Call, after: Callable[[Rendered], Steps[Rendered]]) -> Steps[Rendered]:
    """Call the function in its transaction, render what it returns, and pass that to `after`.

    What any of this raises, the commit too, undoes what the function did, and is raised as clients
    may know it, unless all of it is run again by its `Retry`.
    """
    return (yield from with_retries(call, partial(_run_once, call, after)))


def _run_once(call: Call, after: Callable[[Rendered], Steps[Rendered]]) -> Steps[Rendered]:
    with mapped_errors(call), transaction_of(call) as unit:
        with interruptible(call):
            result = yield from call_function(call)
        unit.result = result = yield from after(result)
    return result


def call_function(call: Call) -> Steps[Rendered]:
    """Call the function with its arguments, and render what it returns, with its resources."""
    primitive, invocation = call.primitive, call.invocation
    call.has_begun = True
    value = yield Step(partial(primitive.function, **(call.arguments or {})), Place.FUNCTION)
    with rendering(call):
        result = primitive.render_at_once(invocation, value) if primitive.is_async else None
        if result is None:
            result = yield Step(
                partial(primitive.render, invocation, value, call.context), Place.TOOL
            )
    return (yield from with_resources(call, result))


@contextmanager
def interruptible(call: Call) -> Iterator[None]:
    """Run the function in the block: meanwhile the call may be ended at its deadline.

    Raises `TimedOutError` when the time is over, before the function or after it.
    """
    deadline = call.deadline
    if not deadline.begin():
        raise timed_out(call.primitive, has_begun=deadline.has_begun)
    try:
        with _limited_statements(deadline):
            yield
    except BaseException as error:
        deadline.finish()
        if is_statement_timeout(error) and deadline.is_over:
            raise timed_out(call.primitive) from error
        raise
    if not deadline.finish():
        raise timed_out(call.primitive)


def _limited_statements(deadline: Deadline) -> AbstractContextManager[None]:
    """Return the context of the statements of a function that runs on this thread."""
    if not settings.STATEMENT_TIMEOUT or _is_on_loop():
        return nullcontext()
    return statements_within(lambda: deadline.remaining)


def _is_on_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


@contextmanager
def transaction_of(call: Call) -> Iterator[UnitOfWork]:
    """Run the block in the tool's transaction, if it has one; raise when that was lost silently.

    Also raises as `unit_of_work` does.
    """
    database = call.primitive.atomic
    if database is None:
        yield UnitOfWork()
        return
    with unit_of_work(database) as unit:
        yield unit
        if _is_lost(connections[database]):
            raise TransactionManagementError("The tool lost its transaction, and went on.")


@contextmanager
def unit_of_work(database: str) -> Iterator[UnitOfWork]:
    """Run the block in a transaction; `FollowUpFailedError` when it committed and a hook failed."""
    unit = UnitOfWork(database, is_outermost=not connections[database].in_atomic_block)
    try:
        with transaction.atomic(using=database):
            if unit.is_outermost:
                # Django runs hooks after the commit, in the order of their registration.
                transaction.on_commit(unit.mark_committed, using=database)
            yield unit
    except (Exception, SystemExit, asyncio.CancelledError) as error:
        if unit.is_committed:
            raise FollowUpFailedError(unit.result) from error
        raise


def _is_lost(connection: BaseDatabaseWrapper) -> bool:
    """Return whether a commit would silently save nothing.

    That is so when a tool has closed its connection or, on PostgreSQL, swallowed the exception of
    a statement that failed.
    """
    driver_info = getattr(connection.connection, "info", None)
    is_aborted = getattr(driver_info, "transaction_status", None) == POSTGRESQL_INERROR
    return connection.closed_in_transaction or is_aborted


@contextmanager
def mapped_errors(call: Call) -> Iterator[None]:
    """Map exceptions of a tool to those that clients may know; known ones count as tool errors.

    The rest becomes `ToolFailedError`.
    """
    try:
        yield
    except (ToolError, ToolFailedError, InputRequiredError, TimedOutError):
        raise
    except (Exception, SystemExit, asyncio.CancelledError) as error:
        if error is call.refusal:
            raise
        if isinstance(error, asyncio.CancelledError) and is_cancelled(call):
            raise
        mapped = error_for_client(error, call)
        raise mapped from mapped.__cause__


@contextmanager
def rendering(call: Call) -> Iterator[None]:
    """Map failures of rendering to `ToolFailedError`, whatever their class."""
    try:
        yield
    except DjangoMCPError:
        raise
    except Exception as error:
        raise ToolFailedError(call.id) from error


def error_for_client(error: BaseException, call: Call) -> ToolError | ToolFailedError:
    """Return the error that the client of a call receives. Its `__cause__` is for the operators."""
    try:
        known = tool_error_of(error, call.primitive)
    except Exception as broken:  # noqa: BLE001  (a project's callable, which fails in its own way)
        known, error = None, broken
    if known is None:
        failure = ToolFailedError(call.id)
        failure.__cause__ = error
        return failure
    if isinstance(error, BaseExceptionGroup):
        _log_unknown(error, call)
    return known


def _log_unknown(group: BaseExceptionGroup[BaseException], call: Call) -> None:
    """Log the exceptions of a group that are not shown to the client."""
    for error in exceptions_in(group):
        if tool_error_of(error, call.primitive) is None:
            logger.error("Failed beside a known exception in call %s", call.id, exc_info=error)


def is_cancelled(call: Call) -> bool:
    """Return whether the call is cancelled, and what it runs did not come up with that itself."""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # in a thread
        task = None
    return call.cancellation.is_requested or (task is not None and task.cancelling() > 0)
