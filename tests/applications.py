"""What applications of django-oauth-toolkit hold, and what they do with it at the server."""

from http import HTTPStatus
from typing import Any

from django.test import Client as Browser
from oauth2_provider.models import (
    get_access_token_model,
    get_application_model,
    get_grant_model,
    get_refresh_token_model,
)

Application = get_application_model()
AccessToken = get_access_token_model()
RefreshToken = get_refresh_token_model()
Grant = get_grant_model()


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
