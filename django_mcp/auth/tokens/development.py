"""Access tokens for development, issued without a login."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_application_model
from oauthlib.common import generate_token

from django_mcp.endpoints import Endpoint

COMMAND = "mcp_token"
"""Name of the command, and of the default application of its tokens."""
PLACEHOLDER_REDIRECT_URI = "https://localhost/"
"""Redirect URI of the applications of the command, which is never used."""


def is_made_for_tokens(application: Any) -> bool:
    """Return whether an application was created by `issue_token`, and has no other use."""
    return (
        application.registration_source == application.RegistrationSource.MANUAL
        and application.user_id is None
        and application.redirect_uris == PLACEHOLDER_REDIRECT_URI
    )


def issue_token(
    *,
    user: AbstractBaseUser,
    scopes: Iterable[str],
    endpoint: Endpoint,
    client: str = COMMAND,
    expires: datetime.timedelta = datetime.timedelta(hours=1),
) -> str:
    """Issue an access token of `user` for `endpoint`, and return it.

    `client` names the application that it belongs to: the oldest of that name which operators have
    made, so that no other user can delete it and the token with it. One is made if there is none: a
    confidential one without redirects, which has no other use.
    """
    applications = get_application_model()
    # One that registered itself has any name that it likes, and so has one of a user's own, which
    # django-oauth-toolkit's pages let every user make.
    made_by_operators = applications.objects.filter(
        registration_source=applications.RegistrationSource.MANUAL, user=None
    )
    application = made_by_operators.filter(name=client).order_by("pk").first()
    if application is None:
        application = applications.objects.create(
            name=client,
            client_type=applications.CLIENT_CONFIDENTIAL,
            authorization_grant_type=applications.GRANT_AUTHORIZATION_CODE,
            redirect_uris=PLACEHOLDER_REDIRECT_URI,
        )
    token: str = generate_token(48)
    tokens = get_access_token_model()
    tokens.objects.create(
        user=user,
        application=application,
        token=token,
        expires=timezone.now() + expires,
        scope=" ".join(sorted(set(scopes))),
        resource=[endpoint.url],
    )
    return token
