"""Secret arguments at rest: encrypted under keys that follow from the project's own.

Fernet of the `cryptography` package, which the MCP SDK brings along: Django signs, but does not
encrypt. Whoever can read the table alone learns nothing, and a rotated SECRET_KEY still opens what
was sealed before as long as it stands in SECRET_KEY_FALLBACKS.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac

from django_mcp.exceptions import DjangoMCPError

PURPOSE = "django_mcp.execution.sealing"


class UnreadableSecretsError(DjangoMCPError):
    """Sealed under a key that is neither SECRET_KEY nor one of its fallbacks, or tampered with."""


def seal(values: Mapping[str, Any]) -> str:
    """Encrypt a JSON object; the empty one is the empty string."""
    if not values:
        return ""
    return _keys().encrypt(json.dumps(values).encode()).decode("ascii")


def unseal(sealed: str) -> dict[str, Any]:
    """What was sealed. Raises `UnreadableSecretsError`."""
    if not sealed:
        return {}
    try:
        values: dict[str, Any] = json.loads(_keys().decrypt(sealed.encode("ascii")))
    except InvalidToken as error:
        raise UnreadableSecretsError from error
    return values


def _keys() -> MultiFernet:
    return MultiFernet(
        [Fernet(_key(secret)) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    )


def _key(secret: str | bytes) -> bytes:
    derived = salted_hmac(PURPOSE, "key", secret=secret, algorithm="sha256").digest()
    return urlsafe_b64encode(derived)
