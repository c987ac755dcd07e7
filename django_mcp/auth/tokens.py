"""Tokens for development, issued without a login."""

import datetime
from collections.abc import Iterable

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_application_model
from oauthlib.common import generate_token

from django_mcp.principals import Endpoint


def issue_token(
    *,
    user: AbstractBaseUser,
    scopes: Iterable[str],
    endpoint: Endpoint,
    client: str = "mcp_token",
    expires: datetime.timedelta = datetime.timedelta(hours=1),
) -> str:
    """Issue an access token of `user` for `endpoint`, and return it.

    `client` names the application that it belongs to; one is made if there is none of that name.
    It is a confidential one without redirects, so nothing else can be done with it.
    """
    applications = get_application_model()
    application, _ = applications.objects.get_or_create(
        name=client,
        defaults={
            "client_type": applications.CLIENT_CONFIDENTIAL,
            "authorization_grant_type": applications.GRANT_AUTHORIZATION_CODE,
            "redirect_uris": "https://localhost/",
        },
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
