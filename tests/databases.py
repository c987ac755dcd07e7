"""A second database for tests, a router that sends one app there, and what databases differ in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.db.utils import ConnectionHandler

finds_whatever_the_case = pytest.mark.skipif(
    connection.vendor == "mysql", reason="its collation lets searches mind the case"
)


class Route:
    """Keeps the tables of these models of the package in the database `alias`, and there alone."""

    def __init__(self, alias: str, *models: str) -> None:
        self._alias = alias
        self._models = {model.lower() for model in models}

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        is_ours = model._meta.app_label == "django_mcp" and model._meta.model_name in self._models
        return self._alias if is_ours else None

    db_for_write = db_for_read

    def allow_migrate(
        self, db: str, app_label: str, model_name: str | None = None, **hints: Any
    ) -> bool | None:
        is_ours = app_label == "django_mcp" and model_name in self._models
        return db == self._alias if is_ours else None


EVERY_MODEL = (
    "CallRecord",
    "ClientRegistration",
    "IdempotencyKey",
    "PromptArgument",
    "PromptTemplate",
    "StoredResult",
    "ToolGroup",
    "ToolSwitch",
    "ToolGroup_allowed_groups",
    "ToolTask",
    "UsedRequestState",
)


@contextmanager
def second_database(alias: str = "second") -> Iterator[str]:
    """Add an empty database in memory to the project; yields its alias. Use it in this thread."""
    handler = ConnectionHandler(
        {
            "default": {},
            alias: {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": ":memory:",
            },
        }
    )
    # Connected before the project knows the alias: Django's test cases let nobody connect to a
    # database of the project that they do not name.
    handler[alias].connect()
    connections.settings[alias] = handler.settings[alias]
    connections[alias] = handler[alias]
    try:
        yield alias
    finally:
        # Django's own `close()` keeps databases in memory open; Python 3.13 warns of those.
        BaseDatabaseWrapper.close(connections[alias])
        del connections[alias]
        del connections.settings[alias]


def somebody_waits_for_a_lock() -> bool:
    """Whether a connection waits for another's lock; on PostgreSQL alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])
