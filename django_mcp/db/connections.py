"""Database connections of threads that serve no request, handled as Django does around one."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from django.db import Error, connections, reset_queries
from django.db.backends.base.base import BaseDatabaseWrapper

R = TypeVar("R")


def with_fresh_connections(call: Callable[[], R]) -> R:
    """Call it as Django's request signals would around a request, in a thread that serves none."""
    reset_queries()
    _close_old_connections()
    try:
        return call()
    finally:
        for connection in connections.all(initialized_only=True):
            if connection.in_atomic_block:
                # A tool began a transaction by hand and left it open: nobody may come after it.
                forget_connection(connection)
                del connections[connection.alias]
        _close_old_connections()


def forget_connection(connection: BaseDatabaseWrapper) -> None:
    """Close it, even if it cannot be closed: the next query opens another."""
    # mysqlclient refuses to close what a tool has closed. Django lets go of it all the same.
    with suppress(Error):
        connection.close()


def _close_old_connections() -> None:
    """As Django's own, past a connection that cannot be closed: no answer is lost for that."""
    for connection in connections.all(initialized_only=True):
        with suppress(Error):
            connection.close_if_unusable_or_obsolete()
