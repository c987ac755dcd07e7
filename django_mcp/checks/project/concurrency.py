"""Check of the cache that holds the places of concurrent calls."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Warning, register

from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings
from django_mcp.primitives.registry import get_registry

BACKENDS = "django.core.cache.backends"

FAULTS = {
    f"{BACKENDS}.dummy.DummyCache": "keeps nothing, so that they limit nothing",
    f"{BACKENDS}.locmem.LocMemCache": "is one for each process, so that each counts for itself",
    f"{BACKENDS}.filebased.FileBasedCache": "may give one place to two calls",
    f"{BACKENDS}.db.DatabaseCache": "may give a place that has expired to two calls",
}


@register
def check_concurrency(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that all processes count their concurrent calls together, where they are limited."""
    if Settings.CACHE.problem():
        return []  # E003 tells
    backend = django_settings.CACHES.get(settings.CACHE, {}).get("BACKEND", "")
    is_for_development = backend.endswith("LocMemCache") and django_settings.DEBUG
    if backend not in FAULTS or is_for_development or not _are_limited():
        return []
    return [
        Warning(
            f"Calls that run at once are limited, and the cache {settings.CACHE!r} "
            f"{FAULTS[backend]}.",
            hint=f"Let {Settings.CACHE.name} name a cache on Redis or memcached.",
            id=CheckId.UNSHARED_CONCURRENCY_CACHE,
        )
    ]


def _are_limited() -> bool:
    limits = (
        settings.MAX_CALLS_PER_USER,
        settings.MAX_CALLS_PER_CLIENT,
        settings.MAX_CALLS_PER_TOOL,
    )
    if any(limit is not None for limit in limits):
        return True
    try:
        primitives = get_registry().primitives.values()
    except Exception:  # noqa: BLE001  (check_tools tells)
        return False
    return any(each.max_concurrent is not None for each in primitives)
