"""Checks of the cache that keeps results of tools and resources."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings
from django_mcp.primitives.registry import servable

UNSHARED_CACHES = (
    "django.core.cache.backends.locmem.LocMemCache",
    "django.core.cache.backends.dummy.DummyCache",
)

EXAMPLES = 3
"""Names in a message."""


@register
def check_result_cache(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that the cache which keeps results exists."""
    if settings.CACHE in django_settings.CACHES or not (names := _cached_names()):
        return []
    return [
        Error(
            f"{Settings.CACHE.name} names {settings.CACHE!r}, which is not in CACHES: nothing can "
            f"be kept of {names}.",
            hint=f"Name one of {', '.join(sorted(django_settings.CACHES))}, or add it to CACHES.",
            id=CheckId.MISSING_RESULT_CACHE,
        )
    ]


@register(Tags.security, deploy=True)
def check_result_cache_deployment(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that all processes share the cache which keeps results."""
    backend = django_settings.CACHES.get(settings.CACHE, {}).get("BACKEND")
    if backend not in UNSHARED_CACHES or django_settings.DEBUG or not (names := _cached_names()):
        return []
    return [
        Warning(
            f"Each process keeps results of {names} for itself: what one invalidates, the others "
            f"go on serving until it expires. No other process sees its cache {settings.CACHE!r}.",
            hint=f'Use a cache that all processes share: CACHES["{settings.CACHE}"] = {{"BACKEND": '
            '"django.core.cache.backends.redis.RedisCache", "LOCATION": '
            '"redis://127.0.0.1:6379/1"}, for example.',
            id=CheckId.UNSHARED_RESULT_CACHE,
        )
    ]


def _cached_names() -> str:
    """Return the names of what has a cache, for a message; empty for nothing."""
    names = sorted(each.name for each in servable() if each.cache is not None)
    more = len(names) - EXAMPLES
    return ", ".join(names[:EXAMPLES]) + (f" and {more} more" if more > 0 else "")
