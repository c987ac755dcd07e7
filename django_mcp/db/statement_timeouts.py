"""Statement timeouts of PostgreSQL that follow a deadline, for the queries of one thread."""

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import Error, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from django_mcp.db.connections import forget_connection

QUERY_CANCELED = "57014"
"""SQLSTATE of a statement that PostgreSQL has cancelled."""

FIRST = """
SELECT previous, ms, set_config('statement_timeout', ms::text, %s) FROM (
    SELECT previous, CASE WHEN old > 0 AND old < %s THEN old ELSE %s END AS ms FROM (
        SELECT previous, (extract(epoch FROM previous::interval) * 1000)::bigint AS old FROM (
            SELECT current_setting('statement_timeout') AS previous
        ) setting
    ) known
) wanted
"""
NEXT = "SELECT set_config('statement_timeout', %s, %s)"


@contextmanager
def statements_within(remaining: Callable[[], float]) -> Iterator[None]:
    """Have PostgreSQL cancel every statement of this thread after the seconds that remain.

    Nothing is asked of a database before the block queries it. A shorter timeout of the project's
    own stays, and the one before is back at the end. Outside of a transaction nothing is set on
    connections that another session may get next, as with PgBouncer: those of databases with
    `DISABLE_SERVER_SIDE_CURSORS`.
    """
    with ExitStack() as stack:
        for connection in connections.all():
            if connection.vendor == "postgresql":
                stack.enter_context(_Limit(connection, remaining).applied())
        yield


def is_statement_timeout(error: BaseException) -> bool:
    """Return whether an exception is that of a statement which PostgreSQL has cancelled."""
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    return isinstance(error, Error) and state == QUERY_CANCELED


class _Limit:
    """Statement timeout of one connection, set anew when the time that remains has shrunk."""

    def __init__(self, connection: BaseDatabaseWrapper, remaining: Callable[[], float]) -> None:
        self._connection = connection
        self._remaining = remaining
        self._is_shared = bool(connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"])
        self._previous: str | None = None
        self._ms = 0

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Apply it to every statement of the block."""
        try:
            with self._connection.execute_wrapper(self._execute):
                yield
        finally:
            self._restore()

    def _execute(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        if self._may_set:
            self._set(math.ceil(self._remaining() * 1000) or 1)
        return execute(sql, params, many, context)

    @property
    def _may_set(self) -> bool:
        """True if a value could be set, and would count for no other session."""
        connection = self._connection
        if not connection.in_atomic_block:
            return not self._is_shared
        return not transaction.get_rollback(using=connection.alias)

    def _set(self, ms: int) -> None:
        if self._previous is None:
            self._previous, self._ms, _ = self._row(FIRST, self._is_shared, ms, ms)
        elif ms < self._ms * 3 / 4:
            self._row(NEXT, str(ms), self._is_shared)
            self._ms = ms

    def _restore(self) -> None:
        if self._previous is None or not self._may_set:
            return  # never set, or gone with its transaction
        try:
            self._row(NEXT, self._previous, self._is_shared)
        except Error:
            # A transaction that has failed takes it back; a connection that has must not be used.
            if not self._connection.in_atomic_block:
                forget_connection(self._connection)

    def _row(self, sql: str, *params: object) -> Any:
        # By the driver's own cursor: this is no statement of the project's.
        driver: Any = self._connection.connection
        with self._connection.wrap_database_errors, driver.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchone()
