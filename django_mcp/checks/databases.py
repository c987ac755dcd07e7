"""The databases that records, tasks and tools are written to."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Warning, register
from django.db import connections, router

from django_mcp.tools.declaration import declarations


# By the settings alone, so that it needs no tag: `runserver` and plain `check` tell too.
@register
def check_databases(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """SQLite is set up for writers that come at the same time."""
    written_to = _written_to()
    return [
        Warning(
            f"The SQLite database {alias!r} will refuse calls that write at the same time.",
            hint=f'Set DATABASES["{alias}"]["OPTIONS"] = {{"transaction_mode": "IMMEDIATE", '
            '"timeout": 20, "init_command": "PRAGMA journal_mode=WAL"}.',
            id="django_mcp.W003",
        )
        for alias in connections
        if alias in written_to
        and connections[alias].vendor == "sqlite"
        and _transaction_mode(alias) not in ("IMMEDIATE", "EXCLUSIVE")
    ]


def _written_to() -> set[str]:
    """The databases of the package's own tables, and those of tools' transactions."""
    models = apps.get_app_config("django_mcp").get_models()
    named = {each.atomic for each in declarations() if isinstance(each.atomic, str)}
    return {router.db_for_write(model) for model in models} | named


def _transaction_mode(alias: str) -> str:
    options = connections[alias].settings_dict.get("OPTIONS", {})
    return (options.get("transaction_mode") or "").upper()
