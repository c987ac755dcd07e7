"""Issuer identification in authorization responses (RFC 9207)."""

from urllib.parse import parse_qsl, urlencode, urlsplit


def with_issuer(redirect_uri: str, issuer: str) -> str:
    """Return the URI with one `iss` (RFC 9207), in the fragment if the response is there."""
    parts = urlsplit(redirect_uri)
    query, fragment = _without_issuer(parts.query), _without_issuer(parts.fragment)
    (fragment if parts.fragment else query).append(("iss", issuer))
    return parts._replace(query=urlencode(query), fragment=urlencode(fragment)).geturl()


def _without_issuer(parameters: str) -> list[tuple[str, str]]:
    # An application may have registered one with its redirect URI.
    pairs = parse_qsl(parameters, keep_blank_values=True)
    return [(name, value) for name, value in pairs if name != "iss"]
