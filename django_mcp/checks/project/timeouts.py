"""Checks of the time that calls may take."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning, register
from django.db import connections

from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings
from django_mcp.primitives.registry import get_registry


@register
def check_timeouts(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that statement timeouts reach a database, and retries can begin in time."""
    if Settings.TIMEOUT.problem() or Settings.STATEMENT_TIMEOUT.problem():
        return []  # check_settings tells
    return [*_statement_problems(), *_retry_problems()]


def _statement_problems() -> Iterator[CheckMessage]:
    if settings.STATEMENT_TIMEOUT and not any(
        connections[alias].vendor == "postgresql" for alias in connections
    ):
        yield Warning(
            f"{Settings.STATEMENT_TIMEOUT.name} has no effect: no database is PostgreSQL.",
            hint=f"Take {Settings.STATEMENT_TIMEOUT.name} out of the settings.",
            id=CheckId.UNUSED_STATEMENT_TIMEOUT,
        )


def _retry_problems() -> Iterator[CheckMessage]:
    try:
        every = get_registry().primitives.values()
    except Exception:  # noqa: BLE001  (check_tools tells)
        return
    for primitive in every:
        retry = primitive.retry
        if retry is not None and retry.shortest_delay >= primitive.time_limit:
            yield Warning(
                f"{primitive.located_name} is never run again: its retry waits at least "
                f"{retry.shortest_delay:g} seconds, and a call may take "
                f"{primitive.time_limit:g}.",
                hint="Give it a shorter Retry(backoff=...), a longer timeout, or background=True.",
                id=CheckId.UNREACHED_RETRY,
            )
