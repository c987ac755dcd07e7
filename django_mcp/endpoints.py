"""MCP endpoints of a site, and the registry that finds one by name, path or token audience."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured

from django_mcp.conf import settings
from django_mcp.content import Icon

DEFAULT_NAME = "default"
DEVELOPMENT_URL = "http://localhost:8000/mcp"
PRINTABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Mounted MCP endpoint. `url` is its canonical URI (RFC 8707), without a trailing slash.

    `groups` names the only tool groups that are served there; None serves all.

    The others are what clients show of it, and the instructions that agents read: a text, or the
    name of a template, which counts where both are given. What is left empty is that of the
    settings.
    """

    name: str = "default"
    url: str
    groups: frozenset[str] | None = None
    server_name: str = ""
    title: str = ""
    icons: tuple[Icon, ...] = ()
    website: str = ""
    instructions: str = ""
    instructions_template: str = ""

    @property
    def path(self) -> str:
        """Path of the URL, such as `/mcp`."""
        return urlsplit(self.url).path

    @property
    def origin(self) -> str:
        """Scheme and authority, such as `https://shop.example`."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def host(self) -> str:
        """Host of the URL, with its port where it has one."""
        return urlsplit(self.url).netloc

    def is_audience(self, resource: Iterable[str] | None) -> bool:
        """Return whether a token with this `resource` (RFC 8707) names the endpoint, exactly."""
        return self.url in {audience.rstrip("/") for audience in resource or ()}


@dataclass(frozen=True, kw_only=True)
class EndpointRegistry:
    """Registry of a site's endpoints, one of them named "default". Names and paths are unique."""

    endpoints: tuple[Endpoint, ...]

    def __post_init__(self) -> None:
        for attribute in ("name", "path"):
            values = [getattr(endpoint, attribute) for endpoint in self.endpoints]
            if repeated := sorted({value for value in values if values.count(value) > 1}):
                raise ImproperlyConfigured(
                    f"Two endpoints have the same {attribute}: {', '.join(repeated)}."
                )
        if DEFAULT_NAME not in self._by_name:
            raise ImproperlyConfigured(f"No endpoint is named {DEFAULT_NAME!r}.")

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self.endpoints)

    def __len__(self) -> int:
        return len(self.endpoints)

    @property
    def default(self) -> Endpoint:
        """Endpoint that is meant where none is named."""
        return self._by_name[DEFAULT_NAME]

    @property
    def oauth_origin(self) -> str:
        """Origin of the authorization server: one serves all endpoints, beside the default."""
        return self.default.origin

    def by_name(self, name: str) -> Endpoint | None:
        """Return the endpoint of this name."""
        return self._by_name.get(name)

    def recorded(self, name: str) -> Endpoint:
        """Return the endpoint that a row names; one that serves nothing if it was removed since."""
        return self.by_name(name) or Endpoint(name=name, url="", groups=frozenset())

    def by_path(self, path: str) -> Endpoint | None:
        """Return the endpoint at this path of a URL, with or without a slash at its end."""
        return self._by_path.get(path.removesuffix("/"))

    def by_resource(self, uri: str) -> Endpoint | None:
        """Return the endpoint that a resource indicator (RFC 8707) of a request names.

        Scheme and host are written in any case, and clients add a slash.
        """
        return self._by_canonical_uri.get(_canonical(uri))

    def by_audience(self, resource: Iterable[str] | None) -> tuple[Endpoint, ...]:
        """Return the endpoints that a token with this `resource` is good for."""
        audiences = tuple(resource or ())
        return tuple(endpoint for endpoint in self.endpoints if endpoint.is_audience(audiences))

    @cached_property
    def _by_name(self) -> dict[str, Endpoint]:
        return {endpoint.name: endpoint for endpoint in self.endpoints}

    @cached_property
    def _by_path(self) -> dict[str, Endpoint]:
        return {endpoint.path: endpoint for endpoint in self.endpoints}

    @cached_property
    def _by_canonical_uri(self) -> dict[str, Endpoint]:
        return {_canonical(endpoint.url): endpoint for endpoint in self.endpoints}


_replacement: EndpointRegistry | None = None


def get_endpoints() -> EndpointRegistry:
    """Return the registry of the site's endpoints: the one that `DJANGO_MCP_URL` describes.

    Without it, that is one at localhost under DEBUG. Raises `ImproperlyConfigured` for anything
    but an http(s) URL with a host and a path.
    """
    if _replacement is not None:
        return _replacement
    return _described(str(settings.URL or (DEVELOPMENT_URL if django_settings.DEBUG else "")))


@contextmanager
def using_endpoints(*endpoints: Endpoint) -> Iterator[EndpointRegistry]:
    """Serve these endpoints instead of the project's inside the block: for tests."""
    global _replacement
    before, _replacement = _replacement, EndpointRegistry(endpoints=endpoints)
    try:
        yield _replacement
    finally:
        _replacement = before


@lru_cache(maxsize=8)
def _described(url: str) -> EndpointRegistry:
    """Return the registry of one endpoint, at the value of `DJANGO_MCP_URL`."""
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
    return EndpointRegistry(endpoints=(Endpoint(url=url.rstrip("/")),))


def _canonical(uri: str) -> str:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return uri
    lowered = parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower())
    return lowered.geturl().rstrip("/")
