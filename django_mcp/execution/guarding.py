"""What stands around every run of a tool, within its request or not."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import TransactionManagementError

from django_mcp.context import ToolContext
from django_mcp.exceptions import InputRequiredError, ToolError, ToolFailedError
from django_mcp.tools.tool import Tool

POSTGRESQL_INERROR = 3
"""The status of an aborted transaction, in libpq's words and so in those of every driver."""


@contextmanager
def transaction_of(tool: Tool) -> Iterator[None]:
    """The tool's transaction, if it has one; raises when it was lost without anybody's noticing."""
    if tool.atomic is None:
        yield
        return
    with transaction.atomic(using=tool.atomic):
        yield
        if _is_lost(connections[tool.atomic]):
            raise TransactionManagementError("The tool lost its transaction, and went on.")


def _is_lost(connection: BaseDatabaseWrapper) -> bool:
    """Whether a commit would keep nothing and say nothing.

    That is so when a tool has closed its connection or, on PostgreSQL, swallowed the exception of
    a statement that failed.
    """
    driver_info = getattr(connection.connection, "info", None)
    is_aborted = getattr(driver_info, "transaction_status", None) == POSTGRESQL_INERROR
    return connection.closed_in_transaction or is_aborted


@contextmanager
def failures_explained(context: ToolContext) -> Iterator[None]:
    """Let through what tools raise on purpose; the rest becomes `ToolFailedError`."""
    try:
        yield
    except (ToolError, InputRequiredError):
        raise
    except (Exception, SystemExit, asyncio.CancelledError) as error:
        if isinstance(error, asyncio.CancelledError) and _is_cancelled(context):
            raise
        raise ToolFailedError(context.call_id) from error


def _is_cancelled(context: ToolContext) -> bool:
    """Whether the call is being cancelled, and its tool did not come up with that by itself."""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # in a thread
        task = None
    return context.is_cancelled or (task is not None and task.cancelling() > 0)
