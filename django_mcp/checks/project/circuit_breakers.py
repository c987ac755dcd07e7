"""Check of the cache that holds the state of circuit breakers."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning, register

from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings
from django_mcp.primitives.registry import get_registry

DUMMY = "django.core.cache.backends.dummy.DummyCache"
LOCAL = "django.core.cache.backends.locmem.LocMemCache"


@register
def check_circuit_breakers(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that the cache of declared circuit breakers keeps their state, for all processes."""
    if Settings.CACHE.problem() or not _has_breakers():
        return []
    alias = settings.CACHE
    if alias not in django_settings.CACHES:
        reason = f"Circuit breakers never open: {Settings.CACHE.name} names {alias!r}, which is not"
        return [_error(f"{reason} in CACHES.", alias)]
    backend = django_settings.CACHES[alias].get("BACKEND")
    if backend == DUMMY:
        return [_error(f"Circuit breakers never open: their cache {alias!r} keeps nothing.", alias)]
    if backend == LOCAL and not django_settings.DEBUG:
        return [
            Warning(
                f"Each process has circuit breakers of its own: no other sees its cache {alias!r}.",
                hint=_hint(alias),
                id=CheckId.UNSHARED_BREAKERS,
            )
        ]
    return []


def _has_breakers() -> bool:
    try:
        every = get_registry().primitives.values()
    except Exception:  # noqa: BLE001  (check_tools tells)
        return False
    return any(each.breaker is not None for each in every)


def _error(message: str, alias: str) -> Error:
    return Error(message, hint=_hint(alias), id=CheckId.FORGETFUL_BREAKERS)


def _hint(alias: str) -> str:
    return (
        f'Use a cache that all processes share: CACHES["{alias}"] = {{"BACKEND": '
        '"django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:6379/1"}, '
        f"for example; {Settings.CACHE.name} may name another."
    )
