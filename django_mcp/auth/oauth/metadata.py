"""OAuth metadata documents: protected resource (RFC 9728), authorization server (RFC 8414)."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import NoReverseMatch, reverse
from django.views import View
from oauth2_provider.settings import oauth2_settings
from oauth2_provider.views import (
    ConnectDiscoveryInfoView,
    OAuthProtectedResourceMetadataView,
    OAuthServerMetadataView,
)
from typing_extensions import override

from django_mcp.auth.oauth.cors import with_cors
from django_mcp.endpoints import Endpoint, get_endpoints
from django_mcp.policy.login_scopes import offered_scopes
from django_mcp.primitives.registry import get_registry

INTROSPECTION_METHODS = "introspection_endpoint_auth_methods_supported"
MERGED_FIELDS = (
    "response_types_supported",
    "scopes_supported",
    "token_endpoint_auth_methods_supported",
)
"""Lists that are joined with those of OpenID Connect, but for `offline_access`."""


def issuer() -> str:
    """Return the issuer identifier: the URL where django-oauth-toolkit is included.

    `OIDC_ISS_ENDPOINT` wins where it is set. Empty when the toolkit's URLs are not included.
    """
    if oauth2_settings.OIDC_ISS_ENDPOINT:
        return str(oauth2_settings.OIDC_ISS_ENDPOINT)
    try:
        token_path = reverse("oauth2_provider:token")
    except NoReverseMatch:
        return ""
    return get_endpoints().oauth_origin + token_path.removesuffix("/").rpartition("/")[0]


def authorization_servers() -> list[str]:
    """Return the authorization servers of the resource metadata: those configured, else ours."""
    configured = oauth2_settings.OAUTH2_PROTECTED_RESOURCE_AUTHORIZATION_SERVERS
    own = issuer()
    return list(configured or ([own] if own else []))


def has_foreign_tokens() -> bool:
    """Return whether tokens come from another authorization server than django-oauth-toolkit.

    It does if clients are sent there alone, or tokens are introspected there (RFC 7662).
    """
    own = issuer().rstrip("/")
    servers = {server.rstrip("/") for server in authorization_servers()}
    return bool(servers and own not in servers) or bool(
        oauth2_settings.RESOURCE_SERVER_INTROSPECTION_URL
    )


def published(view: type[View], **options: Any) -> Callable[..., HttpResponseBase]:
    """Return the view of a document, with CORS headers."""
    return with_cors(view.as_view(**options), "GET")


class ResourceMetadataView(OAuthProtectedResourceMetadataView):
    """View of the protected resource metadata (RFC 9728) of the endpoint at a path."""

    endpoint: Endpoint

    @override
    def get(
        self, request: HttpRequest, *args: Any, resource_path: str = "", **kwargs: Any
    ) -> HttpResponse:
        """Return the document of the endpoint at this path, or of the default endpoint."""
        endpoints = get_endpoints()
        named = endpoints.by_path(f"/{resource_path.strip('/')}")
        # The toolkit would describe any resource, also one that does not exist.
        if resource_path and named is None:
            raise Http404
        self.endpoint = named or endpoints.default
        response: HttpResponse = super().get(request, *args, **kwargs)
        return response

    @override
    def get_resource(self, request: HttpRequest) -> str:
        """Return the URL of the endpoint."""
        return self.endpoint.url

    @override
    def get_authorization_servers(self, request: HttpRequest) -> list[str]:
        """Return the issuers of tokens for the endpoint."""
        return authorization_servers()

    @override
    def get_scopes_supported(self) -> list[str]:
        """Return the scopes that open something at the endpoint."""
        return scopes_supported([self.endpoint])


class _CanonicalURLs:
    """Mixin that makes URLs of the toolkit's views with the origin of the issuer."""

    def _get_endpoint_url(
        self, request: HttpRequest, view_name: str, required: bool = False
    ) -> str | None:
        # Behind a proxy the request may know neither scheme nor host.
        try:
            return get_endpoints().oauth_origin + reverse(f"oauth2_provider:{view_name}")
        except NoReverseMatch:
            if required:
                raise
            return None


class ServerMetadataView(_CanonicalURLs, OAuthServerMetadataView):
    """View of the authorization server metadata (RFC 8414) of django-oauth-toolkit."""

    is_below_issuer = False
    """True if its URL is below that of the issuer, instead of ending in the issuer's path."""

    @override
    def get(
        self, request: HttpRequest, *args: Any, issuer_path: str = "", **kwargs: Any
    ) -> HttpResponse:
        """Return the document, or 404 for a path that is not that of the issuer."""
        expected = issuer()
        # The toolkit's own view takes any path for an issuer; a document for one that is not
        # ours would lead clients astray.
        is_ours = self.is_below_issuer or issuer_path.strip("/") == _path_of(expected)
        if not expected or not is_ours:
            raise Http404
        return JsonResponse({**self.get_document(request), "issuer": expected})

    def get_document(self, request: HttpRequest) -> dict[str, Any]:
        """Return the toolkit's document, with the values that are valid for MCP clients."""
        document = {
            **json.loads(super().get(request).content),
            "scopes_supported": scopes_supported(get_endpoints()),
        }
        if "authorization_endpoint" in document:
            # Where "plain" is still accepted, for the host's sake, no new client should choose it.
            document["code_challenge_methods_supported"] = ["S256"]
        if "introspection_endpoint" in document:
            # It is for resource servers, which are known by a secret or a token of their own.
            methods = document[INTROSPECTION_METHODS]
            document[INTROSPECTION_METHODS] = [each for each in methods if each != "none"]
        return document


class _OpenIDDocument(_CanonicalURLs, ConnectDiscoveryInfoView):
    """The toolkit's own document of OpenID Connect."""


class OpenIDMetadataView(ServerMetadataView):
    """View of the OpenID Connect discovery document, which is that of RFC 8414 without OIDC.

    Clients of MCP look here when they do not find the other document.
    """

    @override
    def get_document(self, request: HttpRequest) -> dict[str, Any]:
        """Return the document, with the fields of OpenID Connect where that is enabled."""
        document = super().get_document(request)
        if not oauth2_settings.OIDC_ENABLED:
            return document
        openid = json.loads(_OpenIDDocument().get(request).content)
        # The toolkit names every declared scope, those that open nothing too.
        hidden = get_registry().scopes.keys() - offered_scopes(get_endpoints())
        for name in MERGED_FIELDS:
            known = {*document[name], *hidden, "offline_access"}
            document[name] = document[name] + [each for each in openid[name] if each not in known]
        return {**openid, **document}


def scopes_supported(endpoints: Iterable[Endpoint]) -> list[str]:
    """Return the scopes for a document: those that open something at one of these endpoints."""
    return sorted(offered_scopes(endpoints))


def _path_of(url: str) -> str:
    return url.partition("://")[2].partition("/")[2].strip("/")
