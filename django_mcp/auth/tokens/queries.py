"""Querysets of access tokens and grants that are still valid, and the scopes in them."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from oauth2_provider.models import (
    get_access_token_model,
    get_grant_model,
    get_refresh_token_model,
    refresh_token_expire_timedelta,
)
from oauth2_provider.settings import oauth2_settings

from django_mcp.endpoints import Endpoint


def live_tokens() -> QuerySet[Any]:
    """Return the access tokens that are valid, or that a refresh token can replace.

    Tokens by which clients manage their registration (RFC 7592) are excluded.
    """
    now = timezone.now()
    # From the forward side: a swapped model may have another name for the way back.
    fresh = Exists(
        get_refresh_token_model()._default_manager.filter(access_token=OuterRef("pk"), revoked=None)
    )
    lifetime = refresh_token_expire_timedelta()
    can_be_replaced = Q(fresh) if lifetime is None else Q(fresh, expires__gt=now - lifetime)
    tokens: QuerySet[Any] = get_access_token_model()._default_manager.filter(
        Q(expires__gt=now) | can_be_replaced
    )
    return tokens.exclude(scope=oauth2_settings.DCR_REGISTRATION_SCOPE)


def holds_access(application: Any, user: Any) -> bool:
    """Return whether the application has live tokens of this user."""
    return live_tokens().filter(application=application, user=user).exists()


def granted_scopes(application: Any, user: Any, endpoint: Endpoint) -> frozenset[str]:
    """Return the scopes that the user has granted to the application for the endpoint."""
    tokens = live_tokens().filter(application=application, user=user)
    return frozenset(
        scope
        for scopes, resource in tokens.values_list("scope", "resource")
        if endpoint.is_audience(resource)
        for scope in scopes.split()
    )


def live_codes() -> QuerySet[Any]:
    """Return the authorization codes that can still be redeemed."""
    codes: QuerySet[Any] = get_grant_model()._default_manager.filter(expires__gt=timezone.now())
    return codes
