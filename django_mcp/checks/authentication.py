"""Who may come in, and whether they can."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured

from django_mcp.auth.base import authenticators
from django_mcp.checks.oauth import OAUTH_AUTHENTICATOR
from django_mcp.checks.route_positions import OAUTH, is_included
from django_mcp.conf import Settings, settings
from django_mcp.principals import Endpoint


@register(Tags.security)
def check_authentication(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """The authenticators exist, and the scopes of the tools can be granted."""
    if Settings.AUTHENTICATORS.problem():
        return []  # check_settings tells
    is_oauth = OAUTH_AUTHENTICATOR in settings.AUTHENTICATORS
    if is_oauth and not apps.is_installed("oauth2_provider"):
        return [
            Error(
                "The OAuth authenticator needs django-oauth-toolkit.",
                hint="Install django-mcp-toolkit[oauth] and add 'oauth2_provider' to "
                f"INSTALLED_APPS, or name others in {Settings.AUTHENTICATORS.name}.",
                id="django_mcp.E005",
            )
        ]
    try:
        authenticators()
    except Exception as error:  # noqa: BLE001  (an authenticator may raise anything)
        return [Error(f"An authenticator cannot be made: {error!r}", id="django_mcp.E004")]
    return list(_oauth_problems()) if is_oauth else []


def _oauth_problems() -> Iterator[CheckMessage]:
    from django_mcp.auth.metadata import authorization_servers, has_foreign_tokens
    from django_mcp.auth.scopes import ungrantable_scopes

    try:
        endpoint = Endpoint.from_settings()
    except ImproperlyConfigured:
        return  # check_endpoint tells
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return  # of this, too
    try:
        missing = [] if has_foreign_tokens(endpoint) else ungrantable_scopes()
    except Exception:  # noqa: BLE001
        # check_tools tells of the tools; a scopes backend of the host's may need its tables first.
        missing = []
    if missing:
        yield Warning(
            f"No token of ours can hold these scopes of the tools: {' '.join(missing)}.",
            hint="Spread django_mcp.oauth_settings.provider_settings() into OAUTH2_PROVIDER, or "
            "add them to its SCOPES.",
            id="django_mcp.W004",
        )
    is_ours_to_include = is_included("django_mcp") or settings.OAUTH_PATH is None
    # check_endpoint tells of what is missing as a whole, or out of reach.
    if not authorization_servers(endpoint) and is_ours_to_include and not is_included(OAUTH):
        yield Warning(
            "The URLs of OAuth are not included, and no other authorization server is named: "
            "clients cannot get a token.",
            hint=f'Set {Settings.OAUTH_PATH.name} to "o/", or add path("o/", '
            'include("django_mcp.oauth_urls", namespace="oauth2_provider")), or name the server '
            "in OAUTH2_PROVIDER as OAUTH2_PROTECTED_RESOURCE_AUTHORIZATION_SERVERS.",
            id="django_mcp.W007",
        )
