"""Streaming capability of the server: event streams, or each answer in one piece."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings as django_settings

from django_mcp.conf import settings

STREAMS_KEY = "django_mcp.streams"
"""Key of the ASGI scope for the capability; without it, a server streams."""


def takes_streams(scope: Mapping[str, Any]) -> bool:
    """Return whether the server of a request may be sent an answer piece by piece."""
    return bool(scope.get(STREAMS_KEY, True))


def wsgi_takes_streams() -> bool:
    """Return whether WSGI servers do: `DJANGO_MCP_WSGI_STREAMS`, or DEBUG where that is unset."""
    configured = settings.WSGI_STREAMS
    return bool(django_settings.DEBUG) if configured is None else configured
