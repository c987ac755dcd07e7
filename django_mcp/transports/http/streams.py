"""Whether a server has its answers come as streams of events, or each in one piece."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings as django_settings

from django_mcp.conf import settings

STREAMS_KEY = "django_mcp.streams"
"""The key of an ASGI scope that says so; without it, a server streams."""


def takes_streams(scope: Mapping[str, Any]) -> bool:
    """Return whether the server of a request may be sent an answer piece by piece."""
    return bool(scope.get(STREAMS_KEY, True))


def wsgi_takes_streams() -> bool:
    """Return whether WSGI servers do: `DJANGO_MCP_WSGI_STREAMS`, or DEBUG where that is unset."""
    configured = settings.WSGI_STREAMS
    return bool(django_settings.DEBUG) if configured is None else configured
