"""What an authenticator is, and which ones the project has chosen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, Protocol, runtime_checkable

from django.http import HttpRequest
from django.http.request import HttpHeaders
from django.utils.module_loading import import_string

from django_mcp.conf import settings
from django_mcp.exceptions import InvalidCredentialsError
from django_mcp.principals import Endpoint, Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What a refused caller should be told: the error of RFC 6750, and the scopes to ask for."""

    error: Literal["", "invalid_token", "insufficient_scope"] = ""
    scopes: frozenset[str] = frozenset()


class Authenticator(Protocol):
    """Turns the headers of a request into a principal. Made once per process, without arguments.

    It may say in an attribute `credential_headers` which headers its credentials stand in, in lower
    case: then it is not asked about requests without any of them, which are served faster.
    """

    def authenticate(self, headers: Mapping[str, str], endpoint: Endpoint) -> Principal | None:
        """Return who calls, or None when the headers hold no credentials of this kind.

        `headers` are case-insensitive. Runs in a thread and may query. Raises
        `InvalidCredentialsError` for credentials that are not, or no longer, good.
        """

    def challenge(self, challenge: Challenge, endpoint: Endpoint) -> str:
        """A value for `WWW-Authenticate` that tells how to get in; empty for none."""


@runtime_checkable
class RenewingAuthenticator(Authenticator, Protocol):
    """An authenticator that can tell later whether what it once vouched for still holds."""

    def renew(self, principal: Principal) -> Principal:
        """Return a principal of its own as it stands now.

        Called before a background tool runs for it, and while a request of its stays open: before
        anything is told, and now and then in silence. The user has been read again by then, and is
        active. Runs in a thread and may query. Raises `InvalidCredentialsError` when the credential
        has been withdrawn. That it has merely expired is no reason: `expires` of the principal says
        so, which ends what is open and leaves a background tool to run.
        """


def authenticators() -> Sequence[Authenticator]:
    """One instance of each class in `DJANGO_MCP_AUTHENTICATORS`, in order."""
    return _instances(tuple(settings.AUTHENTICATORS))


@cache
def _instances(paths: tuple[str, ...]) -> tuple[Authenticator, ...]:
    return tuple(import_string(path)() for path in paths)


def has_credentials(request: HttpRequest) -> bool:
    """Whether an authenticator has to be asked about this request."""
    places = _places(tuple(settings.AUTHENTICATORS))
    return places is None or not places.isdisjoint(request.META)


@cache
def _places(paths: tuple[str, ...]) -> frozenset[str] | None:
    """Where credentials may stand, by their names in `META`; None for anywhere."""
    headers = {"authorization"}
    for authenticator in _instances(paths):
        names = _credential_headers(authenticator)
        if names is None:
            return None
        headers.update(names)
    return frozenset(map(HttpHeaders.to_wsgi_name, headers))


def _credential_headers(authenticator: Authenticator) -> Iterable[str] | None:
    names: Iterable[str] | None = getattr(authenticator, "credential_headers", None)
    return names


def authenticate(headers: Mapping[str, str], endpoint: Endpoint) -> Principal | None:
    """Ask each authenticator; the first that knows the credentials decides.

    None when there are no credentials at all; `InvalidCredentialsError` when there are bad ones.
    """
    for authenticator in authenticators():
        if not _may_know(authenticator, headers):
            continue
        principal = authenticator.authenticate(headers, endpoint)
        if principal is not None:
            return replace(principal, authenticator=_path(type(authenticator)))
    if "authorization" in headers:
        # Credentials that nobody knows are bad ones, even where anonymous callers are welcome.
        raise InvalidCredentialsError
    return None


def _may_know(authenticator: Authenticator, headers: Mapping[str, str]) -> bool:
    names = _credential_headers(authenticator)
    return names is None or any(name in headers for name in names)


def renew(principal: Principal) -> Principal:
    """Ask the authenticator that vouched for a principal whether it still does.

    One that does not implement `renew` is not asked. Raises `InvalidCredentialsError` when it does
    not, or is none of the project's any more.
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
    """The `WWW-Authenticate` values of all authenticators."""
    values = [each.challenge(challenge, endpoint) for each in authenticators()]
    return [value for value in values if value]
