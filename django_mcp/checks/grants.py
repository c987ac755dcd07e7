"""Codes, tokens and redirects, as `OAUTH2_PROVIDER` has them."""

from collections.abc import Iterator

from django.core.checks import CheckMessage, Error, Warning
from oauth2_provider.settings import oauth2_settings

from django_mcp.auth.metadata import issuer
from django_mcp.principals import Endpoint

RUNNING_SCHEMES = {"javascript", "data", "vbscript", "file", "blob", "about"}
"""Redirects that make a browser run, or read, what the application wrote."""


def grant_problems() -> Iterator[CheckMessage]:
    yield from _code_problems()
    yield from _refresh_problems()
    yield from _redirect_problems()
    yield from _identity_problems()


def _code_problems() -> Iterator[CheckMessage]:
    is_required = callable(oauth2_settings.PKCE_REQUIRED) or oauth2_settings.PKCE_REQUIRED
    if not is_required or not oauth2_settings.COMPLIANT_BCP_RFC9700_PKCE_METHOD:
        yield Warning(
            "Who catches an authorization code can use it: PKCE by S256 is not required.",
            hint='Set OAUTH2_PROVIDER["PKCE_REQUIRED"] and ["COMPLIANT_BCP_RFC9700_PKCE_METHOD"] '
            "to True. PKCE_REQUIRED may be a function of the client id that spares applications "
            "of yours.",
            id="django_mcp.W017",
        )


def _refresh_problems() -> Iterator[CheckMessage]:
    grace = oauth2_settings.REFRESH_TOKEN_GRACE_PERIOD_SECONDS or 0
    is_rotated = oauth2_settings.ROTATE_REFRESH_TOKEN
    is_watched = oauth2_settings.REFRESH_TOKEN_REUSE_PROTECTION
    if grace and oauth2_settings.COMPLIANT_BCP_RFC9700_TOKEN_STORAGE:
        yield Error(
            "A refresh token that is sent twice within its grace period fails with a server error: "
            "tokens are stored as hashes, and cannot be given out again.",
            hint='Set OAUTH2_PROVIDER["COMPLIANT_BCP_RFC9700_TOKEN_STORAGE"] to False, or '
            '["REFRESH_TOKEN_GRACE_PERIOD_SECONDS"] to 0.',
            id="django_mcp.E010",
        )
    if not is_rotated or not is_watched:
        yield Warning(
            "A refresh token that was stolen is good for ever, and nobody notices.",
            hint='Set OAUTH2_PROVIDER["ROTATE_REFRESH_TOKEN"] and '
            '["REFRESH_TOKEN_REUSE_PROTECTION"] to True.',
            id="django_mcp.W018",
        )
    elif not grace and not oauth2_settings.COMPLIANT_BCP_RFC9700_TOKEN_STORAGE:
        yield Warning(
            "A client that sends its refresh token twice at once, as some do, loses its access.",
            hint='Set OAUTH2_PROVIDER["REFRESH_TOKEN_GRACE_PERIOD_SECONDS"] to 60.',
            id="django_mcp.W019",
        )


def _redirect_problems() -> Iterator[CheckMessage]:
    schemes = set(oauth2_settings.ALLOWED_REDIRECT_URI_SCHEMES)
    if running := sorted(RUNNING_SCHEMES & {scheme.lower() for scheme in schemes}):
        yield Error(
            f"Applications may let a browser run what they wrote: {', '.join(running)}.",
            hint='Take that out of OAUTH2_PROVIDER["ALLOWED_REDIRECT_URI_SCHEMES"].',
            id="django_mcp.E013",
        )
    if oauth2_settings.ALLOW_URI_WILDCARDS:
        yield Warning(
            "Authorization codes may be sent to addresses that were not registered exactly.",
            hint='Set OAUTH2_PROVIDER["ALLOW_URI_WILDCARDS"] to False.',
            id="django_mcp.W022",
        )
    if "http" not in schemes or not oauth2_settings.ALLOW_LOCALHOST_LOOPBACK:
        yield Warning(
            "Programs on the user's own computer, Claude Code among them, cannot get in: they "
            "wait for the answer at http://localhost on any port.",
            hint='Set OAUTH2_PROVIDER["ALLOW_LOCALHOST_LOOPBACK"] to True, and add "http" to '
            '["ALLOWED_REDIRECT_URI_SCHEMES"].',
            id="django_mcp.W021",
        )


def _identity_problems() -> Iterator[CheckMessage]:
    endpoint = Endpoint.from_settings()
    named = oauth2_settings.OAUTH2_PROTECTED_RESOURCE_IDENTIFIER
    if named and named.rstrip("/") != endpoint.url:
        yield Warning(
            f"Tokens are said to be for {named}, and the endpoint is {endpoint.url}.",
            hint='Set OAUTH2_PROVIDER["OAUTH2_PROTECTED_RESOURCE_IDENTIFIER"] to that URL.',
            id="django_mcp.W020",
        )
    if oauth2_settings.OIDC_ENABLED and not oauth2_settings.OIDC_ISS_ENDPOINT:
        yield Warning(
            "ID tokens name the host that was asked as their issuer, and the documents the one of "
            "DJANGO_MCP_URL.",
            hint=f'Set OAUTH2_PROVIDER["OIDC_ISS_ENDPOINT"] to "{issuer(endpoint)}".',
            id="django_mcp.W025",
        )
