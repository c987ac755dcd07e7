"""Cursors of lists: opaque to clients, they hold the name that a page follows."""

from base64 import b64decode, urlsafe_b64encode

from django_mcp.protocol.errors import invalid_cursor


def encode_cursor(name: str) -> str:
    """Return the cursor of the page that follows this name."""
    return urlsafe_b64encode(name.encode("ascii")).decode("ascii")


def decode_cursor(cursor: str) -> str:
    """Return the name that a page follows. Raises `MCPError` for what is no cursor of ours."""
    # Characters of the other alphabet, which Python 3.15 still decodes, with a warning.
    if "+" in cursor or "/" in cursor:
        raise invalid_cursor()
    try:
        return b64decode(cursor, altchars=b"-_", validate=True).decode("ascii")
    except ValueError:
        raise invalid_cursor() from None
