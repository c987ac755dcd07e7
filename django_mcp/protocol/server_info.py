"""Identity of the server of an endpoint, as clients are told it."""

from typing import Any
from urllib.parse import urlsplit

import django_mcp
from django_mcp.conf import settings
from django_mcp.endpoints import Endpoint
from django_mcp.protocol.definitions import wire_icons


def server_info(endpoint: Endpoint) -> dict[str, Any]:
    """Return name, title, version, website and icons, by the parameters of the SDK's server."""
    return {
        "name": endpoint.server_name
        or settings.SERVER_NAME
        or urlsplit(endpoint.url).hostname
        or endpoint.name,
        "title": endpoint.title or settings.SERVER_TITLE or None,
        # Clients and the protocol want some version; ours is the best there is.
        "version": settings.SERVER_VERSION or django_mcp.__version__,
        "website_url": endpoint.website or settings.SERVER_WEBSITE or None,
        "icons": wire_icons(endpoint.icons or settings.SERVER_ICONS),
    }
