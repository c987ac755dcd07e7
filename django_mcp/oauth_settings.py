"""The `OAUTH2_PROVIDER` settings that an MCP endpoint needs.

Imported from the project's settings module, so it may use the standard library alone: importing
django-oauth-toolkit's own settings there would freeze them before the project's are read.
"""

from typing import Any


def provider_settings(url: str) -> dict[str, Any]:
    """Settings for django-oauth-toolkit that serve the endpoint at `url`; spread, then add yours.

    `OAUTH2_PROVIDER = {**provider_settings(DJANGO_MCP_URL), "SCOPES": {...}}`

    Some change how the host's own applications are served; the reference of settings says which,
    and what to add after the spread where an application relies on the old way.
    """
    return {
        # What applications that registered themselves may do.
        "OAUTH2_VALIDATOR_CLASS": "django_mcp.auth.oauth.validator.EndpointValidator",
        # Applications that nobody here knows introduce themselves: by a document that they publish
        # (CIMD), or by registration (RFC 7591).
        "CIMD_ENABLED": True,
        "CIMD_METADATA_FETCHER": "django_mcp.auth.clients.documents.fetcher.ClientDocumentFetcher",
        "CIMD_REGISTRATION_PERMISSION_CLASSES": [
            "django_mcp.auth.clients.registration.permissions.ClientDocumentPermission"
        ],
        "DCR_ENABLED": True,
        "DCR_REGISTRATION_PERMISSION_CLASSES": [
            "django_mcp.auth.clients.registration.permissions.RegistrationPermission"
        ],
        # By default such tokens last until the year 9999, which no time zone east of Greenwich can
        # show: the admin's list of tokens would fail, and where USE_TZ is off the registration.
        "DCR_REGISTRATION_TOKEN_EXPIRE_SECONDS": 365 * 24 * 3600,
        # The declared scopes join those in SCOPES.
        "SCOPES_BACKEND_CLASS": "django_mcp.auth.oauth.scopes.ToolScopes",
        # RFC 9728: what tokens are for.
        "OAUTH2_PROTECTED_RESOURCE_IDENTIFIER": url.rstrip("/"),
        # Told to clients, which are programs on people's devices and keep no secret.
        "OAUTH2_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED": [
            "none",
            "client_secret_basic",
            "client_secret_post",
        ],
        "OAUTH2_GRANT_TYPES_SUPPORTED": ["authorization_code", "refresh_token"],
        "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
        # Programs wait for the answer on a port that they learn when they start (RFC 8252), and
        # one editor by a scheme of its own.
        "ALLOW_LOCALHOST_LOOPBACK": True,
        "ALLOWED_REDIRECT_URI_SCHEMES": ["http", "https", "cursor"],
        # OAuth 2.1, which MCP follows, and RFC 9700 before it.
        "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
        "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
        "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
        "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
        "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
        # A stolen refresh token ends the whole family once both use it; clients that send theirs
        # twice, because an answer was lost or they are two processes, have a minute.
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 60,
        "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    }
