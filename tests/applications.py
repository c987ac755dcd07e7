"""Applications of django-oauth-toolkit, and what they hold."""

import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from oauth2_provider.models import (
    get_access_token_model,
    get_application_model,
    get_grant_model,
    get_refresh_token_model,
)
from oauthlib.common import generate_token

from django_mcp import Endpoint
from django_mcp.models import ClientRegistration

Application = get_application_model()
AccessToken = get_access_token_model()
RefreshToken = get_refresh_token_model()
Grant = get_grant_model()

DAY = datetime.timedelta(days=1)


def registered(
    name: str = "Desk",
    *,
    source: str = "dcr",
    ago: datetime.timedelta = DAY,
    client_id: str = "",
    **facts: Any,
) -> Any:
    """An application that registered itself so long ago, with its row."""
    known = {"client_id": client_id} if client_id else {}
    application = by_hand(name, registration_source=source, ago=ago, **known)
    ClientRegistration.objects.create(
        client_id=application.client_id,
        source=source,
        created=timezone.now() - ago,
        **{"address": "192.0.2.7", **facts},
    )
    return application


def by_hand(name: str, *, ago: datetime.timedelta = DAY, **facts: Any) -> Any:
    """An application that an operator has set up."""
    application = Application.objects.create(
        name=name,
        client_type=Application.CLIENT_PUBLIC,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        redirect_uris="https://desk.example/callback http://127.0.0.1/callback",
        **facts,
    )
    Application.objects.filter(pk=application.pk).update(created=timezone.now() - ago)
    return application


def token(application: Any, user: User | None, *, lives: bool = True, **facts: Any) -> Any:
    """An access token for the endpoint, good for a day or expired since one."""
    facts = {"scope": "shop:read", "resource": [Endpoint.from_settings().url], **facts}
    return AccessToken.objects.create(
        application=application,
        user=user,
        token=generate_token(),
        expires=timezone.now() + (DAY if lives else -DAY),
        **facts,
    )
