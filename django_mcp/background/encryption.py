"""Secret arguments at rest: encrypted, so that the table alone tells nothing."""

import json
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import InvalidToken

from django_mcp.encryption import encryption_keys
from django_mcp.exceptions import DjangoMCPError

PURPOSE = "django_mcp.background.encryption"


class UnreadableSecretsError(DjangoMCPError):
    """Sealed under a key that is neither SECRET_KEY nor one of its fallbacks, or tampered with."""


def seal(values: Mapping[str, Any]) -> str:
    """Encrypt a JSON object; the empty one is the empty string."""
    if not values:
        return ""
    return encryption_keys(PURPOSE).encrypt(json.dumps(values).encode()).decode("ascii")


def unseal(sealed: str) -> dict[str, Any]:
    """What was sealed. Raises `UnreadableSecretsError`."""
    if not sealed:
        return {}
    try:
        values: dict[str, Any] = json.loads(
            encryption_keys(PURPOSE).decrypt(sealed.encode("ascii"))
        )
    except InvalidToken as error:
        raise UnreadableSecretsError from error
    return values
