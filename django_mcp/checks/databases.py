"""The databases that records and tasks are written to."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections


@register(Tags.database)
def check_databases(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """SQLite is set up for writers that come at the same time."""
    return [
        Warning(
            f"The SQLite database {alias!r} will refuse calls that write at the same time.",
            hint='Set OPTIONS to {"transaction_mode": "IMMEDIATE", "timeout": 20, '
            '"init_command": "PRAGMA journal_mode=WAL"}.',
            id="django_mcp.W003",
        )
        for alias in kwargs.get("databases") or ()
        if connections[alias].vendor == "sqlite"
        and _transaction_mode(alias) not in ("IMMEDIATE", "EXCLUSIVE")
    ]


def _transaction_mode(alias: str) -> str:
    options = connections[alias].settings_dict.get("OPTIONS", {})
    return (options.get("transaction_mode") or "").upper()
