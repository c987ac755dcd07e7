"""Authentication of the requests of views where django-oauth-toolkit is installed."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from oauth2_provider.models import get_application_model
from oauth2_provider.scopes import get_scopes_backend

from django_mcp.contrib.drf.calls.authentication import PrincipalAuthentication, PrincipalToken


class OAuthPrincipalToken(PrincipalToken):
    """As `PrincipalToken`, with the application and the descriptions of scopes."""

    @cached_property
    def application(self) -> Any:
        """The application that calls, looked up when it is asked for; None for none."""
        if not self.client_id:
            return None
        return get_application_model().objects.filter(client_id=self.client_id).first()

    @property
    def scopes(self) -> Mapping[str, str]:
        """The scopes of the token that the site knows, each with its description."""
        known = get_scopes_backend().get_all_scopes()
        return {name: known[name] for name in self.scope.split() if name in known}


class OAuthPrincipalAuthentication(PrincipalAuthentication, OAuth2Authentication):
    """As `PrincipalAuthentication`, for permission classes that ask whether a token was used."""

    token_class = OAuthPrincipalToken
