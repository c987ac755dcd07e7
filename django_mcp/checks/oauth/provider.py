"""Checks of django-oauth-toolkit, where it issues the tokens."""

from collections.abc import Callable, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch, reverse

from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings

OAUTH_AUTHENTICATOR = "django_mcp.auth.oauth.authenticator.OAuthAuthenticator"


@register(Tags.security)
def check_oauth(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that OAuth works for clients, and dynamic registration is limited."""
    if not _issues_tokens():
        return []
    from django_mcp.checks.oauth.client_registration import registration_problems
    from django_mcp.checks.oauth.cookie_paths import cookie_problems
    from django_mcp.checks.oauth.grants import grant_problems
    from django_mcp.checks.oauth.routes import route_problems
    from django_mcp.checks.oauth.scopes import scope_problems

    return _messages(
        lambda: [
            *route_problems(),
            *cookie_problems(),
            *registration_problems(),
            *grant_problems(),
            *scope_problems(),
        ]
    )


@register(Tags.security, deploy=True)
def check_oauth_deployment(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that OAuth is ready for production."""
    if not _issues_tokens():
        return []
    from django_mcp.checks.oauth.deployment import deployment_problems

    return _messages(lambda: list(deployment_problems()))


def _issues_tokens() -> bool:
    """Return whether clients get their tokens from django-oauth-toolkit here."""
    if Settings.AUTHENTICATORS.problem() or OAUTH_AUTHENTICATOR not in settings.AUTHENTICATORS:
        return False
    if not apps.is_installed("oauth2_provider"):
        return False  # check_authentication tells
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return False  # check_endpoint tells
    from django_mcp.auth.oauth.metadata import has_foreign_tokens

    try:
        reverse("oauth2_provider:token")
        return not has_foreign_tokens()
    except (NoReverseMatch, ImproperlyConfigured):
        return False  # check_authentication and check_endpoint tell


def _messages(problems: Callable[[], list[CheckMessage]]) -> list[CheckMessage]:
    try:
        return problems()
    except Exception as error:  # noqa: BLE001  (it may name anything)
        return [
            Error(
                f"OAUTH2_PROVIDER cannot be read: {error}",
                hint="Correct the setting that it names in OAUTH2_PROVIDER, or take it out and "
                "spread **provider_settings(DJANGO_MCP_URL) of django_mcp.oauth_settings.",
                id=CheckId.INVALID_OAUTH2_PROVIDER,
            )
        ]
