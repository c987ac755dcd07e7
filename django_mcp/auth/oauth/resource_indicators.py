"""What a token is to be good for (RFC 8707)."""

from typing import Any
from urllib.parse import urlsplit

from oauth2_provider.oauth2_validators import is_valid_resource_uri
from oauthlib.oauth2.rfc6749.errors import CustomOAuth2Error

from django_mcp.endpoints import get_endpoints


def is_endpoint(resource: str) -> bool:
    """Whether a resource that somebody names is the endpoint.

    Scheme and host are written in any case, and clients add a slash.
    """
    return _canonical(resource) == _canonical(get_endpoints().default.url)


def is_resource(resource: str) -> bool:
    """Whether it can name a resource at all, as applications of the host may."""
    try:
        return bool(is_valid_resource_uri(resource))
    except ValueError:  # of what should be an IPv6 address
        return False


def invalid_target(**told: Any) -> CustomOAuth2Error:
    """The refusal of a resource; `told` is the `request` or its `state`."""
    return CustomOAuth2Error(
        error="invalid_target",
        description="This server issues no tokens for that resource.",
        **told,
    )


def _canonical(uri: str) -> str:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return uri
    lowered = parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower())
    return lowered.geturl().rstrip("/")
