"""Encryption of secret arguments and input responses in the rows of tasks."""

import json
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import InvalidToken

from django_mcp.encryption import encryption_keys
from django_mcp.exceptions import DjangoMCPError

PURPOSE = "django_mcp.background.encryption"


class UnreadableSecretsError(DjangoMCPError):
    """Encrypted by a key that is neither SECRET_KEY nor one of its fallbacks, or tampered with."""


def encrypt(values: Mapping[str, Any]) -> str:
    """Encrypt a JSON object; an empty object becomes the empty string."""
    if not values:
        return ""
    return encryption_keys(PURPOSE).encrypt(json.dumps(values).encode()).decode("ascii")


def decrypt(encrypted: str) -> dict[str, Any]:
    """Return the object that `encrypt` was given. Raises `UnreadableSecretsError`."""
    if not encrypted:
        return {}
    try:
        values: dict[str, Any] = json.loads(
            encryption_keys(PURPOSE).decrypt(encrypted.encode("ascii"))
        )
    except InvalidToken as error:
        raise UnreadableSecretsError from error
    return values
