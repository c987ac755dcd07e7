"""Text that every database can store."""


def storable_text(value: str, limit: int) -> str:
    """At most `limit` characters of `value`, without those that PostgreSQL refuses to store."""
    return value[:limit].replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
