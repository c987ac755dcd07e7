"""Backoff after failed fetches of metadata documents, in the cache."""

import hashlib
import logging

from django.core.cache import cache
from oauth2_provider.settings import oauth2_settings

from django_mcp.policy.rates import fails_open

logger = logging.getLogger(__name__)


def is_backed_off(client_id: str) -> bool:
    """Return whether a document failed within `CIMD_FAILURE_BACKOFF_SECONDS`.

    All count as failed while the cache cannot be reached, unless `RATELIMIT_FAIL_OPEN` is true: no
    fetch would be bounded any more.
    """
    try:
        return bool(cache.get(_key(client_id)))
    except Exception:  # every cache has its own
        logger.exception("whether %s was fetched in vain is unknown", client_id)
        return not fails_open()


def back_off(client_id: str) -> None:
    """Start the backoff of a document that could not be fetched."""
    try:
        cache.set(_key(client_id), True, oauth2_settings.CIMD_FAILURE_BACKOFF_SECONDS)
    except Exception:
        logger.exception("that %s was fetched in vain could not be noted", client_id)


def _key(client_id: str) -> str:
    # Hashed, as caches bound the length of keys.
    return f"django_mcp.document_backoff.{hashlib.sha256(client_id.encode()).hexdigest()}"
