"""Which types bring code of their own into validation."""

from typing import Any

from pydantic import TypeAdapter

WITH_CODE = ("model", "dataclass", "call")
"""Kinds of schemas whose initialisers and default factories are the author's."""


def runs_validators(adapter: TypeAdapter[Any]) -> bool:
    """Whether validating may run code of the tool's author, which may do anything."""
    return _has_code(adapter.core_schema)


def _has_code(schema: Any) -> bool:
    match schema:
        case {"type": str(kind)} if kind in WITH_CODE or kind.startswith("function-"):
            return True
        case dict():
            return any(map(_has_code, schema.values()))
        case list() | tuple():
            return any(map(_has_code, schema))
    return False
