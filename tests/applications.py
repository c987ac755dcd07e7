"""Applications of django-oauth-toolkit, and what they hold."""

import datetime
import uuid
from http import HTTPStatus
from typing import Any

from django.contrib.auth.models import User
from django.test import Client as Browser
from django.utils import timezone
from oauth2_provider.models import (
    get_access_token_model,
    get_application_model,
    get_grant_model,
    get_refresh_token_model,
)
from oauthlib.common import generate_token

from django_mcp.endpoints import get_endpoints
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
    moment = timezone.now() - ago
    Application.objects.filter(pk=application.pk).update(created=moment, updated=moment)
    return application


def token(application: Any, user: User | None, *, lives: bool = True, **facts: Any) -> Any:
    """An access token for the endpoint, good for a day or expired since one."""
    facts = {"scope": "shop:read", "resource": [get_endpoints().default.url], **facts}
    return AccessToken.objects.create(
        application=application,
        user=user,
        token=generate_token(),
        expires=timezone.now() + (DAY if lives else -DAY),
        **facts,
    )


def login(application: Any, user: User, **facts: Any) -> Any:
    """The access token of a login of its own, with the refresh token that replaces it."""
    access = token(application, user, **facts)
    RefreshToken.objects.create(
        user=user,
        application=application,
        access_token=access,
        token=generate_token(),
        token_family=uuid.uuid4(),
        resource=access.resource,
    )
    return access


def refresh(access: Any) -> Any:
    """Exchange the refresh token of an access token at the server; the new access token."""
    held = RefreshToken.objects.get(access_token=access)
    fields = {
        "grant_type": "refresh_token",
        "refresh_token": held.token,
        "client_id": access.application.client_id,
    }
    answer = Browser().post("/o/token/", fields)
    assert answer.status_code == HTTPStatus.OK, answer.content
    return AccessToken.objects.get(source_refresh_token=held)


def revoke(access: Any) -> None:
    """Revoke an access token at the server, as its client may (RFC 7009)."""
    fields = {"token": access.token, "client_id": access.application.client_id}
    answer = Browser().post("/o/revoke_token/", fields)
    assert answer.status_code == HTTPStatus.OK, answer.content
    assert not AccessToken.objects.filter(pk=access.pk).exists()
