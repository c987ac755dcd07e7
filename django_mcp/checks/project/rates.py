"""Checks of the rates of calls, and of what counts calls for them."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning, register

from django_mcp.checks.caches import has_cache, other_names
from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings
from django_mcp.policy.rate_limits import read_limit
from django_mcp.primitives.declaration import declarations


@register
def check_rates(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that rates are rates, and that something counts calls for them."""
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
    if not has_cache(alias):
        yield Error(
            f"Rates are set, and RATELIMIT_USE_CACHE names {alias!r}, which is not in CACHES.",
            hint=other_names(),
            id=CheckId.UNCOUNTABLE_RATES,
        )
        return
    if not django_settings.DEBUG and not getattr(django_settings, "RATELIMIT_ENABLE", True):
        yield Warning(
            "Rates are set, and RATELIMIT_ENABLE = False, by which nothing is limited.",
            hint="Leave RATELIMIT_ENABLE out.",
            id=CheckId.DISABLED_RATES,
        )
