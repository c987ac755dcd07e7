"""Fixtures that every kind of test may use."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from pytest_django import DjangoDbBlocker

from django_mcp.audit.refused_calls import refused_calls
from django_mcp.policy.snapshot import forget_snapshot
from tests.commands import RunCommand, run
from tests.markers import mark_need


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        mark_need(item)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database, dropped at the end whoever is still connected.

    Threads keep their connections for as long as they live, and PostgreSQL drops no database that
    somebody uses.
    """
    if connection.vendor == "postgresql":
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(connection.ops), "sql_flush", _deletions)
            yield
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    else:
        yield


def _deletions(operations: Any, style: Any, tables: Sequence[str], **options: Any) -> list[str]:
    """What empties tables of a few rows: TRUNCATE makes new files, and takes longer than a test."""
    return ["; ".join(f"DELETE FROM {operations.quote_name(table)}" for table in tables)]


@pytest.fixture(autouse=True)
def _fresh_snapshot() -> None:
    """What one test decides about groups is not seen by the next, however soon it comes."""
    forget_snapshot()


@pytest.fixture(autouse=True)
def _fresh_windows() -> None:
    """The calls of one test do not count among those of the next, whose callers are the same."""
    refused_calls.clear()


@pytest.fixture
def ada(db: None) -> User:
    """A user without rights; so are `alice`, `ann` and `bob`."""
    return User.objects.create_user("ada")


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice")


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob")


@pytest.fixture
def run_command() -> RunCommand:
    """Runs a management command: its outputs and its exit status."""
    return run
