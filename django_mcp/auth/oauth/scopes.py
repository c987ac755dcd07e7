"""Scopes backend for django-oauth-toolkit: those that are declared and those of the host."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.utils.functional import lazy
from oauth2_provider.scopes import BaseScopes
from oauth2_provider.settings import oauth2_settings
from typing_extensions import override

from django_mcp.auth.clients.applications import is_self_registered
from django_mcp.auth.oauth.resource_indicators import requested_endpoint
from django_mcp.endpoints import get_endpoints
from django_mcp.models import ToolGroup
from django_mcp.policy.login_scopes import login_scopes, offered_scopes
from django_mcp.primitives.registry import get_registry


def declared_scopes() -> Mapping[str, str]:
    """Return every declared scope with its description, in alphabetical order.

    The words are those of `OAUTH2_PROVIDER["SCOPES"]`, else the title of the scope's group and its
    name. They are looked up when they are shown: django-oauth-toolkit asks for the scopes with
    every token.
    """
    described: Mapping[str, str] = oauth2_settings.SCOPES
    titles = cache(lambda: dict(ToolGroup.objects.values_list("name", "title")))
    return {
        scope: described.get(scope) or _shown_title(scope, group, titles)
        for scope, group in get_registry().scopes.items()
    }


def _title(scope: str, group: str, titles: Callable[[], Mapping[str, str]]) -> str:
    title = titles().get(group) or readable_name(group)
    return f"{title} ({scope})"  # a group may have several scopes


_shown_title = lazy(_title, str)


def readable_name(name: str) -> str:
    """Return the name of a primitive or group as words."""
    return " ".join(name.replace("_", " ").replace("-", " ").split()).capitalize()


class ToolScopes(BaseScopes):
    """Scopes backend for django-oauth-toolkit: the host's own scopes and declared ones.

    Self-registered applications are offered those alone that open something at the moment.
    """

    @override
    def get_all_scopes(self) -> dict[str, str]:
        """Return all scopes with their descriptions."""
        return {**oauth2_settings.SCOPES, **declared_scopes()}

    @override
    def get_available_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        """Return the scopes that an application can get."""
        if application is not None and is_self_registered(application):
            return sorted(offered_scopes(get_endpoints()))
        return sorted({*oauth2_settings.SCOPES, *get_registry().scopes})

    @override
    def get_default_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        """Return the scopes of a request that names none."""
        if application is not None and is_self_registered(application):
            # As the challenge names them: it may have overlooked that, and wants what they open.
            endpoint = get_endpoints().default if request is None else requested_endpoint(request)
            return sorted(login_scopes(endpoint))
        # The host's defaults: an application of its own that asks for nothing is given nothing.
        return list(oauth2_settings._DEFAULT_SCOPES)


def ungrantable_scopes() -> list[str]:
    """Return the declared scopes that the configured scopes backend does not offer."""
    available = oauth2_settings.SCOPES_BACKEND_CLASS().get_available_scopes()
    return sorted(set(get_registry().scopes) - set(available))
