"""The metadata documents from which a client learns where to get a token."""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import NoReverseMatch, reverse
from oauth2_provider.settings import oauth2_settings
from oauth2_provider.views import OAuthProtectedResourceMetadataView, OAuthServerMetadataView

from django_mcp.principals import Endpoint
from django_mcp.tools.registry import get_registry


def issuer(endpoint: Endpoint) -> str:
    """The authorization server's identifier: where django-oauth-toolkit is included.

    `OIDC_ISS_ENDPOINT` wins where it is set. Empty when the toolkit's URLs are not included.
    """
    if oauth2_settings.OIDC_ISS_ENDPOINT:
        return str(oauth2_settings.OIDC_ISS_ENDPOINT)
    try:
        token_path = reverse("oauth2_provider:token")
    except NoReverseMatch:
        return ""
    return endpoint.origin + token_path.removesuffix("/").rpartition("/")[0]


def authorization_servers(endpoint: Endpoint) -> list[str]:
    """Where the resource metadata send clients for a token: the servers configured, else ours."""
    configured = oauth2_settings.OAUTH2_PROTECTED_RESOURCE_AUTHORIZATION_SERVERS
    own = issuer(endpoint)
    return list(configured or ([own] if own else []))


def has_foreign_tokens(endpoint: Endpoint) -> bool:
    """Whether another authorization server than django-oauth-toolkit here decides on scopes.

    It is one when clients are sent there alone, or is asked about tokens (RFC 7662).
    """
    own = issuer(endpoint).rstrip("/")
    servers = {server.rstrip("/") for server in authorization_servers(endpoint)}
    return bool(servers and own not in servers) or bool(
        oauth2_settings.RESOURCE_SERVER_INTROSPECTION_URL
    )


class ResourceMetadataView(OAuthProtectedResourceMetadataView):
    """RFC 9728 for the endpoint; every value comes from `DJANGO_MCP_URL` and the tools."""

    def get_resource(self, request: HttpRequest) -> str:
        return Endpoint.from_settings().url

    def get_authorization_servers(self, request: HttpRequest) -> list[str]:
        return authorization_servers(Endpoint.from_settings())

    def get_scopes_supported(self) -> list[str]:
        return list(get_registry().scopes)


class ServerMetadataView(OAuthServerMetadataView):
    """RFC 8414 for django-oauth-toolkit, under the one issuer that the resource metadata names."""

    def get(
        self, request: HttpRequest, *args: Any, issuer_path: str = "", **kwargs: Any
    ) -> HttpResponse:
        expected = issuer(Endpoint.from_settings())
        # The toolkit's own view takes any path for an issuer; a document for one that is not
        # ours would lead clients astray.
        if not expected or issuer_path.strip("/") != _path_of(expected):
            raise Http404
        document = json.loads(super().get(request, *args, **kwargs).content)
        response = JsonResponse({**document, "issuer": expected})
        response["Access-Control-Allow-Origin"] = "*"
        return response

    def _get_endpoint_url(
        self, request: HttpRequest, view_name: str, required: bool = False
    ) -> str | None:
        # Of the canonical origin: behind a proxy the request may know neither scheme nor host.
        try:
            return Endpoint.from_settings().origin + reverse(f"oauth2_provider:{view_name}")
        except NoReverseMatch:
            if required:
                raise
            return None


def _path_of(url: str) -> str:
    return url.partition("://")[2].partition("/")[2].strip("/")
