"""Encrypted cursors of pages, each bound to one call by a digest."""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from cryptography.fernet import InvalidToken

from django_mcp.encryption import encryption_keys
from django_mcp.schemas.models.keyset import Position

PURPOSE = "django_mcp.schemas.pages.cursors"


def binding(**facts: Any) -> str:
    """Return the digest of the facts of a call to which a cursor is bound."""
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def write_cursor(position: Position, *, bound_to: str) -> str:
    """Encrypt a position: clients may not see the columns that rows are ordered by."""
    text = json.dumps([bound_to, position.order, position.values])
    return encryption_keys(PURPOSE).encrypt(text.encode()).decode("ascii")


def read_cursor(cursor: str, *, bound_to: str) -> Position:
    """Return the position in a cursor. Raises `ValueError` for one of another call."""
    # Characters of the other alphabet, which Python 3.15 still decodes, with a warning.
    if "+" in cursor or "/" in cursor:
        raise ValueError("not a cursor of this server")
    # Decoding passes over what stands behind the end, and over bits that do not count.
    if urlsafe_b64encode(urlsafe_b64decode(cursor)).decode("ascii") != cursor:
        raise ValueError("not a cursor of this server")
    try:
        found = json.loads(encryption_keys(PURPOSE).decrypt(cursor.encode()))
    except InvalidToken:
        raise ValueError("not a cursor of this server") from None
    written_for, order, values = found
    if written_for != bound_to:
        raise ValueError("a cursor of another call")
    return Position(order=tuple(order), values=tuple(values))
