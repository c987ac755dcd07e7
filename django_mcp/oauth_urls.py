"""Include instead of `oauth2_provider.urls`, where and as that was included.

`path("o/", include("django_mcp.oauth_urls", namespace="oauth2_provider"))`

The routes have the names and paths that django-oauth-toolkit gives them. Those that MCP clients
use lead to views of this package, the others to the toolkit's own.
"""

from collections.abc import Callable

from django.http.response import HttpResponseBase
from django.urls import path, re_path
from django.views import View
from oauth2_provider import urls as toolkit

from django_mcp.auth.clients.registration.views import RegistrationManagementView, RegistrationView
from django_mcp.auth.consent.views import AuthorizationView
from django_mcp.auth.oauth.cors import with_cors
from django_mcp.auth.oauth.metadata import (
    OpenIDMetadataView,
    ResourceMetadataView,
    ServerMetadataView,
    published,
)
from django_mcp.auth.oauth.token_views import (
    EndpointDeviceAuthorizationView,
    EndpointIntrospectionView,
    EndpointRevocationView,
    EndpointTokenView,
)
from django_mcp.auth.oauth.transactions import without_transaction

app_name = "oauth2_provider"

OPENID = ("jwks-info", "user-info", "rp-initiated-logout")


def _for_clients(view: type[View]) -> Callable[..., HttpResponseBase]:
    """Wrap a view for every client, scripts included, after its metadata document was fetched."""
    return with_cors(without_transaction(view.as_view()), "POST")


_server = published(ServerMetadataView)
_resource = published(ResourceMetadataView)
_ours = [
    path(
        ".well-known/oauth-authorization-server",
        published(ServerMetadataView, is_below_issuer=True),
        name="oauth-server-metadata",
    ),
    path(
        ".well-known/oauth-authorization-server/<path:issuer_path>",
        _server,
        name="oauth-server-metadata-issuer",
    ),
    re_path(
        r"^\.well-known/openid-configuration/?$",
        published(OpenIDMetadataView, is_below_issuer=True),
        name="oidc-connect-discovery-info",
    ),
    path(".well-known/oauth-protected-resource", _resource, name="oauth-resource-metadata"),
    path(
        ".well-known/oauth-protected-resource/<path:resource_path>",
        _resource,
        name="oauth-resource-metadata-path",
    ),
    path("authorize/", without_transaction(AuthorizationView.as_view()), name="authorize"),
    path("token/", _for_clients(EndpointTokenView), name="token"),
    path("revoke_token/", _for_clients(EndpointRevocationView), name="revoke-token"),
    path(
        "introspect/",
        without_transaction(EndpointIntrospectionView.as_view()),
        name="introspect",
    ),
    path("register/", with_cors(RegistrationView.as_view(), "POST"), name="dcr-register"),
    path(
        "register/<str:client_id>/",
        with_cors(RegistrationManagementView.as_view(), "GET", "PUT", "DELETE"),
        name="dcr-register-management",
    ),
]
_devices = [
    path(
        "device-authorization/",
        without_transaction(EndpointDeviceAuthorizationView.as_view()),
        name="device-authorization",
    ),
]
_names = {pattern.name for pattern in (*_ours, *_devices)}
_theirs = [pattern for pattern in toolkit.urlpatterns if pattern.name not in _names]

protocol_urlpatterns = [
    *_ours,
    *(p for p in _theirs if p.name in OPENID),
]
"""Routes for clients, without the pages on which people manage applications of their own."""

urlpatterns = [*_ours, *_devices, *_theirs]
