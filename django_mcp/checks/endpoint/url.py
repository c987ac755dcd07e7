"""Proposals for a missing `DJANGO_MCP_URL`, from other settings."""

from typing import Any

from django.conf import settings as django_settings

from django_mcp.conf import Settings, settings

IDENTIFIER = "OAUTH2_PROTECTED_RESOURCE_IDENTIFIER"


def is_url_unset() -> bool:
    """Return whether the project leaves the URL to the default, which is none in production."""
    return not Settings.URL.problem() and not settings.URL


def url_of_tokens() -> str:
    """Return the URL that the settings of OAuth name as resource; empty if they name none."""
    provider: Any = getattr(django_settings, "OAUTH2_PROVIDER", None)
    return str(provider.get(IDENTIFIER) or "") if isinstance(provider, dict) else ""


def may_be_url(name: str) -> bool:
    """Return whether the value of a setting that means nothing is likely to be the missing URL."""
    value = getattr(django_settings, name, None)
    return is_url_unset() and isinstance(value, str) and value.startswith(("http://", "https://"))
