"""Checks of the caches that count, lock and store for limits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from django_mcp.checks.caches import CacheFault, fault_of, has_cache, other_names, shared_cache
from django_mcp.checks.examples import examples
from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings
from django_mcp.policy.exports import general_budgets
from django_mcp.primitives.registry import servable

NEEDS = {
    CacheFault.EMPTY: "one that keeps what it is given",
    CacheFault.UNSHARED: "one that all processes share",
    CacheFault.INEXACT: "exact counts",
}


@dataclass(frozen=True, kw_only=True)
class CacheUse:
    """Use of a cache by a part of the package: the setting that names it, and if it counts."""

    name: str
    is_counter: bool
    setting: str = Settings.CACHE.name


@register
def check_cache(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that there is the cache which counts, locks and stores for limits."""
    if Settings.CACHE.problem() or has_cache(settings.CACHE):
        return []  # E003 tells of what is no alias at all
    is_named = Settings.CACHE.default != settings.CACHE
    if not is_named and not any(use.setting == Settings.CACHE.name for use in _uses()):
        return []
    return [
        Error(
            f"{Settings.CACHE.name} names {settings.CACHE!r}, which is not in CACHES.",
            hint=other_names(),
            id=CheckId.MISSING_CACHE,
        )
    ]


@register(Tags.security, deploy=True)
def check_cache_deployment(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that the caches in use are shared by all processes, and count exactly."""
    if django_settings.DEBUG:
        return []
    found: dict[tuple[str, str, CacheFault], list[str]] = {}
    for use in _uses():
        alias = _alias_of(use)
        fault = fault_of(alias)
        if fault is not None and (use.is_counter or fault is not CacheFault.INEXACT):
            found.setdefault((str(alias), use.setting, fault), []).append(use.name)
    return [
        Warning(
            f"The cache {alias!r} {fault.value}, and these need {NEEDS[fault]}: "
            f"{'; '.join(names)}.",
            hint=shared_cache(alias, setting),
            id=CheckId.UNSUITABLE_CACHE,
        )
        for (alias, setting, fault), names in found.items()
    ]


def _uses() -> Iterator[CacheUse]:
    """Yield what the settings and declarations of the project use a cache for."""
    primitives = list(servable())
    if settings.RATES or any(each.rates for each in primitives):
        yield CacheUse(name="rates of calls", is_counter=True, setting="RATELIMIT_USE_CACHE")
    if settings.REQUEST_RATE is not None:
        yield CacheUse(name="the rate of requests", is_counter=True, setting="RATELIMIT_USE_CACHE")
    limits = (
        settings.MAX_CALLS_PER_USER,
        settings.MAX_CALLS_PER_CLIENT,
        settings.MAX_CALLS_PER_TOOL,
        *(each.max_concurrent for each in primitives),
    )
    if any(limit is not None for limit in limits):
        yield CacheUse(name="limits of concurrent calls", is_counter=True)
    if general_budgets():
        yield CacheUse(name="export budgets", is_counter=True)
    if broken := sorted(each.name for each in primitives if each.breaker is not None):
        yield CacheUse(name=f"circuit breakers of {examples(broken)}", is_counter=False)
    if cached := sorted(each.name for each in primitives if each.cache is not None):
        yield CacheUse(name=f"kept results of {examples(cached)}", is_counter=False)


def _alias_of(use: CacheUse) -> object:
    if use.setting == Settings.CACHE.name:
        return settings.CACHE
    return getattr(django_settings, use.setting, "default")
