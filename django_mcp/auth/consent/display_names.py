"""Names of the site and its endpoints on pages for users."""

from django_mcp.conf import settings
from django_mcp.endpoints import Endpoint, get_endpoints


def site_name() -> str:
    """Return the title or name of the server in the settings, else the default endpoint's host."""
    return settings.SERVER_TITLE or settings.SERVER_NAME or get_endpoints().default.host


def service_name(endpoint: Endpoint) -> str:
    """Return the endpoint's own title or name, else that of the settings, else its address."""
    own = endpoint.title or endpoint.server_name
    return own or settings.SERVER_TITLE or settings.SERVER_NAME or service_address(endpoint)


def service_address(endpoint: Endpoint) -> str:
    """Return the endpoint's host, with the path if the site has several endpoints."""
    return endpoint.host if len(get_endpoints()) == 1 else f"{endpoint.host}{endpoint.path}"
