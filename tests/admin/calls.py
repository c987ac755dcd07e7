"""Calls on record."""

import datetime
from typing import Any

from django.utils import timezone

from django_mcp.models import CallRecord

NOON = datetime.datetime(2026, 7, 28, 12, tzinfo=datetime.UTC)
"""When calls were made unless something else is said: long ago."""


def record(**changes: Any) -> CallRecord:
    values: dict[str, Any] = {
        "name": "add_expense",
        "endpoint": "default",
        "outcome": CallRecord.Outcome.OK,
        "started": NOON,
        "duration_ms": 48,
    }
    return CallRecord.objects.create(**(values | changes))


def recent(*, hours: float = 0, **changes: Any) -> CallRecord:
    """A call of so many hours ago."""
    return record(started=timezone.now() - datetime.timedelta(hours=hours), **changes)
