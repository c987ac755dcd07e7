"""Redirect URIs of OAuth clients: validation, matching and display."""

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Self
from urllib.parse import urlsplit

from oauth2_provider.settings import oauth2_settings

from django_mcp.auth.clients.addresses import is_literal
from django_mcp.auth.clients.display_text import has_other_letters, shown_host, shown_name

LOOPBACK = ("127.0.0.1", "::1", "localhost")
MAX_URI_CHARACTERS = 1000

# Printable ASCII without the characters that browsers and parsers read differently.
PLAIN = re.compile(r"[!$-;=?-\[\]_a-z~%]+", re.ASCII)
# Without escapes, which browsers read in a host's name, and nothing behind an address.
AUTHORITY = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d*)?", re.IGNORECASE | re.ASCII)
PORT = re.compile(r":\d*\Z", re.ASCII)
CSP_AUTHORITY = re.compile(r"[a-z0-9.-]+(:\d+)?", re.ASCII)


def is_acceptable(uri: str) -> bool:
    """Return whether a self-registered application may have this redirect URI.

    On the web by https, on the user's own machine by http, and in an application by a scheme that
    `ALLOWED_REDIRECT_URI_SCHEMES` names.
    """
    if len(uri) > MAX_URI_CHARACTERS or not PLAIN.fullmatch(uri):
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
    """Return whether it is an address in a spelling that browsers accept and users misread."""
    if not is_literal(host):
        return False
    try:
        ip_address(host)
    except ValueError:
        return True
    return False


def matches(uri: str, registered: str) -> bool:
    """Return whether `uri` equals a registered one, except for the port on loopback.

    A native application listens on whatever port is free (RFC 8252, section 7.3).
    """
    return uri == registered or (is_loopback(uri) and without_port(uri) == without_port(registered))


def without_port(uri: str) -> str:
    """Return the URI without its port if it is on loopback, for comparison."""
    if not is_loopback(uri):
        return uri
    netloc = urlsplit(uri).netloc
    return uri.replace(netloc, PORT.sub("", netloc), 1)


def is_loopback(uri: str) -> bool:
    """Return whether it is an http URL of the user's own machine."""
    parts = urlsplit(uri)
    return parts.scheme == "http" and parts.hostname in LOOPBACK


class DestinationKind(StrEnum):
    """Kind of program that receives the answer at a redirect URI."""

    SITE = "a site"
    THIS_DEVICE = "any program that listens on this device"
    APP = "an app that opens links of this kind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Redirect URI in the form that users read on the consent page.

    `uri` is all of it. `name` is the host with its port, or the scheme of an app's links. `source`
    is how a Content-Security-Policy spells it.
    """

    kind: DestinationKind
    uri: str
    name: str
    source: str

    @classmethod
    def of(cls, redirect_uri: str) -> Self:
        """Return the destination of a redirect URI that has been validated."""
        parts = urlsplit(redirect_uri)
        if parts.scheme not in ("http", "https"):
            scheme = f"{parts.scheme}:"
            return cls(
                kind=DestinationKind.APP, uri=redirect_uri, name=shown_name(scheme), source=scheme
            )
        host = parts.hostname or ""
        address = _address(host)
        shown = f"[{address}]" if isinstance(address, IPv6Address) else shown_host(host)
        authority = f"{shown}:{parts.port}" if parts.port else shown
        is_local = host == "localhost" or host.endswith(".localhost")
        is_loopback = is_local or (address is not None and address.is_loopback)
        # A policy has no spelling for IPv6 addresses.
        source = authority if CSP_AUTHORITY.fullmatch(authority) else ""
        return cls(
            kind=DestinationKind.THIS_DEVICE if is_loopback else DestinationKind.SITE,
            uri=redirect_uri,
            name=authority,
            source=f"{parts.scheme}://{source}" if source else f"{parts.scheme}:",
        )

    @property
    def is_site(self) -> bool:
        """True for a site on the web."""
        return self.kind is DestinationKind.SITE

    @property
    def is_this_device(self) -> bool:
        """True for a program that listens on the user's own device."""
        return self.kind is DestinationKind.THIS_DEVICE

    @property
    def has_other_letters(self) -> bool:
        """True if the host contains encoded letters that may look like others."""
        return self.is_site and has_other_letters(self.name.partition(":")[0])


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
