"""Subclass tests by dotted path, which import neither the class nor its package."""

from collections.abc import Iterable
from typing import Any


def descends_from(found: Any, path: str) -> bool:
    """Return whether `found` is the class with that dotted path, or a subclass of it."""
    ancestors = found.__mro__ if isinstance(found, type) else ()
    return path in {f"{each.__module__}.{each.__qualname__}" for each in ancestors}


def one_descends_from(found: Iterable[Any], *paths: str) -> bool:
    """Return whether one of the classes is that of one of the paths, or a subclass of it."""
    return any(descends_from(each, path) for each in found for path in paths)
