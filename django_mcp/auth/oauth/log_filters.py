"""Log filters: codes and tokens, which the libraries log under DEBUG, are kept out."""

import logging

GRANTS = "oauthlib.oauth2.rfc6749.grant_types"

# By the logger, how the messages begin that hold a secret which somebody could still use.
TELLTALES = {
    "oauth2_provider": ("Success url for the request",),
    f"{GRANTS}.authorization_code": ("Created authorization code grant", "Saving grant"),
    f"{GRANTS}.client_credentials": ("Issuing token",),
    f"{GRANTS}.refresh_token": (
        "Issuing new token",
        "Validating refresh token",
        "Invalid refresh token",
        "Refresh token",
    ),
    f"{GRANTS}.resource_owner_password_credentials": ("Issuing token",),
}


def withhold_secrets() -> None:
    """Drop those messages, wherever the project sends its log. Nothing else is lost with them."""
    for name in TELLTALES:
        logging.getLogger(name).addFilter(_tells_nothing)


def _tells_nothing(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(TELLTALES[record.name])
