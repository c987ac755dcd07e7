"""What programs publish about themselves, in the shapes of the well-known ones.

Each is what its program would publish, without the `client_id`, which is its URL.
"""

from collections.abc import Mapping
from typing import Any

# Redirects to the user's device without a port, which is known only when it runs.
TERMINAL = "https://terminal.example/oauth/client-metadata"
# A site, with a grant that few servers have.
SITE = "https://assistant.example/oauth/mcp-client-metadata"
# Redirects to the device and to a site, and a grant for devices without a browser.
EDITOR = "https://editor.example/oauth/client-metadata.json"
# A site with keys of its own, that can do without them.
CHAT = "https://chat.example/oauth/client.json"

DOCUMENTS: Mapping[str, Mapping[str, Any]] = {
    TERMINAL: {
        "client_name": "Terminal",
        "client_uri": "https://terminal.example",
        "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    },
    SITE: {
        "client_name": "Assistant",
        "client_uri": "https://assistant.example",
        "logo_uri": "https://assistant.example/logo.png",
        "redirect_uris": ["https://assistant.example/api/mcp/auth_callback"],
        "grant_types": [
            "authorization_code",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
        ],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "web",
    },
    EDITOR: {
        "client_name": "Editor",
        "client_uri": "https://editor.example/product",
        "redirect_uris": [
            "http://127.0.0.1:33418/",
            "http://127.0.0.1/",
            "https://editor.example/redirect",
        ],
        "grant_types": [
            "authorization_code",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
    },
    CHAT: {
        "client_name": "Chat",
        "client_uri": "https://chat.example",
        "redirect_uris": [
            "https://chat.example/connector/oauth/k3Jq",
            "https://chat.example/connector_platform_oauth_redirect",
        ],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "none"],
        "token_endpoint_auth_signing_alg": "RS256",
        "jwks_uri": "https://chat.example/oauth/jwks.json",
    },
}
