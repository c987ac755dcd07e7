"""Whether a project kept a class of this package, or one made from it."""

from collections.abc import Iterable
from typing import Any


def descends_from(found: Any, path: str) -> bool:
    """Whether `found` is the class with that dotted path, or a subclass of it."""
    ancestors = found.__mro__ if isinstance(found, type) else ()
    return path in {f"{each.__module__}.{each.__qualname__}" for each in ancestors}


def one_descends_from(found: Iterable[Any], *paths: str) -> bool:
    """Whether one of the classes does, from one of the paths."""
    return any(descends_from(each, path) for each in found for path in paths)
