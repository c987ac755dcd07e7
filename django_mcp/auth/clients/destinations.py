"""Where the answer to an authorization request goes: what a user should know of a redirect URI."""

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Self
from urllib.parse import urlsplit

from django_mcp.auth.clients.display_text import has_other_letters, shown_host, shown_name

AUTHORITY = re.compile(r"[a-z0-9.-]+(:\d+)?", re.ASCII)


class Kind(StrEnum):
    """What receives the answer."""

    SITE = "a site"
    THIS_DEVICE = "any program that listens on this device"
    APP = "an app that opens links of this kind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """What a redirect URI leads to.

    `uri` is all of it. `name` is the host with its port, or the scheme of an app's links. `source`
    is how a Content-Security-Policy spells it.
    """

    kind: Kind
    uri: str
    name: str
    source: str

    @classmethod
    def of(cls, redirect_uri: str) -> Self:
        """Describe a redirect URI that has been validated."""
        parts = urlsplit(redirect_uri)
        if parts.scheme not in ("http", "https"):
            scheme = f"{parts.scheme}:"
            return cls(kind=Kind.APP, uri=redirect_uri, name=shown_name(scheme), source=scheme)
        host = parts.hostname or ""
        address = _address(host)
        shown = f"[{address}]" if isinstance(address, IPv6Address) else shown_host(host)
        authority = f"{shown}:{parts.port}" if parts.port else shown
        is_local = host == "localhost" or host.endswith(".localhost")
        is_loopback = is_local or (address is not None and address.is_loopback)
        # A policy has no spelling for IPv6 addresses.
        source = authority if AUTHORITY.fullmatch(authority) else ""
        return cls(
            kind=Kind.THIS_DEVICE if is_loopback else Kind.SITE,
            uri=redirect_uri,
            name=authority,
            source=f"{parts.scheme}://{source}" if source else f"{parts.scheme}:",
        )

    @property
    def is_site(self) -> bool:
        return self.kind is Kind.SITE

    @property
    def is_this_device(self) -> bool:
        return self.kind is Kind.THIS_DEVICE

    @property
    def has_other_letters(self) -> bool:
        return self.is_site and has_other_letters(self.name.partition(":")[0])


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
