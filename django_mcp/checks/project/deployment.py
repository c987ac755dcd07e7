"""Check of settings that are allowed in development only."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured

from django_mcp.checks.https import https_url, is_unencrypted
from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings
from django_mcp.endpoints import get_endpoints


@register(Tags.security, deploy=True)
def check_deployment(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that callers are authenticated and URLs are encrypted in production."""
    found: list[CheckMessage] = []
    if settings.ALLOW_ANONYMOUS:
        found.append(
            Warning(
                "Anonymous callers may use everything that asks for no scope or user.",
                hint=f"Set {Settings.ALLOW_ANONYMOUS.name} to False.",
                id=CheckId.ANONYMOUS_CALLERS,
            )
        )
    found += [
        Warning(
            "The endpoint's URL is not https: tokens travel unencrypted.",
            hint="Let the server or proxy of the site answer by https, and set "
            f'{Settings.URL.name} = "{https_url(url)}".',
            id=CheckId.UNENCRYPTED_URL,
        )
        for url in _unencrypted_urls()
    ]
    return found


def _unencrypted_urls() -> list[str]:
    try:
        return [each.url for each in get_endpoints() if is_unencrypted(each.url)]
    except ImproperlyConfigured:
        return []  # check_endpoint tells
