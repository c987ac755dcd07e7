"""Kinds of primitives, and the keys that identify primitives."""

from enum import StrEnum


class Kind(StrEnum):
    """Kind of a primitive, as stored and shown: with its name it identifies the primitive."""

    TOOL = "tool"
    RESOURCE = "resource"
    PROMPT = "prompt"


Key = tuple[str, str]
"""Kind and name, which identify a primitive; rows may hold kinds that the code does not know."""

_positions = {kind.value: position for position, kind in enumerate(Kind)}


def sort_key(key: Key) -> tuple[int, Key]:
    """Return the key that sorts tools before resources before prompts, each by name."""
    return _positions.get(key[0], len(_positions)), key
