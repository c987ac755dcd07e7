"""Calls that pass while the cache that counts for limits is away."""

from django_mcp.conf import settings
from django_mcp.primitives.primitive import Primitive


def passes_uncounted(primitive: Primitive | None) -> bool:
    """Return whether calls of it pass while the cache cannot count them, as the project has set.

    One of an unknown name counts as a read: it changes nothing.
    """
    if settings.RATES_FAIL_OPEN == "reads":
        return primitive is None or primitive.read_only
    return settings.RATES_FAIL_OPEN == "all"
