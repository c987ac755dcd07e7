"""What is fine in development and not in production."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured

from django_mcp.checks.encryption import encrypted, is_in_the_clear
from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings
from django_mcp.endpoints import get_endpoints


@register(Tags.security, deploy=True)
def check_deployment(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """What is fine in development and not in production."""
    found: list[CheckMessage] = []
    if settings.ALLOW_ANONYMOUS:
        found.append(
            Warning(
                "Anonymous callers may use every tool that asks for no scope or user.",
                hint=f"Set {Settings.ALLOW_ANONYMOUS.name} to False.",
                id=CheckId.ANONYMOUS_CALLERS,
            )
        )
    found += [
        Warning(
            "The endpoint's URL is not https: tokens travel in the clear.",
            hint="Let the server or proxy of the site answer by https, and set "
            f'{Settings.URL.name} = "{encrypted(url)}".',
            id=CheckId.UNENCRYPTED_URL,
        )
        for url in _urls_in_the_clear()
    ]
    return found


def _urls_in_the_clear() -> list[str]:
    try:
        return [each.url for each in get_endpoints() if is_in_the_clear(each.url)]
    except ImproperlyConfigured:
        return []  # check_endpoint tells
