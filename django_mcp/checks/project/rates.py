"""Checks of the rates of calls, and of the cache that counts them."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning, register

from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings
from django_mcp.policy.rate_limits import read_limit
from django_mcp.primitives.declaration import declarations

INEXACT_CACHES = {
    "django.core.cache.backends.locmem.LocMemCache": "each process counts for itself",
    "django.core.cache.backends.dummy.DummyCache": "it keeps nothing, so that no limit is reached",
    "django.core.cache.backends.db.DatabaseCache": "calls at the same time are counted as one",
    "django.core.cache.backends.filebased.FileBasedCache": (
        "calls at the same time are counted as one"
    ),
}
"""Caches of Django that do not count exactly, with the reason."""


@register
def check_rates(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that rates are rates, and that the cache counts them exactly."""
    if Settings.RATES.problem():
        return []  # E003 tells
    wrong: list[CheckMessage] = [
        Error(
            f"{Settings.RATES.name} is wrong: {problem}.",
            hint=f'Write rates such as {Settings.RATES.name} = {{"user:read": "100/m", '
            '"user:write": "10/m", "all": "5000/m"}.',
            id=CheckId.INVALID_RATE,
        )
        for name, text in settings.RATES.items()
        if text is not None and (problem := _problem(name, text))
    ]
    has_rates = bool(settings.RATES) or any(each.rate for each in declarations())
    return [*wrong, *_counting_problems()] if has_rates else wrong


def _problem(name: str, text: str) -> str:
    try:
        read_limit(name, text)
    except ValueError as error:
        return str(error)
    return ""


def _counting_problems() -> Iterator[CheckMessage]:
    if find_spec("django_ratelimit") is None:
        yield Error(
            "Rates are set, and django-ratelimit, which counts calls for them, is not installed.",
            hint='Run pip install "django-mcp-toolkit[ratelimit]".',
            id=CheckId.UNCOUNTABLE_RATES,
        )
        return
    alias = getattr(django_settings, "RATELIMIT_USE_CACHE", "default")
    if alias not in django_settings.CACHES:
        yield Error(
            f"Rates are set, and RATELIMIT_USE_CACHE names {alias!r}, which is not in CACHES.",
            hint=f"Name one of {', '.join(map(repr, django_settings.CACHES))}.",
            id=CheckId.UNCOUNTABLE_RATES,
        )
        return
    if django_settings.DEBUG:
        return
    if reason := INEXACT_CACHES.get(django_settings.CACHES[alias].get("BACKEND", "")):
        yield Warning(
            f"Rates are set, and the cache {alias!r} does not count exactly: {reason}.",
            hint="Count in Redis or memcached: CACHES = "
            f'{{"{alias}": {{"BACKEND": "django.core.cache.backends.redis.RedisCache", '
            '"LOCATION": "redis://127.0.0.1:6379/1"}}, for example, or name another cache by '
            "RATELIMIT_USE_CACHE.",
            id=CheckId.INEXACT_RATES,
        )
    if not getattr(django_settings, "RATELIMIT_ENABLE", True):
        yield Warning(
            "Rates are set, and RATELIMIT_ENABLE = False, by which nothing is limited.",
            hint="Leave RATELIMIT_ENABLE out.",
            id=CheckId.DISABLED_RATES,
        )
