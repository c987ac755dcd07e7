"""Text that every database can store."""


def storable_text(value: str, limit: int) -> str:
    """Return at most `limit` characters of `value`, without those that PostgreSQL refuses."""
    return value[:limit].replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
