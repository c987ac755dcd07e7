"""Database connections of threads that serve no request, handled as Django does around one."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from django.db import Error, connections, reset_queries
from django.db.backends.base.base import BaseDatabaseWrapper

R = TypeVar("R")


def with_fresh_connections(call: Callable[[], R]) -> R:
    """Make a call with connections handled as around a request, on a thread that serves none."""
    reset_queries()
    _close_old_connections()
    try:
        return call()
    finally:
        for connection in connections.all(initialized_only=True):
            if connection.in_atomic_block:
                # A tool began a transaction by hand and left it open: no other work may enter it.
                forget_connection(connection)
                del connections[connection.alias]
        _close_old_connections()


def forget_connection(connection: BaseDatabaseWrapper) -> None:
    """Drop a connection, even if closing it fails: the next query opens another."""
    # mysqlclient refuses to close what a tool has closed. Django lets go of it all the same.
    with suppress(Error):
        connection.close()


def _close_old_connections() -> None:
    """Close old connections as Django does; failures to close are logged, and lose no answer."""
    for connection in connections.all(initialized_only=True):
        with suppress(Error):
            connection.close_if_unusable_or_obsolete()
