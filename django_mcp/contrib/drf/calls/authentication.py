"""Authentication of the requests that views are given: by the principal of the call."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from django_mcp.principals import Principal


class PrincipalToken:
    """The caller's token as `request.auth`: scopes, application and expiry, without the credential.

    It answers what permission classes of django-oauth-toolkit ask of an access token.
    """

    def __init__(self, principal: Principal) -> None:
        self._principal = principal

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.client_id or 'no client'}>"

    @property
    def user(self) -> Any:
        """The user whom the caller speaks for; None for an anonymous caller."""
        return self._principal.user

    @property
    def client_id(self) -> str:
        """The client id of the application; empty where none is known."""
        return self._principal.client_id

    @property
    def application(self) -> Any:
        """The application that calls, where django-oauth-toolkit knows it; else None."""
        return None

    @property
    def scope(self) -> str:
        """The scopes of the token, separated by spaces."""
        return " ".join(sorted(self._principal.scopes))

    @property
    def scopes(self) -> Mapping[str, str]:
        """The scopes of the token, each with its description where there is one."""
        return {name: name for name in sorted(self._principal.scopes)}

    @property
    def resource(self) -> list[str]:
        """The resources that the token is for (RFC 8707)."""
        return [self._principal.endpoint.url]

    @property
    def expires(self) -> datetime | None:
        """When the token expires; None for never."""
        return self._principal.expires

    def is_expired(self) -> bool:
        """Return whether the token has expired."""
        return self.expires is not None and timezone.now() >= self.expires

    def allow_scopes(self, scopes: Collection[str]) -> bool:
        """Return whether the token holds all of these scopes."""
        return set(scopes or ()) <= self._principal.scopes

    def is_valid(self, scopes: Collection[str] | None = None) -> bool:
        """Return whether the token has not expired, and holds all of these scopes."""
        return not self.is_expired() and self.allow_scopes(scopes or ())


class PrincipalAuthentication(BaseAuthentication):
    """Authentication by the principal of the call that a request is made for.

    It takes the place of the view's own: the endpoint has authenticated the caller. The project's
    code before the view may put its own in `request.auth`: None is a caller without a token.
    """

    token_class: type[PrincipalToken] = PrincipalToken

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return the user and the token of the caller; None for one without both."""
        principal: Principal = request.mcp.principal
        user = AnonymousUser() if principal.user is None else principal.user
        if request.has_own_auth:
            return user, request.own_auth
        if principal.user is None and not principal.client_id and not principal.scopes:
            return None
        return user, self.token_class(principal)

    def authenticate_header(self, request: Request) -> str:
        """Return a challenge, by which REST framework answers 401 to anonymous callers."""
        return "Bearer"
