"""Check of django-cors-headers, whose middleware may answer preflights of our routes."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch, reverse

from django_mcp.auth.oauth.cors import REQUEST_HEADERS as OAUTH_HEADERS
from django_mcp.checks.ids import CheckId
from django_mcp.checks.urlconf import route_of
from django_mcp.endpoints import get_endpoints
from django_mcp.transports.http.request_headers import REQUEST_HEADERS as ENDPOINT_HEADERS

MIDDLEWARE = "corsheaders.middleware.CorsMiddleware"
ALLOWED_BY_DEFAULT = (
    "accept",
    "authorization",
    "content-type",
    "user-agent",
    "x-csrftoken",
    "x-requested-with",
)
"""The default of `CORS_ALLOW_HEADERS` in django-cors-headers 4."""

OAUTH_NAMES = tuple(OAUTH_HEADERS.lower().split(", "))
ENDPOINT = "django_mcp:endpoint"
REQUEST_HEADERS = {
    ENDPOINT: ENDPOINT_HEADERS,
    "django_mcp:resource-metadata": OAUTH_NAMES,
    "django_mcp:server-metadata": OAUTH_NAMES,
    "oauth2_provider:token": OAUTH_NAMES,
    "oauth2_provider:dcr-register": OAUTH_NAMES,
}
"""Headers that clients in browsers send, by the name of the route."""


@register(Tags.security)
def check_cross_origin(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that django-cors-headers allows the headers of MCP clients in browsers."""
    if MIDDLEWARE not in django_settings.MIDDLEWARE:
        return []
    allowed = {name.lower() for name in _allow_headers()}
    lacking = {path: _lacking(names, allowed) for path, names in _matched()}
    missing = sorted({name for names in lacking.values() for name in names})
    if not missing:
        return []
    paths = [path for path, names in lacking.items() if names]
    is_set = hasattr(django_settings, "CORS_ALLOW_HEADERS")
    start = "CORS_ALLOW_HEADERS" if is_set else "default_headers"
    listed = ", ".join(f'"{name}"' for name in missing)
    return [
        Warning(
            f"django-cors-headers answers the preflights of {', '.join(paths)} in the place of "
            f"django_mcp, and CORS_ALLOW_HEADERS lacks {', '.join(missing)}: browsers block "
            "the requests of MCP clients.",
            hint='Set CORS_URLS_REGEX to the paths of your own API, such as r"^/api/", so that '
            "django_mcp answers for its routes; or set "
            f"CORS_ALLOW_HEADERS = [*{start}, {listed}]"
            f"{'' if is_set else ', with default_headers of corsheaders.defaults'}.",
            id=CheckId.MISSING_CORS_HEADER,
        )
    ]


def _allow_headers() -> Sequence[str]:
    names = getattr(django_settings, "CORS_ALLOW_HEADERS", ALLOWED_BY_DEFAULT)
    return [name for name in names if isinstance(name, str)]


def _matched() -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the paths whose preflights the middleware answers, with the headers sent there."""
    pattern = getattr(django_settings, "CORS_URLS_REGEX", r"^.*$")
    for route, names in REQUEST_HEADERS.items():
        # Their own checks tell of these.
        with suppress(NoReverseMatch, ImproperlyConfigured, re.error, TypeError):
            for path in (reverse(route), *_other_endpoints(route)):
                if re.match(pattern, f"/{route_of(path)}"):
                    yield path, names


def _other_endpoints(route: str) -> list[str]:
    """The paths of the endpoints whose routes have no name, beside the one that has."""
    if route != ENDPOINT:
        return []
    endpoints = get_endpoints()
    return [endpoint.path for endpoint in endpoints if endpoint is not endpoints.default]


def _lacking(names: Sequence[str], allowed: set[str]) -> list[str]:
    # To browsers, * stands for every header but this one.
    needed = ["authorization"] if "*" in allowed else names
    return [name for name in needed if name not in allowed]
