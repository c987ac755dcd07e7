"""Log filters that drop messages with codes and tokens, which libraries log under DEBUG."""

import logging

GRANTS = "oauthlib.oauth2.rfc6749.grant_types"

# Prefixes, by logger, of messages that hold a secret which is still usable.
SECRET_PREFIXES = {
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
    """Install filters that drop messages with secrets, wherever the project sends its log."""
    for name in SECRET_PREFIXES:
        logging.getLogger(name).addFilter(_has_no_secret)


def _has_no_secret(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(SECRET_PREFIXES[record.name])
