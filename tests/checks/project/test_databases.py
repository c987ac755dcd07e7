"""Check of the SQLite databases that are written to."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.db import connections
from django.db.utils import ConnectionHandler
from pytest_django import Settings

from tests.calls import offering
from tests.checks.messages import found, hints
from tests.databases import Route

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db


def act(value: Any = None) -> None:
    """Act."""


class TestDatabases:
    @pytest.mark.parametrize(
        ("options", "is_told"),
        [
            ({}, True),
            ({"transaction_mode": None}, True),
            ({"transaction_mode": "DEFERRED"}, True),
            ({"transaction_mode": "IMMEDIATE"}, False),
            ({"transaction_mode": "immediate"}, False),
            ({"transaction_mode": "EXCLUSIVE"}, False),
        ],
    )
    def test_w003_tells_of_sqlite_that_refuses_writers(
        self, settings: Settings, options: dict[str, Any], is_told: bool
    ) -> None:
        with unreachable_database(options) as other:
            settings.DATABASE_ROUTERS = [Route(other, "CallRecord")]

            assert ("W003" in found()) is is_told

    @pytest.mark.parametrize(
        ("options", "advised"),
        [
            (
                {},
                (
                    '{"transaction_mode": "IMMEDIATE", "timeout": 20, '
                    '"init_command": "PRAGMA journal_mode=WAL"}'
                ),
            ),
            (
                {"init_command": "PRAGMA synchronous=3; PRAGMA cache_size=2000;", "uri": True},
                (
                    '{"init_command": "PRAGMA synchronous=3; PRAGMA cache_size=2000; '
                    'PRAGMA journal_mode=WAL", "uri": True, "transaction_mode": "IMMEDIATE", '
                    '"timeout": 20}'
                ),
            ),
            (
                {
                    "transaction_mode": "DEFERRED",
                    "timeout": 5.5,
                    "init_command": "pragma journal_mode = delete",
                },
                (
                    '{"transaction_mode": "IMMEDIATE", "timeout": 5.5, '
                    '"init_command": "pragma journal_mode = delete"}'
                ),
            ),
        ],
        ids=["none", "others", "all"],
    )
    def test_w003_keeps_the_options_that_the_project_has(
        self, settings: Settings, options: dict[str, Any], advised: str
    ) -> None:
        with unreachable_database(options) as other:
            settings.DATABASE_ROUTERS = [Route(other, "CallRecord")]

            assert hints()["W003"] == [f'Set DATABASES["{other}"]["OPTIONS"] = {advised}.']

    def test_w003_tells_of_the_database_of_a_tools_transaction(self) -> None:
        with unreachable_database({}) as other:
            assert "W003" not in found()
            with offering(act, atomic=other):
                assert other in found()["W003"][0]
                assert f'DATABASES["{other}"]["OPTIONS"] = {{' in hints()["W003"][0]


@contextmanager
def unreachable_database(options: dict[str, Any]) -> Iterator[str]:
    """Add a SQLite database to the project that cannot be opened; yields its alias."""
    alias = "unreachable"
    database = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": "/nowhere/db.sqlite3",
        "OPTIONS": options,
    }
    connections.settings[alias] = ConnectionHandler({"default": {}, alias: database}).settings[
        alias
    ]
    # From Django 6.1 on, a check of its own would open it to find out.
    connections[alias].features.supports_json_field = True
    try:
        yield alias
    finally:
        with suppress(AttributeError):
            del connections[alias]
        del connections.settings[alias]
