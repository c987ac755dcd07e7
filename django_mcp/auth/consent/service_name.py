"""The name by which users know the site that the endpoint belongs to."""

from urllib.parse import urlsplit

from django_mcp.conf import settings
from django_mcp.endpoints import Endpoint


def service_name(endpoint: Endpoint) -> str:
    """Return `DJANGO_MCP_SERVER_NAME`, else the endpoint's host."""
    return settings.SERVER_NAME or service_host(endpoint)


def service_host(endpoint: Endpoint) -> str:
    """Return the endpoint's host, with its port where it has one."""
    return urlsplit(endpoint.url).netloc
