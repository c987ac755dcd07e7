"""Examples in messages: a few names of many."""

from collections.abc import Sequence

MOST = 3
"""Names in a message."""


def examples(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are; empty for none."""
    more = len(names) - MOST
    return ", ".join(names[:MOST]) + (f" and {more} more" if more > 0 else "")
