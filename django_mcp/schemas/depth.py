"""Depth of JSON values, measured without recursion."""

from collections.abc import Iterable, Mapping
from typing import Any


def is_nested_deeper(value: Any, limit: int) -> bool:
    """Return whether arrays and objects stand inside one another on more than so many levels."""
    level = _containers([value])
    for _level in range(limit):
        if not level:
            return False
        level = _containers(item for each in level for item in _items(each))
    return bool(level)


def place_beyond(value: Any, limit: int) -> tuple[int | str, ...]:
    """Return the place of the first array or object that lies deeper than so many levels."""
    level: list[tuple[tuple[int | str, ...], Any]] = [((), value)]
    for _level in range(limit):
        level = [
            ((*place, step), item)
            for place, each in level
            for step, item in (each.items() if isinstance(each, Mapping) else enumerate(each))
            if isinstance(item, dict | list)
        ]
    return level[0][0]


def _containers(values: Iterable[Any]) -> list[Any]:
    return [each for each in values if isinstance(each, dict | list)]


def _items(container: Any) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container
