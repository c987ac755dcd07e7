"""What a token is to be good for (RFC 8707)."""

from urllib.parse import urlsplit

from django_mcp.principals import Endpoint


def is_endpoint(resource: str) -> bool:
    """Whether a resource that somebody names is the endpoint.

    Scheme and host are written in any case, and clients add a slash.
    """
    return _canonical(resource) == _canonical(Endpoint.from_settings().url)


def _canonical(uri: str) -> str:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return uri
    lowered = parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower())
    return lowered.geturl().rstrip("/")
