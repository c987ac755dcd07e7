"""Include at the root of the site: `path("", include("django_mcp.urls"))`."""

from django.apps import apps
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from django_mcp.principals import Endpoint

app_name = "django_mcp"


@csrf_exempt
@login_not_required
def served_by_asgi(request: HttpRequest) -> HttpResponse:
    """Answers at the endpoint's path when requests reach Django instead of the mount."""
    return HttpResponse(
        "The MCP endpoint is served by ASGI. Wrap the application in django_mcp.asgi.mount() and "
        "run, for example: uvicorn project.asgi:application\n",
        status=501,
        content_type="text/plain; charset=utf-8",
    )


def _metadata_patterns(endpoint_path: str) -> list[URLPattern]:
    from django_mcp.auth.metadata import ResourceMetadataView, ServerMetadataView

    resource = ResourceMetadataView.as_view()
    server = ServerMetadataView.as_view()
    # Where clients look, in their order; RFC 9728, section 3.1 and RFC 8414, sections 3 and 5.
    return [
        path(f".well-known/oauth-protected-resource/{endpoint_path}", resource),
        path(".well-known/oauth-protected-resource", resource, name="resource-metadata"),
        path(".well-known/oauth-authorization-server", server, name="server-metadata"),
        path(".well-known/oauth-authorization-server/<path:issuer_path>", server),
        path(".well-known/openid-configuration/<path:issuer_path>", server),
    ]


def _patterns() -> list[URLPattern]:
    try:
        endpoint_path = Endpoint.from_settings().path.strip("/")
    except ImproperlyConfigured:
        return []  # the system check E001 says why, and can do so only if this can be imported
    # Routes begin below the script name, and the endpoint's URL is what clients type.
    script_name = (settings.FORCE_SCRIPT_NAME or "").strip("/")
    route = endpoint_path.removeprefix(f"{script_name}/")
    patterns = [
        path(route, served_by_asgi, name="endpoint"),
        path(f"{route}/", served_by_asgi),
    ]
    if apps.is_installed("oauth2_provider"):
        patterns += _metadata_patterns(endpoint_path)
    return patterns


urlpatterns = _patterns()
