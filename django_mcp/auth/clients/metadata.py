"""Client metadata (RFC 7591, section 2): the supported fields, and their validation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django_mcp.auth.clients import redirect_uris as redirects
from django_mcp.auth.clients.display_text import shown_name

MAX_REDIRECT_URIS = 10
MAX_NAME_CHARACTERS = 100


class ClientMetadataError(Exception):
    """Error of invalid client metadata; `error` is the code of RFC 7591, section 3.2.2."""

    def __init__(self, description: str, *, error: str = "invalid_client_metadata") -> None:
        self.error = error
        self.description = description
        super().__init__(description)


def without_empty(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that are neither null nor an empty array, which some clients send."""
    return {name: value for name, value in document.items() if value is not None and value != []}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientMetadata:
    """Validated client metadata: enough for the authorization code grant."""

    name: str
    redirect_uris: Sequence[str]
    auth_method: str

    @classmethod
    def read(
        cls, document: Mapping[str, Any], *, auth_methods: Sequence[str], default_auth_method: str
    ) -> "ClientMetadata":
        """Return the supported part of a document, or raise `ClientMetadataError`.

        Of several grants, response types and methods of authentication those count that are
        offered here. Redirect URIs are validated by `redirects`, not here. Members that are
        null or an empty array count as absent.
        """
        document = without_empty(document)
        if "authorization_code" not in _strings(document, "grant_types", ["authorization_code"]):
            raise ClientMetadataError("grant_types must hold authorization_code")
        if "code" not in _strings(document, "response_types", ["code"]):
            raise ClientMetadataError("response_types must hold code")
        name = document.get("client_name", "")
        if not isinstance(name, str):
            raise ClientMetadataError("client_name must be a string")
        return cls(
            name=shown_name(name, longest=MAX_NAME_CHARACTERS),
            redirect_uris=_redirect_uris(document),
            auth_method=_auth_method(document, auth_methods, default_auth_method),
        )

    def as_registered(self) -> dict[str, Any]:
        """Return the metadata in the form of RFC 7591, which django-oauth-toolkit stores."""
        return {
            "client_name": self.name,
            "redirect_uris": list(self.redirect_uris),
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": self.auth_method,
        }


def _redirect_uris(document: Mapping[str, Any]) -> list[str]:
    uris = list(dict.fromkeys(_strings(document, "redirect_uris", [])))
    if not uris:
        raise ClientMetadataError("redirect_uris must not be empty", error="invalid_redirect_uri")
    if len(uris) > MAX_REDIRECT_URIS:
        raise ClientMetadataError(
            f"redirect_uris must be at most {MAX_REDIRECT_URIS}", error="invalid_redirect_uri"
        )
    return uris


def refuse_bad_redirects(uris: Sequence[str]) -> None:
    """Raise `ClientMetadataError` for the first redirect URI that is not acceptable."""
    for number, uri in enumerate(uris):
        if not redirects.is_acceptable(uri):
            raise ClientMetadataError(
                f"redirect_uris[{number}] must be https, http on the user's own machine, or of a "
                f"scheme that is allowed here, and of {redirects.MAX_URI_CHARACTERS} characters "
                "at most",
                error="invalid_redirect_uri",
            )


def _auth_method(document: Mapping[str, Any], offered: Sequence[str], default: str) -> str:
    """Return the preferred method, else the first offered one that the client supports too.

    There is no standard yet for naming several; ChatGPT does it in the words of RFC 8414.
    """
    preferred = document.get("token_endpoint_auth_method", default)
    if preferred in offered:
        return str(preferred)
    known = _strings(document, "token_endpoint_auth_methods_supported", [])
    for method in offered:
        if method in known:
            return method
    raise ClientMetadataError(f"token_endpoint_auth_method must be one of {', '.join(offered)}")


def _strings(document: Mapping[str, Any], name: str, default: list[str]) -> list[str]:
    value = document.get(name, default)
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ClientMetadataError(f"{name} must be an array of strings")
    return value
