"""Replay detection of codes and refresh tokens: stolen, retried, or sent twice at once."""

import hashlib
import uuid
from typing import Any

from django.db import IntegrityError
from oauth2_provider.models import (
    get_access_token_model,
    get_grant_model,
    get_refresh_token_model,
)
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749 import errors
from typing_extensions import override

from django_mcp.auth.clients.applications import is_self_registered

AccessToken = get_access_token_model()
Grant = get_grant_model()
RefreshToken = get_refresh_token_model()

REDEMPTION_GRANTS = ("authorization_code", "refresh_token")

FAMILY_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "token-families.django-mcp-toolkit")


class ReplayValidator(OAuth2Validator):
    """Validator that answers `invalid_grant` to used, revoked or concurrently redeemed grants.

    django-oauth-toolkit fails with an error of its own there, when the second request comes
    between two of its queries, or when it has stored no token that it could hand out again. Of
    self-registered applications, what a replayed code or refresh token brought forth is revoked
    as well (RFC 6749, section 4.1.2; RFC 9700, section 4.14.2).
    """

    @override
    def validate_code(
        self, client_id: str, code: str, client: Any, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Return whether a code is valid; revoke the tokens of a replayed one."""
        if "\x00" in code:
            return False  # PostgreSQL knows no such text
        if super().validate_code(client_id, code, client, request, *args, **kwargs):
            return not is_self_registered(client) or request.user.is_active
        if is_self_registered(client):
            family = family_of(code)
            if RefreshToken.objects.filter(token_family=family, application=client).exists():
                RefreshToken.revoke_family(family)
        return False

    @override
    def get_code_challenge(self, code: str, request: Request) -> Any:
        """Return the code challenge; raise `invalid_grant` if the code is gone."""
        try:
            return super().get_code_challenge(code, request)
        except Grant.DoesNotExist:
            raise errors.InvalidGrantError(request=request) from None

    @override
    def get_code_challenge_method(self, code: str, request: Request) -> Any:
        """Return the method of the code challenge; raise `invalid_grant` if the code is gone."""
        try:
            return super().get_code_challenge_method(code, request)
        except Grant.DoesNotExist:
            raise errors.InvalidGrantError(request=request) from None

    @override
    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Return whether the redirect URI is that of the code; `invalid_grant` if it is gone."""
        try:
            confirmed: bool = super().confirm_redirect_uri(
                client_id, code, redirect_uri, client, *args, **kwargs
            )
        except Grant.DoesNotExist:
            raise errors.InvalidGrantError from None
        return confirmed

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Request, *args: Any, **kwargs: Any
    ) -> None:
        """Do nothing: the code was deleted in the transaction that stored its tokens."""

    @override
    def rotate_refresh_token(self, request: Request) -> bool:
        """Return whether a refresh replaces the refresh token."""
        if is_self_registered(request.client):
            return True  # OAuth 2.1, section 4.3.1, of public clients
        rotates: bool = super().rotate_refresh_token(request)
        return rotates

    @override
    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Return whether a refresh token is valid; revoke the family of a replayed one."""
        if super().validate_refresh_token(refresh_token, client, request, *args, **kwargs):
            return not is_self_registered(client) or request.user.is_active
        if is_self_registered(client):
            # Whether or not REFRESH_TOKEN_REUSE_PROTECTION says so for the host's own.
            replayed = RefreshToken.objects.filter(
                token_checksum=hashlib.sha256(refresh_token.encode()).hexdigest(),
                application=client,
                revoked__isnull=False,
            ).first()
            if replayed is not None:
                RefreshToken.revoke_family(replayed.token_family)
        return False

    @override
    def save_bearer_token(
        self, token: dict[str, Any], request: Request, *args: Any, **kwargs: Any
    ) -> None:
        """Store the tokens; raise `invalid_grant` if the grant is revoked meanwhile."""
        if request.grant_type not in REDEMPTION_GRANTS:
            super().save_bearer_token(token, request, *args, **kwargs)
            return
        try:
            super().save_bearer_token(token, request, *args, **kwargs)
        except (AccessToken.DoesNotExist, RefreshToken.DoesNotExist, IntegrityError) as error:
            # What it was to be redeemed for was withdrawn meanwhile.
            raise errors.InvalidGrantError(request=request) from error

    def _save_bearer_token(
        self, token: dict[str, Any], request: Request, *args: Any, **kwargs: Any
    ) -> None:
        self._hold_refresh_token(request)
        super()._save_bearer_token(token, request, *args, **kwargs)
        if not token["access_token"]:
            # The second request within the grace, where only hashes of the first answer are kept.
            raise errors.InvalidGrantError(request=request)
        if request.grant_type == "authorization_code":
            redeemed = Grant.objects.filter(code=request.code, application=request.client)
            if not redeemed.delete()[0]:
                raise errors.InvalidGrantError(request=request)

    def _hold_refresh_token(self, request: Request) -> None:
        """Lock the refresh token, and check that it can still be redeemed.

        It was looked at before there was a transaction. A refresh token that has been used may
        come again for a while, unless what it was exchanged for is withdrawn.
        """
        seen = getattr(request, "refresh_token_instance", None)
        if not isinstance(seen, RefreshToken):
            return
        held = RefreshToken.objects.select_for_update().get(pk=seen.pk)
        if held.revoked and not AccessToken.objects.filter(source_refresh_token=held).exists():
            raise errors.InvalidGrantError(request=request)

    def _create_refresh_token(
        self, request: Request, refresh_token_code: str, access_token: Any, previous: Any
    ) -> Any:
        refresh_token = super()._create_refresh_token(
            request, refresh_token_code, access_token, previous
        )
        if request.grant_type == "authorization_code" and is_self_registered(request.client):
            refresh_token.token_family = family_of(request.code)
            refresh_token.save(update_fields=["token_family"])
        return refresh_token


def family_of(code: str) -> uuid.UUID:
    """Return the family of the tokens of a code.

    It follows from the code, so that a replayed code is recognised although none is stored.
    """
    return uuid.uuid5(FAMILY_NAMESPACE, code)
