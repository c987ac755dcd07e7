"""Check of the authenticators, and of the scopes and URLs that OAuth needs."""

from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured

from django_mcp.auth.authenticators import authenticators
from django_mcp.checks.endpoint.route_positions import OAUTH, is_included
from django_mcp.checks.ids import CheckId
from django_mcp.checks.oauth.provider import OAUTH_AUTHENTICATOR
from django_mcp.conf import Settings, settings
from django_mcp.endpoints import get_endpoints


@register(Tags.security)
def check_authentication(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that the authenticators exist, and the declared scopes can be granted."""
    if Settings.AUTHENTICATORS.problem():
        return []  # check_settings tells
    is_oauth = OAUTH_AUTHENTICATOR in settings.AUTHENTICATORS
    if is_oauth and not apps.is_installed("oauth2_provider"):
        is_there = find_spec("oauth2_provider") is not None
        installation = "" if is_there else 'Run pip install "django-mcp-toolkit[oauth]". '
        return [
            Error(
                "The OAuth authenticator needs django-oauth-toolkit.",
                hint=f'{installation}Add "oauth2_provider" to INSTALLED_APPS, or name other '
                f"authenticators: {Settings.AUTHENTICATORS.name} = [...].",
                id=CheckId.MISSING_OAUTH_TOOLKIT,
            )
        ]
    try:
        authenticators()
    except Exception as error:  # noqa: BLE001  (an authenticator may raise anything)
        return [
            Error(
                f"An authenticator cannot be made: {error!r}",
                hint="Write the dotted paths of classes that exist: "
                f'{Settings.AUTHENTICATORS.name} = ["{OAUTH_AUTHENTICATOR}"], for example.',
                id=CheckId.INVALID_AUTHENTICATOR,
            )
        ]
    return list(_oauth_problems()) if is_oauth else []


def _oauth_problems() -> Iterator[CheckMessage]:
    from django_mcp.auth.oauth.metadata import authorization_servers, has_foreign_tokens
    from django_mcp.auth.oauth.scopes import ungrantable_scopes

    try:
        get_endpoints()
    except ImproperlyConfigured:
        return  # check_endpoint tells
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return  # of this, too
    try:
        missing = [] if has_foreign_tokens() else ungrantable_scopes()
    except Exception:  # noqa: BLE001
        # check_tools tells of it; a scopes backend of the host's may need its tables first.
        missing = []
    if missing:
        yield Warning(
            f"No token can be granted these declared scopes: {' '.join(missing)}.",
            hint='Set OAUTH2_PROVIDER["SCOPES_BACKEND_CLASS"] to '
            '"django_mcp.auth.oauth.scopes.ToolScopes", as provider_settings() of '
            "django_mcp.oauth_settings does unless a line after it sets another, or add to "
            f'OAUTH2_PROVIDER["SCOPES"]: {", ".join(_described(missing))}.',
            id=CheckId.UNGRANTABLE_SCOPE,
        )
    is_ours_to_include = is_included("django_mcp") or settings.OAUTH_PATH is None
    # check_endpoint tells of what is missing as a whole, or out of reach.
    if not authorization_servers() and is_ours_to_include and not is_included(OAUTH):
        yield Warning(
            "The URLs of OAuth are not included, and no other authorization server is named: "
            "clients cannot get a token.",
            hint=f'Set {Settings.OAUTH_PATH.name} to "o/", or add path("o/", '
            'include("django_mcp.oauth_urls", namespace="oauth2_provider")), or name the server '
            "in OAUTH2_PROVIDER as OAUTH2_PROTECTED_RESOURCE_AUTHORIZATION_SERVERS.",
            id=CheckId.MISSING_OAUTH_URLS,
        )


def _described(scopes: Iterable[str]) -> Iterator[str]:
    for scope in scopes:
        yield f'"{scope}": "Description for users"'
