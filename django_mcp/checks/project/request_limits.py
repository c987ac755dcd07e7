"""Checks of the limits of requests: what counts them is installed."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings

INSTALL = 'Run pip install "django-mcp-toolkit[ratelimit]", or set {} = None.'


@register
def check_request_rate(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that requests can be counted, if they are limited."""
    if settings.REQUEST_RATE is None or find_spec("django_ratelimit") is not None:
        return []
    return [
        Error(
            f"{Settings.REQUEST_RATE.name} is set, and django-ratelimit, which counts requests for "
            "it, is not installed.",
            hint=INSTALL.format(Settings.REQUEST_RATE.name),
            id=CheckId.UNCOUNTABLE_REQUESTS,
        )
    ]


@register(Tags.security, deploy=True)
def check_failed_authentications(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that failed authentications can be counted, in production."""
    is_limited = settings.FAILED_AUTHENTICATION_RATE is not None
    if not is_limited or find_spec("django_ratelimit") is not None:
        return []
    return [
        Warning(
            "Nothing limits requests with bad credentials: django-ratelimit, which counts them, "
            "is not installed.",
            hint=INSTALL.format(Settings.FAILED_AUTHENTICATION_RATE.name),
            id=CheckId.UNCOUNTABLE_FAILURES,
        )
    ]
