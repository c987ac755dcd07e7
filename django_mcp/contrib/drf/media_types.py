"""Media types of responses and bodies, without their parameters."""

from typing import Any


def base_type(media_type: Any) -> str:
    """Return a media type without its parameters."""
    return str(media_type).partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Return whether a media type is that of JSON."""
    return media_type == "application/json" or media_type.endswith("+json")
