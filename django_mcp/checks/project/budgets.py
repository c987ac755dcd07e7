"""Checks of export budgets, and of the cache that counts for them."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning, register

from django_mcp.checks.ids import CheckId
from django_mcp.checks.project.rates import INEXACT_CACHES
from django_mcp.conf import Settings, settings
from django_mcp.policy.exports import general_budgets
from django_mcp.setting import PREFIX

BUDGETS = (
    Settings.EXPORT_ROWS_PER_HOUR,
    Settings.EXPORT_ROWS_PER_DAY,
    Settings.EXPORT_BYTES_PER_HOUR,
    Settings.EXPORT_BYTES_PER_DAY,
)


@register
def check_budgets(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that export budgets limit something, and that a cache counts them exactly."""
    if any(each.problem() for each in (Settings.CACHE, *BUDGETS)):
        return []  # E003 tells
    if not general_budgets():
        return []
    alias = settings.CACHE
    if alias not in django_settings.CACHES:
        return [
            Error(
                f"Export budgets are set, and {Settings.CACHE.name} names {alias!r}, which is not "
                "in CACHES.",
                hint=f"Name one of {', '.join(map(repr, django_settings.CACHES))}.",
                id=CheckId.UNCOUNTABLE_BUDGETS,
            )
        ]
    return [*_idle_budgets(), *_inexact_counts(alias)]


def _idle_budgets() -> Iterator[CheckMessage]:
    limits = {(each.unit, each.period): each.limit for each in general_budgets()}
    for unit in ("rows", "bytes"):
        hour, day = limits.get((unit, "hour")), limits.get((unit, "day"))
        if hour is not None and day is not None and hour > day:
            name = f"{PREFIX}EXPORT_{unit.upper()}_PER"
            yield Warning(
                f"{name}_HOUR ({hour}) is more than {name}_DAY ({day}), so that it limits nothing.",
                hint="Set less for the hour than for the day, or None.",
                id=CheckId.IDLE_BUDGET,
            )


def _inexact_counts(alias: str) -> Iterator[CheckMessage]:
    reason = INEXACT_CACHES.get(django_settings.CACHES[alias].get("BACKEND", ""))
    if reason and not django_settings.DEBUG:
        yield Warning(
            f"Export budgets are set, and the cache {alias!r} does not count exactly: {reason}.",
            hint=f'Count in Redis or memcached: CACHES = {{"{alias}": {{"BACKEND": '
            '"django.core.cache.backends.redis.RedisCache", "LOCATION": '
            '"redis://127.0.0.1:6379/1"}}, for example, or name another cache by '
            f"{Settings.CACHE.name}.",
            id=CheckId.INEXACT_BUDGETS,
        )
