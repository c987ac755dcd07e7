"""Time zones of datetimes: naive ones are read in the current time zone."""

import copy
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from django_mcp.schemas.object_fields import field_names, with_fields


def as_django_keeps_it(value: datetime) -> datetime:
    """Return the datetime aware or naive, as `USE_TZ` demands.

    Raises `OverflowError` for one that no other time zone can represent.
    """
    return _with_time_zone(value) if settings.USE_TZ else _without_time_zone(value)


def with_time_zones(value: Any) -> Any:
    """Return `value` with every datetime in it aware, at any depth, as RFC 3339 demands."""
    return _mapped(value, _with_time_zone)


def _with_time_zone(value: datetime) -> datetime:
    return timezone.make_aware(value) if timezone.is_naive(value) else value


def _without_time_zone(value: datetime) -> datetime:
    if timezone.is_naive(value):
        return value
    return timezone.make_naive(value, timezone.get_default_timezone())


def _mapped(value: Any, convert: Callable[[datetime], datetime]) -> Any:
    """Return a copy wherever a datetime may change: parts of the value may be shared."""
    match value:
        case datetime():
            return convert(value)
        case dict():
            copied = copy.copy(value)
            copied.clear()
            copied.update({_mapped(k, convert): _mapped(v, convert) for k, v in value.items()})
            return copied
        case list() | tuple() | set() | frozenset() | deque():
            items = [_mapped(item, convert) for item in value]
            return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
        case _ if field_names(value) is not None:
            return with_fields(value, lambda item: _mapped(item, convert))
    return value
