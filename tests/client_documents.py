"""What the known assistants publish about themselves, apart from what nobody here reads.

Without the `client_id`, which is the URL of the document.
"""

from collections.abc import Mapping
from typing import Any

CLAUDE_WEB: Mapping[str, Any] = {
    "client_name": "Claude",
    "client_uri": "https://claude.ai",
    "redirect_uris": [
        "https://claude.ai/api/mcp/auth_callback",
        "https://claude.com/api/mcp/auth_callback",
    ],
    "grant_types": [
        "authorization_code",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
}
CLAUDE_CODE: Mapping[str, Any] = {
    "client_name": "Claude Code",
    "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
}
VS_CODE: Mapping[str, Any] = {
    "client_name": "Visual Studio Code",
    "grant_types": [
        "authorization_code",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code",
    ],
    "response_types": ["code"],
    "redirect_uris": [
        "http://127.0.0.1/",
        "http://127.0.0.1:33418/",
        "https://vscode.dev/redirect",
        "https://insiders.vscode.dev/redirect",
    ],
    "token_endpoint_auth_method": "none",
    "application_type": "native",
}
CHATGPT: Mapping[str, Any] = {
    "client_name": "ChatGPT",
    "client_uri": "https://chatgpt.com/",
    "redirect_uris": ["https://chatgpt.com/connector_platform_oauth_redirect"],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "private_key_jwt",
    "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
    "token_endpoint_auth_signing_alg": "RS256",
    "jwks_uri": "https://chatgpt.com/oauth/jwks.json",
}


SITE = "https://claude.ai/oauth/mcp-oauth-client-metadata"
TERMINAL = "https://claude.ai/oauth/claude-code-client-metadata"
EDITOR = "https://vscode.dev/oauth/client-metadata.json"
CHAT = "https://chatgpt.com/oauth/client.json"

PUBLISHED: Mapping[str, Mapping[str, Any]] = {
    SITE: CLAUDE_WEB,
    TERMINAL: CLAUDE_CODE,
    EDITOR: VS_CODE,
    CHAT: CHATGPT,
}
"""The documents by the URLs that the tests give them; nothing is fetched from there."""
