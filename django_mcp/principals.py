"""Who calls, and where."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured

from django_mcp.conf import settings

if TYPE_CHECKING:  # models cannot be imported where the facade is
    from django.contrib.auth.base_user import AbstractBaseUser

DEVELOPMENT_URL = "http://localhost:8000/mcp"
PRINTABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One mounted MCP endpoint. `url` is its canonical URI (RFC 8707), without a trailing slash."""

    name: str = "default"
    url: str
    groups: frozenset[str] | None = None

    @classmethod
    def from_settings(cls) -> Self:
        """The endpoint that `DJANGO_MCP_URL` describes; localhost under DEBUG when it is unset.

        Raises `ImproperlyConfigured` for anything but an http(s) URL with a host and a path.
        """
        url = str(settings.URL or (DEVELOPMENT_URL if django_settings.DEBUG else ""))
        if not url:
            raise ImproperlyConfigured("Set DJANGO_MCP_URL to the endpoint's public URL.")
        try:
            parts = urlsplit(url)
            is_absolute = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:  # of the port, or of what should be an IPv6 address
            is_absolute = False
        # It stands in HTTP headers, and clients compare it character by character.
        if not is_absolute or not PRINTABLE.fullmatch(url):
            raise ImproperlyConfigured("DJANGO_MCP_URL must be an absolute http(s) URL in ASCII.")
        is_plain = not (parts.query or parts.fragment or parts.username or "%" in parts.path)
        if parts.path in ("", "/") or not is_plain:
            raise ImproperlyConfigured(
                "DJANGO_MCP_URL must have a plain path such as /mcp; no query, fragment or user."
            )
        return cls(url=url.rstrip("/"))

    @property
    def path(self) -> str:
        """The URL's path, such as `/mcp`."""
        return urlsplit(self.url).path

    @property
    def origin(self) -> str:
        """Scheme and authority, such as `https://shop.example`."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who a request speaks for: what an authenticator vouches for, never the raw credential.

    `user` is None for anonymous callers. `credential` identifies the token without revealing it,
    and `authenticator` is the dotted path of the class that knows it. What stays open for the
    caller ends when the credential `expires`; None for never.

    `grant` identifies the grant that an OAuth token belongs to, which a refresh keeps (RFC 9700,
    section 4.14.2): what stays open goes on with another token of the same grant, and of no other.
    Empty where no token can replace the `credential`, or none is known yet; None where grants are
    not told apart.
    """

    endpoint: Endpoint
    user: "AbstractBaseUser | None" = None
    client_id: str = ""
    client_name: str = ""
    scopes: frozenset[str] = frozenset()
    credential: str = ""
    authenticator: str = ""
    # The same caller, however long it is one, and whatever is known of its grant.
    expires: datetime | None = field(default=None, compare=False)
    grant: str | None = field(default=None, compare=False)

    @property
    def is_anonymous(self) -> bool:
        """Whether the caller speaks for no user; it may still be a known client, with scopes."""
        return self.user is None
