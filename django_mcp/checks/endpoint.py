"""The endpoint's URL and routes."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch, reverse

from django_mcp.conf import Settings
from django_mcp.principals import Endpoint


@register
def check_endpoint(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The endpoint has a URL, and the site has its routes."""
    try:
        Endpoint.from_settings()
    except ImproperlyConfigured as error:
        return [Error(str(error), hint=Settings.URL.help, id="django_mcp.E001")]
    if not _is_routed("django_mcp:endpoint"):
        return [
            Warning(
                "The URLs of django_mcp are not included.",
                hint='Add path("", include("django_mcp.urls")) to the root URLconf; clients look '
                "there for the metadata of OAuth.",
                id="django_mcp.W005",
            )
        ]
    return []


def _is_routed(name: str) -> bool:
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return False
    try:
        reverse(name)
    except NoReverseMatch:
        return False
    return True
