"""OAuth2 validator that binds self-registered clients to one endpoint."""

import re
from typing import Any

from oauth2_provider.cimd import is_cimd_client_id
from oauth2_provider.scopes import get_scopes_backend
from oauth2_provider.settings import oauth2_settings
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749 import errors
from typing_extensions import override

from django_mcp.auth.clients import redirect_uris
from django_mcp.auth.clients.applications import is_document_url, is_self_registered
from django_mcp.auth.clients.approval import refusal_of
from django_mcp.auth.clients.documents.applications import fetch_application, find_application
from django_mcp.auth.clients.registration.duplicates import hand_over_code
from django_mcp.auth.clients.secrets import is_correct, sent_from
from django_mcp.auth.oauth.replays import Grant, ReplayValidator
from django_mcp.auth.oauth.resource_indicators import (
    invalid_target,
    names_resource,
    requested_endpoint,
    single_endpoint,
)
from django_mcp.auth.tokens.lookup import find_token
from django_mcp.endpoints import Endpoint
from django_mcp.models import ClientRegistration
from django_mcp.policy.login_scopes import offered_scopes

GRANT_TYPES = ("authorization_code", "refresh_token")
MAX_CHARACTERS = {"code_challenge": 128, "nonce": 255}
"""Column sizes of django-oauth-toolkit; it would fail after the consent of the user."""

VISITOR = "DJANGO_MCP_VISITOR"
"""Key in the headers that marks a request of a visitor who has not signed in."""

