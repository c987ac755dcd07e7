"""Database connections of the threads on which adopted servers run their sync functions.

These threads are the servers' own: Django closes nothing there when a request ends.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from threading import current_thread
from typing import Any

from asgiref.sync import sync_to_async
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

_opened: ContextVar[list[BaseDatabaseWrapper] | None] = ContextVar(
    "django_mcp_opened_connections", default=None
)


@asynccontextmanager
async def closed_connections() -> AsyncIterator[None]:
    """Close, after the block, the connections that functions have opened on threads of a server.

    They were opened in the block, because none is left open after another.
    """
    opened: list[BaseDatabaseWrapper] = []
    token = _opened.set(opened)
    try:
        yield
    finally:
        _opened.reset(token)
        if opened:
            await sync_to_async(_close, thread_sensitive=False)(opened)


def _close(connections: list[BaseDatabaseWrapper]) -> None:
    for connection in connections:
        connection.inc_thread_sharing()
        try:
            connection.close()
        finally:
            connection.dec_thread_sharing()


def _note(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    opened = _opened.get()
    # Other threads are this package's, which close their connections themselves.
    if opened is not None and type(current_thread()).__module__.startswith("anyio."):
        opened.append(connection)


connection_created.connect(_note, dispatch_uid="django_mcp.adopted")
