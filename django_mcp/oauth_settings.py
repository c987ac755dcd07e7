"""The `OAUTH2_PROVIDER` settings that an MCP endpoint needs.

Imported from the project's settings module, so it may use the standard library alone: importing
django-oauth-toolkit's own settings there would freeze them before the project's are read.
"""

from typing import Any


def provider_settings(url: str) -> dict[str, Any]:
    """Settings for django-oauth-toolkit that serve the endpoint at `url`; spread, then add yours.

    `OAUTH2_PROVIDER = {**provider_settings(DJANGO_MCP_URL), "SCOPES": {...}}`

    The scopes of the tools join those in `SCOPES`, and the protected-resource metadata (RFC 9728)
    names the endpoint. Nothing here changes how existing applications of the host are served.
    """
    return {
        "SCOPES_BACKEND_CLASS": "django_mcp.auth.scopes.ToolScopes",
        "OAUTH2_PROTECTED_RESOURCE_IDENTIFIER": url.rstrip("/"),
    }
