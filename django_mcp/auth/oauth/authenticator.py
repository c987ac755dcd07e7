"""Authenticator of bearer tokens of django-oauth-toolkit, bound to endpoints by audience."""

from dataclasses import replace

from django.db.models import OuterRef, Subquery
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_refresh_token_model
from oauth2_provider.settings import oauth2_settings
from oauth2_provider.www_authenticate import build_bearer_challenge
from oauthlib.common import Request

from django_mcp.auth.authenticators import Challenge
from django_mcp.endpoints import Endpoint
from django_mcp.exceptions import InvalidCredentialsError
from django_mcp.peers import Peer
from django_mcp.principals import Principal


class OAuthAuthenticator:
    """Authenticator by the configured OAuth2 validator; requires audience and an active user."""

    credential_headers = ("authorization",)

    def authenticate(self, peer: Peer, endpoint: Endpoint) -> Principal | None:
        """Authenticate the token in `Authorization: Bearer`; see `Authenticator.authenticate`."""
        scheme, _, token = peer.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        # With the canonical URI: one rebuilt from the request would be http:// behind a TLS proxy,
        # and no token would ever match.
        request = Request(endpoint.url)
        validator = oauth2_settings.OAUTH2_VALIDATOR_CLASS()
        # Spaces alone may stand before a token (RFC 9110, section 11.4). Python knows more of them.
        if not validator.validate_bearer_token(token.strip(" "), [], request):
            raise InvalidCredentialsError
        granted = request.access_token
        # The validator accepts tokens without an audience for any resource (RFC 8707 leaves that
        # open); MCP authorization wants ours named, exactly.
        if (
            not endpoint.is_audience(granted.resource)
            or request.user is None
            or not request.user.is_active
        ):
            raise InvalidCredentialsError
        application = request.client
        return Principal(
            endpoint=endpoint,
            user=request.user,
            client_id="" if application is None else application.client_id,
            client_name="" if application is None else application.name,
            # Not `granted.scopes`, which leaves out what the scopes backend does not know.
            scopes=frozenset(granted.scope.split()),
            credential=str(granted.pk),
            expires=granted.expires,
            # `renew` reads it, for requests that stay open; here, all would pay for the join.
            grant="",
        )

    def renew(self, principal: Principal) -> Principal:
        """Renew a principal whose application and grant still exist; see `RenewingAuthenticator`.

        The token itself may be gone without a revocation: a refresh replaces it.
        So another token of the same grant does, as far as its scopes reach, and where the grant is
        None, another one of the same user and application. A grant is django-oauth-toolkit's token
        family: a token that has no refresh token belongs to none.
        """
        # In one query: a refresh that comes between two would separate the token from its family.
        refresh_tokens = get_refresh_token_model().objects.filter(access_token=OuterRef("pk"))
        tokens = (
            get_access_token_model()
            .objects.filter(
                user=principal.user,
                # A token may belong to no application.
                application__client_id=principal.client_id or None,
            )
            .annotate(refresh_token_family=Subquery(refresh_tokens.values("token_family")[:1]))
        )
        granted = tokens.filter(pk=principal.credential).first()
        if granted is None:
            successors = tokens.filter(expires__gt=timezone.now())
            if principal.grant == "":
                successors = successors.none()
            elif principal.grant is not None:
                # Several devices of a user may share a client id, each with a login of its own.
                successors = successors.filter(refresh_token_family=principal.grant)
            granted = next(
                (t for t in successors if principal.endpoint.is_audience(t.resource)), None
            )
        if granted is None:
            raise InvalidCredentialsError
        return replace(
            principal,
            scopes=principal.scopes & set(granted.scope.split()),
            credential=str(granted.pk),
            expires=granted.expires,
            grant=str(granted.refresh_token_family or ""),
        )

    def challenge(self, challenge: Challenge, endpoint: Endpoint) -> str:
        """Return a challenge of RFC 6750 with `resource_metadata` (RFC 9728) and `scope`."""
        attributes: dict[str, str] = {}
        if challenge.error:
            attributes["error"] = challenge.error
        if challenge.scopes:
            attributes["scope"] = " ".join(sorted(challenge.scopes))
        value: str = build_bearer_challenge(
            None, attributes, resource_metadata_url=metadata_url(endpoint)
        )
        return value


def metadata_url(endpoint: Endpoint) -> str:
    """Return the URL of the endpoint's protected resource metadata (RFC 9728, section 3.1)."""
    return f"{endpoint.origin}/.well-known/oauth-protected-resource{endpoint.path}"
