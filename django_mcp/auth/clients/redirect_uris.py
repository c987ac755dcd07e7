"""Where answers to self-registered applications may go."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from oauth2_provider.settings import oauth2_settings

from django_mcp.auth.clients.addresses import is_literal

LOOPBACK = ("127.0.0.1", "::1", "localhost")
MAX_LENGTH = 1000

# Printable ASCII without the characters that browsers and parsers read differently.
PLAIN = re.compile(r"[!$-;=?-\[\]_a-z~%]+", re.ASCII)
# Without escapes, which browsers read in a host's name, and nothing behind an address.
AUTHORITY = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d*)?", re.IGNORECASE | re.ASCII)
PORT = re.compile(r":\d*\Z", re.ASCII)


def is_acceptable(uri: str) -> bool:
    """Whether a self-registered application may be answered there at all.

    On the web by https, on the user's own machine by http, and in an application by a scheme that
    `ALLOWED_REDIRECT_URI_SCHEMES` names.
    """
    if len(uri) > MAX_LENGTH or not PLAIN.fullmatch(uri):
        return False
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:  # of the port, or of what should be an IPv6 address
        return False
    allowed = {scheme.lower() for scheme in oauth2_settings.ALLOWED_REDIRECT_URI_SCHEMES}
    if parts.scheme not in allowed or "@" in parts.netloc or "*" in parts.netloc:
        return False
    if parts.scheme not in ("http", "https"):
        return True
    is_plain = bool(AUTHORITY.fullmatch(parts.netloc)) and not _is_odd_address(host or "")
    return is_plain and (parts.scheme == "https" or host in LOOPBACK)


def _is_odd_address(host: str) -> bool:
    """Whether it is an address in a spelling that browsers take, and nobody would know it by."""
    if not is_literal(host):
        return False
    try:
        ip_address(host)
    except ValueError:
        return True
    return False


def matches(uri: str, registered: str) -> bool:
    """Whether `uri` is a registered one: character by character, but for the port on loopback.

    A native application listens on whatever port is free (RFC 8252, section 7.3).
    """
    return uri == registered or (is_loopback(uri) and without_port(uri) == without_port(registered))


def without_port(uri: str) -> str:
    """The URI as it is compared: a port on loopback is any."""
    if not is_loopback(uri):
        return uri
    netloc = urlsplit(uri).netloc
    return uri.replace(netloc, PORT.sub("", netloc), 1)


def is_loopback(uri: str) -> bool:
    """Whether it leads to the machine of whoever follows it, by http."""
    parts = urlsplit(uri)
    return parts.scheme == "http" and parts.hostname in LOOPBACK
