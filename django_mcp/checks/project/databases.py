"""Check of the SQLite databases that records, tasks and tools are written to."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Warning, register
from django.db import connections, router

from django_mcp.checks.ids import CheckId
from django_mcp.primitives.declaration import declarations_of
from django_mcp.tools.declaration import ToolOptions

WRITE_AHEAD = "PRAGMA journal_mode=WAL"
"""Command after which readers and one writer do not wait for each other."""


# By the settings alone, so that it needs no tag: `runserver` and plain `check` tell too.
@register
def check_databases(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that SQLite is set up for concurrent writers."""
    written_to = _written_to()
    return [
        Warning(
            f"The SQLite database {alias!r} will refuse calls that write at the same time.",
            hint=f'Set DATABASES["{alias}"]["OPTIONS"] = {_completed(_options(alias))}.',
            id=CheckId.DEFERRED_SQLITE_TRANSACTIONS,
        )
        for alias in connections
        if alias in written_to
        and connections[alias].vendor == "sqlite"
        and _transaction_mode(alias) not in ("IMMEDIATE", "EXCLUSIVE")
    ]


def _written_to() -> set[str]:
    """Return the databases of the package's own tables, and those of tools' transactions."""
    models = apps.get_app_config("django_mcp").get_models()
    named = {each.atomic for each in declarations_of(ToolOptions) if isinstance(each.atomic, str)}
    return {router.db_for_write(model) for model in models} | named


def _transaction_mode(alias: str) -> str:
    return (_options(alias).get("transaction_mode") or "").upper()


def _options(alias: str) -> Mapping[str, Any]:
    return connections[alias].settings_dict.get("OPTIONS") or {}


def _completed(options: Mapping[str, Any]) -> str:
    """Return the project's options with the missing ones, in its own order, as a literal."""
    commands = (options.get("init_command") or "").strip()
    if "journal_mode" not in commands.lower():
        commands = "; ".join(filter(None, (commands.rstrip("; "), WRITE_AHEAD)))
    completed = {
        "timeout": 20,
        **options,
        "transaction_mode": "IMMEDIATE",
        "init_command": commands,
    }
    order = dict.fromkeys((*options, "transaction_mode", "timeout", "init_command"))
    return "{" + ", ".join(f'"{name}": {_literal(completed[name])}' for name in order) + "}"


def _literal(value: Any) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)
