"""Problems of codes, tokens and redirect URIs in `OAUTH2_PROVIDER`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Warning
from oauth2_provider.settings import oauth2_settings

from django_mcp.auth.oauth.metadata import issuer
from django_mcp.checks.endpoint.url import is_url_unset
from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings
from django_mcp.endpoints import get_endpoints

EXECUTABLE_SCHEMES = {"javascript", "data", "vbscript", "file", "blob", "about"}
"""Schemes of redirects that a browser runs, or reads, as content of the application."""


def grant_problems() -> Iterator[CheckMessage]:
    """Yield the problems of codes, refresh tokens, redirect URIs and issuer names."""
    yield from _code_problems()
    yield from _refresh_problems()
    yield from _redirect_problems()
    yield from _identity_problems()


def _code_problems() -> Iterator[CheckMessage]:
    is_required = callable(oauth2_settings.PKCE_REQUIRED) or oauth2_settings.PKCE_REQUIRED
    wanted = {
        "PKCE_REQUIRED": is_required,
        "COMPLIANT_BCP_RFC9700_PKCE_METHOD": oauth2_settings.COMPLIANT_BCP_RFC9700_PKCE_METHOD,
    }
    if not all(wanted.values()):
        yield Warning(
            "PKCE with S256 is not required: anyone who intercepts an authorization code can "
            "redeem it.",
            hint=f"{_assignments(wanted)}. PKCE_REQUIRED may be a function of the client id that "
            "spares applications of yours.",
            id=CheckId.OPTIONAL_PKCE,
        )


def _refresh_problems() -> Iterator[CheckMessage]:
    grace = oauth2_settings.REFRESH_TOKEN_GRACE_PERIOD_SECONDS or 0
    if grace and oauth2_settings.COMPLIANT_BCP_RFC9700_TOKEN_STORAGE:
        yield Error(
            "A refresh token that is sent twice within its grace period fails with a server error: "
            "tokens are stored as hashes, and cannot be given out again.",
            hint='Set OAUTH2_PROVIDER["COMPLIANT_BCP_RFC9700_TOKEN_STORAGE"] to False, or '
            '["REFRESH_TOKEN_GRACE_PERIOD_SECONDS"] to 0.',
            id=CheckId.GRACE_PERIOD_OF_HASHED_TOKENS,
        )
    wanted = {
        "ROTATE_REFRESH_TOKEN": oauth2_settings.ROTATE_REFRESH_TOKEN,
        "REFRESH_TOKEN_REUSE_PROTECTION": oauth2_settings.REFRESH_TOKEN_REUSE_PROTECTION,
    }
    if not all(wanted.values()):
        yield Warning(
            "A stolen refresh token stays valid for ever, and its use is not detected.",
            hint=f"{_assignments(wanted)}.",
            id=CheckId.REUSABLE_REFRESH_TOKEN,
        )
    elif not grace and not oauth2_settings.COMPLIANT_BCP_RFC9700_TOKEN_STORAGE:
        yield Warning(
            "A client that sends its refresh token twice at once, as some do, loses its access.",
            hint='Set OAUTH2_PROVIDER["REFRESH_TOKEN_GRACE_PERIOD_SECONDS"] to 60.',
            id=CheckId.MISSING_GRACE_PERIOD,
        )


def _redirect_problems() -> Iterator[CheckMessage]:
    schemes = set(oauth2_settings.ALLOWED_REDIRECT_URI_SCHEMES)
    if executable := sorted(EXECUTABLE_SCHEMES & {scheme.lower() for scheme in schemes}):
        yield Error(
            "Redirects may run code of an application in the browser of a user: "
            f"{', '.join(executable)}.",
            hint='Set OAUTH2_PROVIDER["ALLOWED_REDIRECT_URI_SCHEMES"] to '
            f"{_listed(sorted(s for s in schemes if s.lower() not in EXECUTABLE_SCHEMES))}.",
            id=CheckId.EXECUTABLE_REDIRECT_SCHEME,
        )
    if oauth2_settings.ALLOW_URI_WILDCARDS:
        yield Warning(
            "Authorization codes may be sent to addresses that were not registered exactly.",
            hint='Set OAUTH2_PROVIDER["ALLOW_URI_WILDCARDS"] to False.',
            id=CheckId.WILDCARD_REDIRECT_URI,
        )
    if "http" not in schemes or not oauth2_settings.ALLOW_LOCALHOST_LOOPBACK:
        yield Warning(
            "Programs on the user's own computer, Claude Code among them, cannot connect: they "
            "receive the authorization code at http://localhost on any port.",
            hint=f"{'; '.join(_loopback_steps(schemes))}.",
            id=CheckId.REFUSED_LOOPBACK_REDIRECT,
        )


def _identity_problems() -> Iterator[CheckMessage]:
    endpoint = get_endpoints().default
    named = oauth2_settings.OAUTH2_PROTECTED_RESOURCE_IDENTIFIER
    if named and named.rstrip("/") != endpoint.url:
        if is_url_unset():
            yield Warning(
                f"{Settings.URL.name} is not set: the endpoint is {endpoint.url}, and tokens name "
                f"{named} as their resource.",
                hint=f'Set {Settings.URL.name} = "{named}".',
                id=CheckId.RESOURCE_IDENTIFIER_MISMATCH,
            )
            return
        yield Warning(
            f"Tokens name {named} as their resource, and the endpoint is {endpoint.url}.",
            hint='Set OAUTH2_PROVIDER["OAUTH2_PROTECTED_RESOURCE_IDENTIFIER"] to '
            f'"{endpoint.url}", as provider_settings(DJANGO_MCP_URL) does.',
            id=CheckId.RESOURCE_IDENTIFIER_MISMATCH,
        )
    if oauth2_settings.OIDC_ENABLED and not oauth2_settings.OIDC_ISS_ENDPOINT:
        yield Warning(
            "ID tokens name the host of the request as their issuer, and the metadata that of "
            "DJANGO_MCP_URL.",
            hint=f'Set OAUTH2_PROVIDER["OIDC_ISS_ENDPOINT"] to "{issuer()}".',
            id=CheckId.MISSING_OIDC_ISSUER,
        )


def _assignments(wanted: Mapping[str, Any]) -> str:
    """Return the instruction to set to True what is not."""
    names = [f'OAUTH2_PROVIDER["{name}"]' for name, holds in wanted.items() if not holds]
    return f"Set {' and '.join(names)} to True"


def _loopback_steps(schemes: set[str]) -> Iterator[str]:
    if not oauth2_settings.ALLOW_LOCALHOST_LOOPBACK:
        yield 'Set OAUTH2_PROVIDER["ALLOW_LOCALHOST_LOOPBACK"] to True'
    if "http" not in schemes:
        listed = _listed(sorted({"http", *schemes}))
        yield f'Set OAUTH2_PROVIDER["ALLOWED_REDIRECT_URI_SCHEMES"] to {listed}'


def _listed(names: Sequence[str]) -> str:
    """Return the names as a list literal."""
    return json.dumps(names)