# What SHA-256 makes of a verifier, in base64 (RFC 7636, section 4.2).
CODE_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class EndpointValidator(ReplayValidator):
    """OAuth2 validator that binds self-registered applications to an endpoint.

    They get codes and refresh tokens, for declared scopes, bound to the endpoint's URL; their
    redirect URIs are limited by `django_mcp.auth.clients.redirect_uris`. Blocked applications get
    nothing, and where `DJANGO_MCP_REQUIRE_APPROVED_CLIENTS` is true, neither do those that are not
    approved. The host's own are validated as django-oauth-toolkit does.
    """

    # The client

    def _load_application(self, client_id: str, request: Request) -> Any:
        if client_id and "\x00" in client_id:
            return None  # PostgreSQL knows no such text
        known = request.client
        if (
            oauth2_settings.CIMD_ENABLED
            and is_cimd_client_id(client_id)
            and getattr(known, "client_id", None) != client_id
        ):
            request.client = find_application(client_id, request)
            if request.client is None or not request.client.is_usable(request):
                request.client = None
                return None
        application = super()._load_application(client_id, request)
        if application in (None, known) or not is_self_registered(application):
            return application
        source = application.registration_source
        if source in ClientRegistration.Source.values:
            # Without a row, it came by the toolkit alone, from an address that is not on record.
            ClientRegistration.objects.register(
                application.client_id, source=ClientRegistration.Source(source), address=""
            )
        return application

    @override
    def authenticate_client(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """Return whether the secret of the client is correct, within the rate limit."""
        with sent_from(request.headers):
            known: bool = super().authenticate_client(request, *args, **kwargs)
        return known

    def _check_secret(self, provided_secret: str, stored_secret: str) -> bool:
        return is_correct(provided_secret, stored_secret, super()._check_secret)

    @override
    def validate_client_id(
        self, client_id: str, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Return whether the client exists; raise the error of a blocked or unapproved one."""
        if self._load_application(client_id, request) is None and is_visit(request):
            # Nowhere else: without a code that it got here, an application can do nothing.
            request.client = fetch_application(client_id, request)
        is_known: bool = super().validate_client_id(client_id, request, *args, **kwargs)
        if not is_known and not is_document_url(client_id):
            return False
        # Users read the reason why a document may not be fetched.
        self_registered = not is_known or is_self_registered(request.client)
        if refusal := refusal_of(client_id, is_self_registered=self_registered):
            raise refusal(request=request)
        return is_known

    @override
    def validate_grant_type(
        self,
        client_id: str,
        grant_type: str,
        client: Any,
        request: Request,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Return whether the client may use the grant type; refused clients get `invalid_grant`."""
        self_registered = is_self_registered(client)
        if refusal := refusal_of(client.client_id, is_self_registered=self_registered):
            # Not `invalid_client` or `unauthorized_client`: clients that read that forget who they
            # are, and register once more. With this they start a login, which shows the reason.
            raise errors.InvalidGrantError(description=refusal.description, request=request)
        if self_registered and grant_type not in GRANT_TYPES:
            return False
        allowed: bool = super().validate_grant_type(
            client_id, grant_type, client, request, *args, **kwargs
        )
        return allowed

    # The authorization request

    @override
    def validate_response_type(
        self,
        client_id: str,
        response_type: str,
        client: Any,
        request: Request,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Return whether the client may use the response type, and check the request."""
        if is_self_registered(client):
            if response_type != "code":
                return False
            self._check_authorization(request)
        for name, longest in MAX_CHARACTERS.items():
            if len(getattr(request, name) or "") > longest:
                raise errors.InvalidRequestError(
                    description=f"The {name} is too long.", request=request
                )
        allowed: bool = super().validate_response_type(
            client_id, response_type, client, request, *args, **kwargs
        )
        return allowed

    @override
    def is_pkce_required(self, client_id: str, request: Request) -> bool:
        """Return whether PKCE is required: always for self-registered clients."""
        if is_self_registered(request.client):
            return True
        required: bool = super().is_pkce_required(client_id, request)
        return required

    def _check_authorization(self, request: Request) -> None:
        """Raise errors that the toolkit would find only after the consent of the user, or never."""
        requested_endpoint(request)  # raises for other resources
        challenge = request.code_challenge
        if challenge is not None and (
            request.code_challenge_method != "S256" or not CODE_CHALLENGE.fullmatch(challenge)
        ):
            raise errors.InvalidRequestError(
                description="The code challenge must be of the method S256.", request=request
            )

    @override
    def validate_scopes(
        self,
        client_id: str,
        scopes: list[str],
        client: Any,
        request: Request,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Reduce the scopes of a self-registered client to those it can get; False for none."""
        if not is_self_registered(client):
            allowed: bool = super().validate_scopes(
                client_id, scopes, client, request, *args, **kwargs
            )
            return allowed
        available = get_scopes_backend().get_available_scopes(application=client, request=request)
        grantable = offered_scopes([requested_endpoint(request)]).intersection(available)
        # Cut rather than refused (RFC 6749, section 3.3): clients ask for all that some document
        # names, and for `offline_access` besides.
        request.scopes = [scope for scope in dict.fromkeys(scopes) if scope in grantable]
        return bool(request.scopes) or not any(scopes)

    @override
    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Return whether the redirect URI is registered and acceptable."""
        application = request.client
        if not is_self_registered(application):
            allowed: bool = super().validate_redirect_uri(
                client_id, redirect_uri, request, *args, **kwargs
            )
            return allowed
        return redirect_uris.is_acceptable(redirect_uri) and any(
            redirect_uris.matches(redirect_uri, registered)
            for registered in application.redirect_uris.split()
        )

    @override
    def get_default_redirect_uri(
        self, client_id: str, request: Request, *args: Any, **kwargs: Any
    ) -> str:
        """Return the only registered redirect URI; raise an error if it is not acceptable."""
        uri: str = super().get_default_redirect_uri(client_id, request, *args, **kwargs)
        if is_self_registered(request.client) and not redirect_uris.is_acceptable(uri):
            raise errors.MismatchingRedirectURIError(request=request)
        return uri

    # Codes and tokens

    @override
    def validate_code(
        self, client_id: str, code: str, client: Any, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Return whether a code is valid for the client, or for a repeat of its registration."""
        if is_self_registered(client) and "\x00" not in code:
            hand_over_code(code, client)
        is_good: bool = super().validate_code(client_id, code, client, request, *args, **kwargs)
        return is_good

    @override
    def save_authorization_code(
        self, client_id: str, code: dict[str, Any], request: Request, *args: Any, **kwargs: Any
    ) -> None:
        """Store a code that is bound to the requested endpoint."""
        if is_self_registered(request.client):
            request.resource = [requested_endpoint(request).url]
        super().save_authorization_code(client_id, code, request, *args, **kwargs)

    def _check_and_set_request_resource(self, request: Request) -> None:
        if is_self_registered(request.client):
            request.resource = [self._redeemed_endpoint(request).url]
            return
        try:
            super()._check_and_set_request_resource(request)
        except ValueError:  # of what should be an IPv6 address
            raise invalid_target(request=request) from None

    def _redeemed_endpoint(self, request: Request) -> Endpoint:
        """Return the endpoint that the user has allowed; the request may name no other."""
        if request.grant_type == "authorization_code":
            redeemed = Grant.objects.filter(code=request.code, application=request.client).first()
        else:
            redeemed = getattr(request, "refresh_token_instance", None)
        if redeemed is None:
            raise errors.InvalidGrantError(request=request)
        named = requested_endpoint(request) if names_resource(request) else None
        endpoint = single_endpoint(redeemed.resource or ())
        if endpoint is None:  # it is not served any more
            raise errors.InvalidGrantError(request=request)
        if named not in (None, endpoint):
            raise invalid_target(request=request)
        return endpoint

    def _save_bearer_token(
        self, token: dict[str, Any], request: Request, *args: Any, **kwargs: Any
    ) -> None:
        # Before the tokens, as `django_mcp.auth.clients.decisions.block` locks them.
        if not ClientRegistration.objects.use(request.client.client_id):
            raise errors.InvalidGrantError(request=request)
        super()._save_bearer_token(token, request, *args, **kwargs)

    # Bearer tokens

    def _load_access_token(self, token: str) -> Any:
        return find_token(token)

    @override
    def validate_bearer_token(self, token: str, scopes: list[str], request: Request) -> bool:
        """Return whether an access token is valid and not one of a client registration."""
        if not super().validate_bearer_token(token, scopes, request):
            return False
        if oauth2_settings.DCR_REGISTRATION_SCOPE not in request.access_token.scope.split():
            return True
        # It manages a registration (RFC 7592), has no user, and opens no resource.
        request.client = request.user = request.access_token = None
        request.scopes = []
        request.oauth2_error = {"error": "invalid_token"}
        return False


def is_visit(request: Request) -> bool:
    """Return whether an authorization request comes from a user who can see a consent page.

    Not so before the login, or with `prompt=none`, which needs none. Nor is it when a page of
    another site has the browser load it as an image, script or frame (Fetch Metadata).
    """
    is_page = request.headers.get("HTTP_SEC_FETCH_DEST", "document") == "document"
    is_of_user = VISITOR not in request.headers
    return is_of_user and is_page and "none" not in (request.prompt or "").split()
