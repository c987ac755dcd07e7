"""Include at the root of the site: `path("", include("django_mcp.urls"))`.

It brings two namespaces: `django_mcp`, and `oauth2_provider` at `DJANGO_MCP_OAUTH_PATH`. The other
pages for users are in the folder in which that is.
"""

from collections.abc import Iterator

from django.apps import apps
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import URLPattern, URLResolver, include, path

from django_mcp.conf import Settings, settings
from django_mcp.endpoints import EndpointRegistry, get_endpoints
from django_mcp.transports.http import path_converter
from django_mcp.transports.view import endpoint_view


def _metadata_patterns(endpoints: EndpointRegistry) -> list[URLPattern]:
    from django_mcp.auth.oauth.metadata import (
        OpenIDMetadataView,
        ResourceMetadataView,
        ServerMetadataView,
        published,
    )

    resource = published(ResourceMetadataView)
    server = published(ServerMetadataView)
    # Where clients look, in their order; RFC 9728, section 3.1 and RFC 8414, sections 3 and 5.
    return [
        *(
            path(f".well-known/oauth-protected-resource{endpoint.path}{slash}", resource, named)
            for endpoint in endpoints
            for named in [{"resource_path": endpoint.path}]
            for slash in ("", "/")
        ),
        path(".well-known/oauth-protected-resource", resource, name="resource-metadata"),
        path(".well-known/oauth-authorization-server", server, name="server-metadata"),
        path(".well-known/oauth-authorization-server/<path:issuer_path>", server),
        path(".well-known/openid-configuration/<path:issuer_path>", published(OpenIDMetadataView)),
    ]


def _endpoint_patterns(endpoints: EndpointRegistry) -> Iterator[URLPattern]:
    # Routes begin below the script name, and the endpoint's URL is what clients type.
    script_name = (django_settings.FORCE_SCRIPT_NAME or "").strip("/")
    is_in_folder = False
    for endpoint in endpoints:
        route = endpoint.path.strip("/").removeprefix(f"{script_name}/")
        name = "endpoint" if endpoint is endpoints.default else None
        yield path(route, endpoint_view, name=name)
        yield path(f"{route}/", endpoint_view)
        is_in_folder = is_in_folder or "/" in route
    if is_in_folder:
        yield path(f"<{path_converter.NAME}:path>", endpoint_view)


def _user_patterns() -> list[URLPattern]:
    from django_mcp.auth.connections.views import connected_assistants, disconnect
    from django_mcp.auth.consent.pending.views import pending_assistant

    # Beside OAuth's: the cookies of a site in a folder are sent to both or to neither.
    folder, separator, _ = (_oauth_route() or "").rpartition("/")
    route = f"{folder}{separator}connected-assistants/"
    return [
        path(route, connected_assistants, name="connected-assistants"),
        path(f"{route}disconnect/", disconnect, name="disconnect-assistants"),
        path(f"{route}pending/", pending_assistant, name="pending-assistant"),
    ]


def _oauth_route() -> str | None:
    """Return the path of OAuth, without slashes at its ends; None where it is not served."""
    if settings.OAUTH_PATH is None or Settings.OAUTH_PATH.problem():
        return None  # of the wrong type: the system check E003 tells
    return settings.OAUTH_PATH.strip("/")


def _oauth_patterns() -> list[URLResolver]:
    route = _oauth_route()
    if route is None:
        return []
    from django_mcp.oauth_urls import app_name, protocol_urlpatterns

    return [path(f"{route}/" if route else "", include((protocol_urlpatterns, app_name)))]


def _patterns() -> list[URLPattern | URLResolver]:
    try:
        endpoints = get_endpoints()
    except ImproperlyConfigured:
        return []  # the system check E001 says why, and can do so only if this can be imported
    ours = list(_endpoint_patterns(endpoints))
    if not apps.is_installed("oauth2_provider"):
        return [path("", include((ours, "django_mcp")))]
    ours += [*_metadata_patterns(endpoints), *_user_patterns()]
    return [path("", include((ours, "django_mcp"))), *_oauth_patterns()]


urlpatterns = _patterns()
