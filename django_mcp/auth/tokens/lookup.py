"""Lookup of access tokens: one prepared statement for each request with a bearer token."""

from hashlib import sha256
from typing import Any

from oauth2_provider.models import get_access_token_model

from django_mcp.db.statements import PreparedLookup

_tokens_by_checksum: PreparedLookup[Any] = PreparedLookup(
    lambda checksum: (
        get_access_token_model()
        .objects.select_related("application", "user")
        .filter(token_checksum=checksum)
        .order_by("pk")[:1]
    )
)


def find_token(token: str) -> Any:
    """Return the access token with its application and user; None for an unknown one."""
    return _tokens_by_checksum.first(sha256(token.encode()).hexdigest())
