"""Choices that the JSON Schema of an argument names: enums, constants and booleans."""

from collections.abc import Iterator
from typing import Any

from django_mcp.schemas.json_schema import JSONSchema


def choices_of(schema: JSONSchema, argument: str) -> Iterator[Any]:
    """Yield the choices of one argument in the schema of all; of a list those of its items."""
    yield from _choices(schema["properties"][argument], schema.get("$defs", {}), set())


def _choices(schema: Any, definitions: JSONSchema, seen: set[str]) -> Iterator[Any]:
    match schema:
        case {"enum": [*values]}:
            yield from values
        case {"const": value}:
            yield value
        case {"type": "boolean"}:
            yield from (True, False)
        case {"type": "array", "items": items}:
            yield from _choices(items, definitions, seen)
        case {"anyOf": [*parts]} | {"oneOf": [*parts]}:
            for part in parts:
                yield from _choices(part, definitions, seen)
        case {"$ref": str(reference)} if reference not in seen:
            # Only what contains itself is left as a reference.
            seen.add(reference)
            yield from _choices(definitions.get(reference.rpartition("/")[2]), definitions, seen)
