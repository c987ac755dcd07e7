"""Authenticators of requests: their protocol, and those of `DJANGO_MCP_AUTHENTICATORS`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, Protocol, runtime_checkable

from django.utils.module_loading import import_string

from django_mcp.conf import settings
from django_mcp.endpoints import Endpoint
from django_mcp.exceptions import InvalidCredentialsError
from django_mcp.peers import Peer
from django_mcp.principals import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """Challenge to a refused caller: the error of RFC 6750, and the scopes to request."""

    error: Literal["", "invalid_token", "insufficient_scope"] = ""
    scopes: frozenset[str] = frozenset()


class Authenticator(Protocol):
    """Protocol of objects that authenticate a peer. One instance per process, without arguments.

    An attribute `credential_headers` may name the headers that hold its credentials, in lower
    case: then it is not called for requests without any of them, which are served faster.
    """

    def authenticate(self, peer: Peer, endpoint: Endpoint) -> Principal | None:
        """Return the principal of the caller; None without credentials of this kind.

        They stand in `peer.headers`. Runs in a thread and may query. Raises
        `InvalidCredentialsError` for credentials that are not, or no longer, good.
        """

    def challenge(self, challenge: Challenge, endpoint: Endpoint) -> str:
        """Return a value for `WWW-Authenticate`; empty for none."""


@runtime_checkable
class RenewingAuthenticator(Authenticator, Protocol):
    """Protocol of authenticators that can check later whether a credential is still valid."""

    def renew(self, principal: Principal) -> Principal:
        """Return a principal that it authenticated, with its current scopes and expiry.

        Called before a background tool runs for the principal, and while one of its requests stays
        open: before each message, and at intervals in between. The user has been read again by
        then, and is active. Runs in a thread and may query. Raises `InvalidCredentialsError` if the
        credential has been revoked. Expiry alone is no reason: `expires` of the principal ends open
        requests, and lets a background tool run.
        """


def authenticators() -> Sequence[Authenticator]:
    """Return one instance of each class in `DJANGO_MCP_AUTHENTICATORS`, in order."""
    return _instances(tuple(settings.AUTHENTICATORS))


@cache
def _instances(paths: tuple[str, ...]) -> tuple[Authenticator, ...]:
    return tuple(import_string(path)() for path in paths)


def has_credentials(peer: Peer) -> bool:
    """Return whether an authenticator has to examine this peer."""
    headers = _all_credential_headers(tuple(settings.AUTHENTICATORS))
    return headers is None or any(name in peer.headers for name in headers)


def credentials_of(peer: Peer) -> list[str]:
    """Return the values of the headers of a request that may hold credentials, by their names."""
    headers = _all_credential_headers(tuple(settings.AUTHENTICATORS))
    if headers is None:  # an authenticator does not say which
        headers = frozenset(name.lower() for name in peer.headers)
    return [f"{name}: {peer.headers.get(name, '')}" for name in sorted(headers)]


@cache
def _all_credential_headers(paths: tuple[str, ...]) -> frozenset[str] | None:
    """Return the headers that may hold credentials; None for any."""
    headers = {"authorization"}
    for authenticator in _instances(paths):
        names = _credential_headers(authenticator)
        if names is None:
            return None
        headers.update(names)
    return frozenset(headers)


def _credential_headers(authenticator: Authenticator) -> Iterable[str] | None:
    names: Iterable[str] | None = getattr(authenticator, "credential_headers", None)
    return names


def authenticate(peer: Peer, endpoint: Endpoint) -> Principal | None:
    """Return the principal of the first authenticator that recognizes the credentials.

    None when there are no credentials at all; `InvalidCredentialsError` when there are bad ones.
    """
    for authenticator in authenticators():
        if not _may_know(authenticator, peer):
            continue
        principal = authenticator.authenticate(peer, endpoint)
        if principal is not None:
            return replace(principal, authenticator=_path(type(authenticator)))
    if "authorization" in peer.headers:
        # Unrecognized credentials are invalid, even where anonymous callers are allowed.
        raise InvalidCredentialsError
    return None


def _may_know(authenticator: Authenticator, peer: Peer) -> bool:
    names = _credential_headers(authenticator)
    return names is None or any(name in peer.headers for name in names)


def renew(principal: Principal) -> Principal:
    """Return a principal as its authenticator sees it now.

    It is unchanged if the authenticator has no `renew`. Raises `InvalidCredentialsError` when the
    credential is invalid, or the authenticator is no longer configured.
    """
    if not principal.authenticator:
        return principal
    known = {_path(type(each)): each for each in authenticators()}
    authenticator = known.get(principal.authenticator)
    if authenticator is None:
        raise InvalidCredentialsError
    if not isinstance(authenticator, RenewingAuthenticator):
        return principal
    return authenticator.renew(principal)


def _path(authenticator: type) -> str:
    return f"{authenticator.__module__}.{authenticator.__qualname__}"


def challenges(challenge: Challenge, endpoint: Endpoint) -> list[str]:
    """Return the `WWW-Authenticate` values of all authenticators."""
    values = [each.challenge(challenge, endpoint) for each in authenticators()]
    return [value for value in values if value]
