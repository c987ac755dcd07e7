"""Encryption keys, derived from SECRET_KEY, for data that leaves this process and comes back.

Fernet of the `cryptography` package: Django signs, but does not encrypt. After a rotation, what was
encrypted before still opens as long as the old key stands in SECRET_KEY_FALLBACKS.
"""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


def encryption_keys(purpose: str) -> MultiFernet:
    """Return the keys of one purpose: they decrypt nothing that was encrypted for another."""
    return MultiFernet(
        [
            Fernet(_key(purpose, secret))
            for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        ]
    )


def _key(purpose: str, secret: str | bytes) -> bytes:
    derived = salted_hmac(purpose, "key", secret=secret, algorithm="sha256").digest()
    return urlsafe_b64encode(derived)
